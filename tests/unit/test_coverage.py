"""Coverage: the rules of admission at their edges, and the panel against a slow one written from the rules."""

from collections import defaultdict
from datetime import date

import ibis
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import MissingData
from analysis.panels import coverage

QUARTER = 7800
NEEDED = (31_200, 46_800, 62_400)
NEW_RULES = 12 * 2012 + 10
few = settings(max_examples=4, derandomize=True, deadline=None)


def month(year, number):
    """Months since year 0 of a year and a month from 1 to 12."""
    return 12 * year + number - 1


def contract(at, days, **more):
    """A contract of one calendar day that counts for `days` admissible days, in hours of a week of 38."""
    start = date(at // 12, at % 12 + 1, 10)
    hours = -(-round(100 * days) * 38 // 6) / 100
    return {"start_on": start, "end_on": start, "days": 1.0, "hours": hours, **more}


def quarters(until, days):
    """(month, days): 78 days a quarter, the last in the month `until`, until they are `days` in all."""
    return [(until - 3 * n, min(days - 78 * n, 78)) for n in range(-(-days // 78))]


def history(until, days):
    return [contract(at, n) for at, n in quarters(until, days)]


def panels_of_people(panels_of, people, years=(1998, 2016)):
    """The panels of one worker per (year of birth, contracts): workers 0, 1, 2 …"""
    rows = [{**row, "worker_id": n} for n, (_, contracts) in enumerate(people) for row in contracts]
    return panels_of(rows, years, workers=[{"worker_id": n, "birth_year": born} for n, (born, _) in enumerate(people)])


def judged(panels_of, people, **options):
    """One {month: row of the panel} per (year of birth, contracts)."""
    found = [{} for _ in people]
    for row in panels_of_people(panels_of, people, **options).coverage_month.execute().itertuples():
        found[row.worker_id][row.month] = row
    return found


JUNE = month(2014, 6)


def in_june(panels_of, cases, contracts):
    """{case: the row of June 2014} for cases that begin with an age; `contracts` makes the contracts of a case."""
    people = [(2014 - case[0], contracts(*case[1:])) for case in cases]
    return {case: seen[JUNE] for case, seen in zip(cases, judged(panels_of, people), strict=True)}


def test_days_of_each_class(panels_of):
    cases = {(30, 311): 100, (30, 312): 0, (36, 312): 15_600, (40, 467): 100, (40, 468): 0, (50, 468): 15_600,
             (55, 623): 100, (55, 624): 0, (35, 312): 0, (49, 468): 0}
    rows = in_june(panels_of, cases, lambda days: history(JUNE, days))
    assert {case: row.short_100 for case, row in rows.items()} == cases
    assert {case: row.covered for case, row in rows.items()} == {case: lack == 0 for case, lack in cases.items()}


LATE = {468: (29, 26, 23, 3, 0), 624: (38, 35, 32, 29, 6, 3, 0)}     # months before June: too few for the own class


def test_a_younger_class_may_meet_the_rule_of_an_older_one(panels_of):
    cases = {(30, 468, 32, 78): True, (30, 468, 32, 77): False, (30, 468, 33, 78): False,
             (30, 624, 41, 78): True, (30, 624, 41, 77): False, (30, 624, 42, 78): False,
             (40, 624, 41, 78): True, (40, 624, 41, 77): False, (40, 624, 42, 78): False}
    rows = in_june(panels_of, cases, lambda days, first, last: [
        contract(JUNE - first, last), *(contract(JUNE - back, 78) for back in LATE[days])])
    assert {case: row.covered for case, row in rows.items()} == cases
    assert {case: row.short_100 == 0 for case, row in rows.items()} == cases


def test_edges_of_the_windows(panels_of):
    """The first contract lies in the first month of the window, or in the month before it."""
    cases = [(age, days, window, back) for age, days, window in ((30, 312, 21), (40, 468, 33), (55, 624, 42))
             for back in (0, 1)]
    rows = in_june(panels_of, cases, lambda days, window, back: [
        contract(JUNE - window + 1 - back, 78), *history(JUNE, days - 78)])
    for (_age, days, window, back), row in rows.items():
        sums = {21: row.short_window_100, 33: row.middle_window_100, 42: row.long_window_100}
        assert row.covered is (back == 0)
        assert sums[window] == 100 * days - QUARTER * back


def test_windows_are_longer_from_november_2012_on(panels_of):
    october, november = month(2012, 10), month(2012, 11)
    cases = [(age, days, old, new, first) for age, days, old, new in ((30, 312, 18, 21), (40, 468, 27, 33),
                                                                      (55, 624, 36, 42))
             for first in range(november - new, october - old + 2)]
    people = [(2012 - age, [contract(first, 78), *history(october, days - 78)]) for age, days, _, _, first in cases]
    for (_, _, old, new, first), seen in zip(cases, judged(panels_of, people), strict=True):
        assert seen[october].covered is (first > october - old)
        assert seen[november].covered is (first > november - new)


def test_a_career_of_ten_years(panels_of):
    """Days in the window and days before it, so far back that no window reaches them."""
    cases = {(40, 234, 1560): True, (40, 233, 1560): False, (40, 234, 1559): False,
             (55, 312, 1560): True, (55, 311, 1560): False, (55, 312, 1559): False, (30, 234, 1560): False,
             (40, 312, 1248): True, (40, 312, 1247): False, (40, 400, 544): True, (40, 400, 543): False,
             (40, 467, 8): True, (40, 467, 7): False, (40, 311, 1500): False,
             (55, 416, 1559): False, (55, 560, 512): True, (55, 560, 511): False, (55, 417, 1556): False}
    rows = in_june(panels_of, cases, lambda inside, before: history(JUNE, inside) + history(JUNE - 42, before))
    assert {case: row.covered for case, row in rows.items()} == cases
    assert all(row.short_100 > 0 for row in rows.values())


def test_edges_of_the_ten_years(panels_of):
    """78 of the 1,560 days lie in the first of the 120 months before the window, or in the month before."""
    cases = {(age, inside, window, back): back == 0 for age, inside, window in ((40, 234, 33), (55, 312, 42))
             for back in (0, 1)}
    rows = in_june(panels_of, cases, lambda inside, window, back: [
        *history(JUNE, inside), *history(JUNE - 42, 1560 - 78), contract(JUNE - window - 119 - back, 78)])
    assert {case: row.covered for case, row in rows.items()} == cases


def test_birthdays(panels_of):
    """In 2014 one becomes 36, the other 50, on a day that is not known: in that year both classes are possible."""
    people = [(born, history(month(y, 12), days)) for born, days in ((1978, 312), (1964, 468))
              for y in (2013, 2014, 2015)]
    rows = [seen[month(y, 12)] for seen, y in zip(judged(panels_of, people), 2 * (2013, 2014, 2015), strict=True)]
    assert [row.covered for row in rows] == 2 * [True, False, False]
    assert [row.short_100 for row in rows] == 2 * [0, 15_600, 15_600]
    assert [row.age for row in rows] == [35, 36, 37, 49, 50, 51]


def test_fully_employed_elsewhere(panels_of):
    """From the first month on, one day of work and the rest of each quarter elsewhere: 26 days a month.

    In the year of a birthday, and without a year of birth that can be one, the younger class is enough.
    """
    first = month(2014, 1)
    months = {1979: 12, 1978: 12, 1977: 18, 1965: 18, 1964: 24, None: 12, 2050: 12, 1850: 12}
    people = [(born, [contract(first, 1)]) for born in months]
    for seen, n in zip(judged(panels_of, people), months.values(), strict=True):
        assert min(m for m, row in seen.items() if row.covered_upper) == first + n - 1
        assert all(row.covered_upper for m, row in seen.items() if m >= first + 23)
        assert not any(row.covered for row in seen.values())


def test_without_a_year_of_birth_the_rules_of_every_class_must_be_met(panels_of):
    cases = [(born, days) for born in (None, 1850, 2050) for days in (468, 623, 624)]
    for (_, days), seen in zip(cases, judged(panels_of, [(b, history(JUNE, d)) for b, d in cases]), strict=True):
        assert seen[JUNE].covered is (days == 624)
        assert seen[JUNE].short_100 == 100 * (624 - days)
        assert seen[JUNE].age is None


def test_the_panel_runs_from_the_first_month_with_work_to_the_end_of_the_scope(panels_of):
    seen = judged(panels_of, [(None, [contract(JUNE, 10)]), (1980, [contract(JUNE + 5, 0.5)])])
    assert [sorted(months) for months in seen] == [[*range(first, month(2017, 1))] for first in (JUNE, JUNE + 5)]


# -- a slow panel ----------------------------------------------------------------------------------------------

def possible(at, born):
    """The classes of age that the worker may belong to in a month."""
    age = -1 if born is None else at // 12 - born
    return {sum(a >= limit for limit in (36, 50)) for a in (age - 1, age)} if 0 <= age <= 120 else {0, 1, 2}


def windows(at):
    return (21, 33, 42) if at >= NEW_RULES else (18, 27, 36)


def total(days, at, length, skip=0):
    return sum(days.get(m, 0) for m in range(at - skip - length + 1, at - skip + 1))


def met(days, at, k):
    """Whether the rules of class k (0, 1, 2) are met, in hundredths of days by month."""
    spans = windows(at)
    if any(total(days, at, spans[n]) >= NEEDED[n] for n in range(k, 3)):
        return True
    inside, before = total(days, at, spans[k]), total(days, at, 120, spans[k])
    return k > 0 and (
        (2 * inside >= NEEDED[k] and before >= 156_000)
        or (3 * inside >= 2 * NEEDED[k] and before >= 8 * (NEEDED[k] - inside)))


def slow(rows, born, years):
    """{month: the columns of the panel} of one worker."""
    counted, left, days = defaultdict(int), defaultdict(lambda: QUARTER), {}
    for row in rows:
        counted[12 * row["start_on"].year + row["start_on"].month - 1] += round(100 * row["hours"]) * 6 // 38
    for at, n in sorted(counted.items()):
        days[at] = min(n, left[at // 3])
        left[at // 3] -= days[at]
    first, end = min(days), 12 * years[1] + 12
    full = {m: days.get(m, 0) + left[m // 3] * (m % 3 + 1) // 3 - left[m // 3] * (m % 3) // 3
            for m in range(first, end)}
    found = {}
    for at in range(first, end):
        classes, spans = possible(at, born), windows(at)
        gaps = [need - total(days, at, span) for need, span in zip(NEEDED, spans, strict=True)]
        found[at] = (days.get(at, 0), *(total(days, at, span) for span in spans),
                     all(met(days, at, k) for k in classes), any(met(full, at, k) for k in classes),
                     max(0, *(min(gaps[k:]) for k in classes)))
    return found


COLUMNS = ("admissible_100", "short_window_100", "middle_window_100", "long_window_100", "covered", "covered_upper",
           "short_100")
BORN = st.sampled_from([None, 1950, 1955, 1963, 1969, 1974, 1985, 1999])
SPARSE = st.lists(st.tuples(st.integers(0, 191), st.sampled_from([5, 26, 40, 78, 78, 78])), min_size=1, max_size=60)
BUSY = st.builds(
    lambda offset, full: [(offset + 3 * n, days) for n, days in enumerate(full) if days] or [(0, 1)],
    st.integers(0, 11), st.lists(st.sampled_from([0, 20, 60, 78, 78, 78]), min_size=55, max_size=60))
PEOPLE = st.lists(st.tuples(BORN, SPARSE | BUSY), min_size=8, max_size=12)


@few
@given(PEOPLE)
def test_the_panel_follows_the_rules(panels_of, drawn):
    years = (2001, 2016)
    people = [(born, [contract(month(2001, 1) + at, days) for at, days in work]) for born, work in drawn]
    for (born, rows), seen in zip(people, judged(panels_of, people, years=years), strict=True):
        assert {m: tuple(getattr(row, c) for c in COLUMNS) for m, row in seen.items()} == slow(rows, born, years)
        assert all(row.covered_upper or not row.covered for row in seen.values())
        assert all(row.covered or row.short_100 for row in seen.values())


def test_ranges_of_workers_give_the_panel_of_all(panels_of, monkeypatch):
    people = [(None, [contract(JUNE + n + m, 10 * n + 5) for m in range(3)]) for n in range(5)]
    whole = panels_of_people(panels_of, people).coverage_month.execute()
    monkeypatch.setattr("analysis.panels.panels.CONTRACTS_AT_ONCE", 4)
    cut = panels_of_people(panels_of, people)
    assert len(cut.ranges) > 1
    keys = ["worker_id", "month"]
    assert cut.coverage_month.execute().sort_values(keys, ignore_index=True).equals(
        whole.sort_values(keys, ignore_index=True))


# -- the rules of artists --------------------------------------------------------------------------------------

def artistic(at, days):
    """An artistic contract by time: its days count as those of any other."""
    return contract(at, days, artistic=True)


def artists(panels_of, people, years=(2010, 2024)):
    """{(worker, month): row} for lists of contracts."""
    panels = panels_of_people(panels_of, [(None, rows) for rows in people], years)
    return {(row.worker_id, row.month): row for row in coverage.artist_month(panels).execute().itertuples()}


def test_days_that_keep_the_rate(panels_of):
    cases = {(104, 52): True, (103, 53): False, (104, 51): False, (156, 0): True, (155, 0): False}
    seen = artists(panels_of, [
        [artistic(at, days) for at, days in quarters(JUNE, art)]
        + [contract(at, days, artistic=False) for at, days in quarters(JUNE - 6, other)] for art, other in cases])
    assert [seen[n, JUNE].kept_rate for n in range(len(cases))] == list(cases.values())
    assert seen[0, JUNE].allowance is None


def test_the_rule_of_the_rate_has_its_dates_and_its_window(panels_of):
    seen = artists(panels_of, [[artistic(month(2013, 12), 78), artistic(month(2014, 1), 78)]])
    months = (month(2014, 3), month(2014, 4), month(2015, 5), month(2015, 6), month(2022, 9), month(2022, 10))
    assert [seen[0, m].kept_rate for m in months] == [None, True, True, False, False, None]
    assert [seen[0, m].artistic for m in (month(2013, 12), month(2014, 3))] == [True, False]


def test_the_allowance_counts_gross_pay_of_any_work_by_the_reference_fee(panels_of):
    """156 days at 72.27 euro (August to October 2022) in two quarters, half of them not artistic; or a cent less."""
    august, october = month(2022, 8), month(2022, 10)
    seen = artists(panels_of, [
        [contract(august, 1, gross_cents=78 * 7_227, artistic=True),
         contract(october, 1, gross_cents=78 * 7_227 - less, artistic=False)] for less in (0, 1)])
    months = (month(2022, 9), october, month(2024, 7), month(2024, 8))
    assert [seen[0, m].allowance for m in months] == [None, True, True, False]
    assert [seen[1, m].allowance for m in months] == [None, False, False, False]


def test_workers_without_artistic_work_are_no_artists(panels_of):
    seen = artists(panels_of, [[artistic(JUNE, 1)], [contract(JUNE, 1, artistic=False)], [contract(JUNE, 1)]])
    assert {worker for worker, _ in seen} == {0}


def test_a_dataset_that_does_not_say_what_is_artistic(panels_of):
    with pytest.raises(MissingData, match="artistic"):
        coverage.artist_month(panels_of([contract(JUNE, 1)], (2013, 2016)))


# -- every engine ----------------------------------------------------------------------------------------------

class SparkOptions(ibis.config.Config):
    """What the compiler asks of Spark's options, which only an installed Spark sets."""

    treat_nan_as_null: bool = False


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "pyspark"])
@pytest.mark.parametrize("name", ["coverage_month", "artist_month"])
def test_compiles_for_every_engine(panels_of, monkeypatch, name, dialect):
    monkeypatch.setattr(ibis.expr.types.Table, "cache", lambda table: table)
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())
    panels = panels_of([artistic(JUNE, 1)], (2013, 2016))
    assert "SELECT" in ibis.to_sql(getattr(coverage, name)(panels), dialect=dialect)
