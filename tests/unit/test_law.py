"""The legal tables are in order, every source exists, and the arithmetic gives the published numbers."""

from datetime import date
from pathlib import Path

import pytest
from pybtex.database import parse_file

from analysis import law
from analysis.errors import StudyError
from analysis.law.payslip import PayRules, invoice_to_net

BIBLIOGRAPHY = Path(__file__).parents[2] / "book" / "references.bib"
KEYS = {
    "admission_rules": ["valid_from", "rule", "age_min"],
    "anchors": ["name"],
    "artist_rules": ["rule", "valid_from"],
    "client_costs": ["name"],
    "employer_rates": ["item", "category", "valid_from"],
    "health_index": ["year", "month"],
    "labour_market": ["series", "year"],
    "living_standards": ["name", "year"],
    "legal_holidays": ["date", "name"],
    "minimum_wage": ["valid_from"],
    "municipalities": ["nis"],
    "other_rights": ["right"],
    "professions": ["code"],
    "rates": ["name"],
    "regime_dates": ["date", "name"],
    "risks": ["question"],
    "smart_size": ["year", "kind", "territory", "source"],
    "student_quota": ["valid_from"],
}


@pytest.fixture(scope="module")
def sources():
    return set(parse_file(BIBLIOGRAPHY).entries)


def test_every_table_has_a_declared_key():
    assert law.names() == sorted(KEYS)


@pytest.mark.parametrize("name", KEYS)
def test_keys_are_unique_and_complete(name):
    keys = law.table(name)[KEYS[name]]
    assert not keys.duplicated().any()
    assert keys.notna().all(axis=None)


@pytest.mark.parametrize("name", KEYS)
def test_every_row_has_a_known_source_and_an_evidence_grade(name, sources):
    frame = law.table(name)
    assumed = frame["source"] == "assumption"
    assert set(frame.loc[~assumed, "source"]) <= sources
    assert set(frame.loc[assumed, "evidence"]) <= {"to verify"}
    assert set(frame["evidence"]) <= {"sourced", "derived", "to verify"}


@pytest.mark.parametrize(
    ("name", "column"),
    [("minimum_wage", "valid_from"), ("regime_dates", "date"), ("student_quota", "valid_from")],
)
def test_dated_tables_are_in_the_order_of_time(name, column):
    assert law.table(name)[column].is_monotonic_increasing


@pytest.mark.parametrize(
    ("name", "by"),
    [("admission_rules", ["rule", "age_min"]), ("artist_rules", ["rule"]), ("employer_rates", ["item", "category"])],
)
def test_periods_of_one_rule_follow_each_other_without_gap(name, by):
    for _, periods in law.table(name).groupby(by):
        ends = periods["valid_to"].iloc[:-1]
        starts = periods["valid_from"].iloc[1:]
        assert [(start - end).days for start, end in zip(starts, ends, strict=True)] == [1] * len(ends)


def test_a_table_is_a_copy():
    frame = law.table("professions")
    frame.loc[0, "code"] = "changed"
    assert "changed" not in set(law.table("professions")["code"])


def test_types_of_the_tables():
    assert law.table("minimum_wage")["valid_from"].dtype.kind == "M"
    assert law.table("labour_market")["break"].dtype == bool
    assert law.table("professions").set_index("code")["artistic"].isna()["photographer"]
    assert law.table("municipalities")["nis"].tolist() == [str(nis) for nis in range(21001, 21020)]


def test_minimum_wage_changes_on_its_date():
    assert law.minimum_wage("2018-08-31") == 156259
    assert law.minimum_wage(date(2018, 9, 1)) == 159381
    assert law.minimum_hourly(date(2018, 9, 1)) == pytest.approx(9.6790, abs=5e-5)
    assert law.minimum_daily(date(2012, 12, 1)) == pytest.approx(69.31, abs=5e-3)


def test_minimum_wage_never_falls():
    assert law.table("minimum_wage")["monthly_eur"].is_monotonic_increasing


def test_health_index_is_complete_and_based_on_2013():
    assert len(law.table("health_index")) == 26 * 12
    assert sum(law.health_index(2013, month) for month in range(1, 13)) / 12 == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize(
    ("year", "mean"), [(2001, 78.88), (2007, 87.59), (2012, 98.77), (2019, 108.92), (2025, 135.58)]
)
def test_health_index_has_the_published_yearly_means(year, mean):
    assert sum(law.health_index(year, month) for month in range(1, 13)) / 12 == pytest.approx(mean, abs=0.006)


def test_deflator_turns_a_month_into_the_prices_of_the_base_year():
    assert law.deflator(2013, 6, 2013) == pytest.approx(1, abs=0.005)
    assert law.deflator(2001, 1, 2013) == pytest.approx(100 / 77.50, abs=1e-4)


@pytest.mark.parametrize(
    ("year", "index"), [(2000, 100), (2007, 101.5), (2012, 103.7), (2020, 102.5), (2025, 108.2)]
)
def test_real_minimum_wage_follows_prices(year, index):
    assert law.real_minimum_wage().set_index("year")["index"][year] == pytest.approx(index, abs=0.06)


def index_of(year):
    return sum(law.health_index(year, month) for month in range(1, 13)) / 12


def test_a_living_standard_is_the_published_one_or_follows_prices():
    assert law.living_standard("poverty_line", 2012) == 12900
    assert law.living_standard("poverty_line", 2013) == pytest.approx(12900 * index_of(2013) / index_of(2012))
    assert law.living_standard("poverty_line", 2001) == pytest.approx(9400 * index_of(2001) / index_of(2003))
    assert law.living_standard("full_time_median", 2020) == pytest.approx(3053 * index_of(2020) / index_of(2016))


@pytest.mark.parametrize(
    "ask",
    [
        lambda: law.living_standard("poverty_lines", 2010),
        lambda: law.minimum_wage("1999-05-31"),
        lambda: law.minimum_wage("2026-01-01"),
        lambda: law.health_index(1999, 12),
        lambda: law.deflator(2010, 1, 2031),
        lambda: law.table("minimum_wages"),
    ],
)
def test_what_the_tables_do_not_know_is_an_error(ask):
    with pytest.raises(StudyError):
        ask()


def test_breaks_of_the_labour_force_survey_are_flagged():
    frame = law.table("labour_market")
    survey = frame[frame["series"] != "agency-hours"]
    assert set(survey.loc[survey["break"], "year"]) == {1999, 2001, 2005, 2011, 2017, 2021}
    assert not frame.loc[frame["series"] == "agency-hours", "break"].any()


def test_payslip_gives_the_worked_example():
    amounts = invoice_to_net(50000).set_index("step")["amount_cents"]
    assert amounts.to_dict() == {
        "Client pays, VAT included": 60500,
        "Price": 50000,
        "Fee of Smart": 3250,
        "Left for labour": 46750,
        "Margin on the employment budget": 2852,
        "Left for pay and employer charges": 43898,
        "Employer contributions and insurances": 9333,
        "Gross pay, holiday pay included": 34565,
        "of which base gross": 29968,
        "Employee contributions": 4518,
        "Taxable pay": 30047,
        "Withholding tax": 3338,
        "Net pay": 26709,
    }


@pytest.mark.parametrize("price", [1, 99, 12345, 10**9])
def test_payslip_accounts_for_every_cent(price):
    cents = invoice_to_net(price).set_index("step")["amount_cents"]
    parts = ["Fee of Smart", "Margin on the employment budget", "Employer contributions and insurances",
             "Employee contributions", "Withholding tax", "Net pay"]
    assert cents[parts].sum() == price


def test_without_any_charge_the_worker_gets_the_price():
    free = PayRules(fee=0, margin=0, contributions=0, exit_holiday=0, employee=0, withholding=0, vat=0)
    shares = invoice_to_net(50000, free).set_index("step")["share_of_price"]
    assert shares["Net pay"] == shares["Price"] == shares["Client pays, VAT included"] == 1


def test_reference_fees_are_the_steps_of_their_rule():
    fees = law.reference_fees()
    assert [day for day, _ in fees] == sorted(day for day, _ in fees)
    assert fees[:2] == [(date(2001, 1, 1), 3921), (date(2014, 4, 1), 5776)]


@pytest.mark.parametrize(("day", "age", "own"), [
    ("2012-10-31", 35, (312, 18)), ("2012-11-01", 35, (312, 21)),
    ("2012-10-31", 36, (468, 27)), ("2012-11-01", 49, (468, 33)),
    ("2012-10-31", 50, (624, 36)), ("2012-11-01", 66, (624, 42)),
    ("1995-01-01", 20, (312, 18)), ("2025-12-31", 20, (312, 21))])
def test_admission_by_date_and_age(day, age, own):
    rules = law.admission(day, age)
    assert rules[0].rule == "own class" and [r.rule for r in rules].count("own class") == 1
    assert (rules[0].days, rules[0].window_months) == own
    assert set(rules) <= set(law.admission_rules())


def ways(day, age):
    """The rules as (days, months, days and months of the career, days per missing day, up to)."""
    return {(r.days, r.window_months, r.career_days, r.career_months, r.per_missing_day, r.target_days)
            for r in law.admission(day, age)}


def test_alternatives_of_the_leaflet():
    day = date(2013, 6, 1)
    assert ways(day, 30) == {(312, 21, 0, 0, 0, 0), (468, 33, 0, 0, 0, 0), (624, 42, 0, 0, 0, 0)}
    assert ways(day, 40) == {(468, 33, 0, 0, 0, 0), (624, 42, 0, 0, 0, 0), (234, 33, 1560, 120, 0, 0),
                             (312, 33, 0, 120, 8, 468)}
    assert ways(day, 55) == {(624, 42, 0, 0, 0, 0), (312, 42, 1560, 120, 0, 0), (416, 42, 0, 120, 8, 624)}


def test_what_was_not_read_in_a_document_is_an_assumption():
    rules = law.table("admission_rules")
    early = rules[rules["valid_from"] < "2012-11-01"]
    assert set(early.loc[early["rule"] != "own class", "source"]) == {"assumption"}
    assert {rule for rule, _ in rules.loc[rules["evidence"] == "sourced"].groupby("rule")} == {"own class"}


def test_a_fully_employed_worker_meets_the_own_class_before_its_window_has_passed():
    """Whoever has 78 days in every quarter: `covered_upper` rests on it. Two quarters can be cut by the window."""
    quarter = law.rate("admissible_quarter")
    for rule in law.admission_rules():
        assert rule.days <= quarter * (rule.window_months // 3 - 2) or rule.rule != "own class"


def test_rules_of_artists():
    kept, share = law.artist_rule("protection_days"), law.artist_rule("protection_artistic_days")
    assert (kept.value, share.value, kept.window_months, share.window_months) == (156, 104, 18, 18)
    assert (kept.since, kept.until) == (share.since, share.until) == (date(2014, 4, 1), date(2022, 9, 30))
    allowance = law.artist_rule("allowance_days")
    assert (allowance.value, allowance.window_months, allowance.since) == (156, 24, date(2022, 10, 1))
    for unknown in ("protection", "reference_fee"):
        with pytest.raises(StudyError, match="artist rule"):
            law.artist_rule(unknown)
