"""Panels: nothing is lost between contracts, months and years, and each row is where the rules put it."""

from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analysis import law
from analysis.errors import MissingData, StudyError

YEARS = (2003, 2006)
AMOUNTS = ("days_100", "hours_100", "gross_cents")
DAY = timedelta(days=1)


def contract(start, length, days=100, hours=None, gross=0, worker=1, client=1):
    """A contract of `length` calendar days, with days and hours in hundredths and pay in cents."""
    return {"start_on": start, "end_on": start + (length - 1) * DAY, "days": days / 100, "gross_cents": gross,
            "hours": None if hours is None else hours / 100, "worker_id": worker, "client_id": client}


CONTRACTS = st.lists(
    st.builds(contract, start=st.dates(date(2003, 1, 1), date(2005, 10, 31)), length=st.integers(1, 426),
              days=st.integers(1, 30_000), hours=st.none() | st.integers(1, 200_000), gross=st.integers(0, 9_999_999),
              worker=st.integers(1, 4), client=st.integers(1, 3)),
    min_size=1, max_size=20)
LEAP_DAY = [contract(date(2004, 2, 29), 1, 33, 250, 10_001)]
MONTH_ENDS = [contract(date(2004, 1, 31), 30, 101, None, 99_999), contract(date(2003, 12, 31), 2, 1, 1, 1)]
LONG = [contract(date(2003, 12, 31), 426, 29_999, 199_999, 9_999_999)]
few = settings(max_examples=8, derandomize=True, deadline=None)


def totals(row):
    hours = None if row["hours"] is None else round(100 * row["hours"])
    return dict(zip(AMOUNTS, (round(100 * row["days"]), hours, row["gross_cents"]), strict=True))


def by_month(row):
    """{month since year 0: {amount: share}}, from the formula, counting calendar days one at a time."""
    length = (row["end_on"] - row["start_on"]).days + 1
    until = {}
    for c in range(1, length + 1):
        day = row["start_on"] + (c - 1) * DAY
        until[12 * day.year + day.month - 1] = c
    shares, before = {}, 0
    for month, c in until.items():
        shares[month] = {a: None if x is None else x * c // length - x * before // length
                         for a, x in totals(row).items()}
        before = c
    return shares


def added(values):
    """The sum of what is known, None where nothing is."""
    known = [v for v in values if v is not None]
    return sum(known) if known else None


def rows_of(frame, columns):
    """The rows of a frame as tuples of plain numbers, None for null."""
    return [tuple(None if v != v else v for v in row) for row in frame[list(columns)].itertuples(index=False)]


def worker_months(rows):
    """{(worker, month): its cells}, from the monthly shares of every contract."""
    cells = defaultdict(list)
    for n, row in enumerate(rows):
        for month, share in by_month(row).items():
            cells[row["worker_id"], month].append({**share, "contract": n, "client": row["client_id"]})
    return cells


@few
@given(CONTRACTS)
@example(LEAP_DAY)
@example(MONTH_ENDS)
@example(LONG)
def test_months_of_a_contract_add_up_to_it(panels_of, rows):
    months = panels_of(rows, YEARS).contract_month.execute()
    sums = months.groupby("contract_id")[list(AMOUNTS)].sum(min_count=1)
    assert rows_of(sums.sort_index(), AMOUNTS) == [tuple(totals(row).values()) for row in rows]


@few
@given(CONTRACTS)
@example(LEAP_DAY)
@example(MONTH_ENDS)
@example(LONG)
def test_each_month_has_its_cumulative_floor(panels_of, rows):
    months = panels_of(rows, YEARS).contract_month.execute().sort_values(["contract_id", "month"])
    expected = [(n, row["worker_id"], row["client_id"], month, *share.values())
                for n, row in enumerate(rows) for month, share in by_month(row).items()]
    assert rows_of(months, ("contract_id", "worker_id", "client_id", "month", *AMOUNTS)) == expected


@few
@given(CONTRACTS)
def test_worker_months_are_sums_of_their_contracts(panels_of, rows):
    months = panels_of(rows, YEARS).worker_month.execute().sort_values(["worker_id", "month"])
    expected = [
        (worker, month, month // 12, *(added(c[a] for c in cells) for a in AMOUNTS), len(cells),
         len({c["client"] for c in cells}))
        for (worker, month), cells in sorted(worker_months(rows).items())]
    assert rows_of(months, ("worker_id", "month", "year", *AMOUNTS, "contracts", "clients")) == expected
    base = sum(law.health_index(YEARS[1], m) for m in range(1, 13)) / 12
    real = [m.gross_cents * base / law.health_index(m.month // 12, m.month % 12 + 1) for m in months.itertuples()]
    assert months["real_cents"].tolist() == pytest.approx(real, rel=1e-12)


@few
@given(CONTRACTS)
def test_worker_years_and_where_they_stand(panels_of, rows):
    years = panels_of(rows, YEARS).worker_year.execute().sort_values(["worker_id", "year"])
    months = defaultdict(list)
    for (worker, month), cells in worker_months(rows).items():
        months[worker, month // 12].append({a: added(c[a] for c in cells) for a in AMOUNTS})
    active = {worker: [y for w, y in months if w == worker] for worker, _ in months}
    expected = []
    for (worker, year), cells in sorted(months.items()):
        sums = [added(c[a] for c in cells) for a in AMOUNTS]
        expected.append((worker, year, *sums, len(cells), True, len(cells) >= 3, sums[0] >= 7500,
                         min(active[worker]) < year < max(active[worker])))
    assert rows_of(years, ("worker_id", "year", *AMOUNTS, "months", "P0", "P1", "P2", "interior")) == expected


@pytest.mark.parametrize(("days", "months", "p1", "p2"), [
    (7500, 2, False, True), (7499, 3, True, False), (7500, 3, True, True), (100, 2, False, False)])
def test_populations_begin_at_three_months_and_75_days(panels_of, days, months, p1, p2):
    year = panels_of([contract(date(2005, 1, 1), 28 * months, days)], YEARS).worker_year.execute()
    assert rows_of(year, ("months", "P1", "P2")) == [(months, p1, p2)]
    panels = panels_of([contract(date(2005, 1, 1), 28 * months, days)], YEARS)
    assert [panels.population(p).count().execute() for p in ("P0", "P1", "P2")] == [1, p1, p2]


def test_a_gap_year_does_not_make_the_years_around_it_entry_or_exit(panels_of):
    rows = [contract(date(year, 5, 1), 10) for year in (2003, 2004, 2006)]
    years = panels_of(rows, YEARS).worker_year.execute().sort_values("year")
    assert rows_of(years, ("year", "interior")) == [(2003, False), (2004, True), (2006, False)]


# -- scope -----------------------------------------------------------------------------------------------------

HOMES = {1: "21001", 2: "21019", 3: "21020", 4: "20999", 5: None}
SEATS = {1: "21009", 2: "62063"}
IN_TOWN, CLIENT_IN_TOWN = {1, 2}, {1}


def regional(panels_of, region, clients=True):
    rows = [contract(date(2005, 3, 1), 5, worker=w, client=c) for w in HOMES for c in SEATS]
    seats = [{"client_id": c, **({"home_nis": nis} if clients else {})} for c, nis in SEATS.items()]
    homes = [{"worker_id": w, "home_nis": nis} for w, nis in HOMES.items()]
    return panels_of(rows, YEARS, region, workers=homes, clients=seats)


@pytest.mark.parametrize(("region", "rule"), [
    ("everywhere", lambda w, c: True),
    ("brussels", lambda w, c: w in IN_TOWN),
    ("brussels-clients", lambda w, c: c in CLIENT_IN_TOWN),
    ("brussels-either", lambda w, c: w in IN_TOWN or c in CLIENT_IN_TOWN)])
def test_regions(panels_of, region, rule):
    seen = regional(panels_of, region).contract_month.execute()
    assert set(rows_of(seen, ("worker_id", "client_id"))) == {(w, c) for w in HOMES for c in SEATS if rule(w, c)}
    assert len(seen) == len(set(seen["contract_id"]))


def test_work_for_an_activity_belongs_to_the_residence_alone(panels_of):
    rows = [{**contract(date(2005, 3, 1), 5, client=None), "activity_id": 7}, contract(date(2005, 3, 1), 5)]
    tables = {"workers": [{"worker_id": 1, "home_nis": "21004"}], "clients": [{"client_id": 1, "home_nis": "21004"}]}
    counts = {r: panels_of(rows, YEARS, r, **tables).contracts.count().execute()
              for r in ("brussels", "brussels-clients", "brussels-either")}
    assert counts == {"brussels": 2, "brussels-clients": 1, "brussels-either": 2}


@pytest.mark.parametrize("region", ["brussels-clients", "brussels-either"])
def test_a_region_of_clients_needs_their_seat(panels_of, region):
    with pytest.raises(MissingData, match="home_nis"):
        regional(panels_of, region, clients=False).contract_month.execute()
    assert regional(panels_of, "brussels", clients=False).contract_month.count().execute() == 4


def test_unknown_names_are_refused_with_the_nearest(panels_of):
    panels = panels_of([contract(date(2005, 3, 1), 5)], YEARS)
    with pytest.raises(StudyError, match="brussels"):
        panels.in_region("brusels").contracts.execute()
    with pytest.raises(StudyError, match="P2"):
        panels.population("P22")


def test_couriers_are_left_out_on_demand(panels_of):
    trades = ("courier", "actor", None)
    panels = panels_of([{**contract(date(2005, 3, 1), 40), "function": trade} for trade in trades], YEARS)
    without = panels.without_couriers()
    assert set(panels.contract_month.execute()["contract_id"]) == {0, 1, 2}
    assert set(without.contract_month.execute()["contract_id"]) == {1, 2}
    assert without.in_region("everywhere").contracts.count().execute() == 2


def test_years_are_cut_to_the_scope_and_keep_their_share(panels_of):
    rows = [contract(date(2004, 12, 17), 30, 100, 3_000, 3_001), contract(date(2005, 12, 31), 2, 100, None, 3),
            contract(date(2004, 5, 1), 20), contract(date(2006, 1, 1), 20)]
    panels = panels_of(rows, (2005, 2005))
    months = panels.contract_month.execute().sort_values(["contract_id", "month"])
    january, december = 12 * 2005, 12 * 2005 + 11
    assert rows_of(months, ("contract_id", "month", *AMOUNTS)) == [
        (0, january, 50, 1_500, 1_501), (1, december, 50, None, 1)]
    assert panels.contracts.count().execute() == 2
    assert rows_of(panels.started.execute(), ("contract_id", "year", "month")) == [(1, 2005, december)]


# -- money -----------------------------------------------------------------------------------------------------

def test_doubled_prices_and_doubled_pay_leave_real_pay_as_it_was(panels_of, monkeypatch):
    def pay(factor):
        rows = [contract(date(year, 1, 1), 365, gross=1_200_000 * (1 if year == 2006 else factor))
                for year in range(2003, 2007)]
        return panels_of(rows, YEARS).worker_month.execute().sort_values("month", ignore_index=True)

    as_it_was, index = pay(1), law.health_index
    monkeypatch.setattr(law, "health_index", lambda year, month: index(year, month) * (1 if year == 2006 else 2))
    doubled = pay(2)
    before = as_it_was["year"] < 2006
    assert doubled.loc[before, "gross_cents"].sum() == 2 * as_it_was.loc[before, "gross_cents"].sum()
    # A cent of a doubled amount can fall in the month before or after.
    assert doubled["real_cents"].tolist() == pytest.approx(as_it_was["real_cents"].tolist(), abs=1.5)
    assert doubled["real_cents"].sum() == pytest.approx(as_it_was["real_cents"].sum(), rel=1e-7)


def test_pay_of_the_last_year_is_worth_itself_on_average(panels_of):
    rows = [contract(date(2006, m, 1), 1, gross=round(100 * law.health_index(2006, m))) for m in range(1, 13)]
    months = panels_of(rows, YEARS).worker_month.execute()
    mean = sum(law.health_index(2006, m) for m in range(1, 13)) / 12
    assert months["real_cents"].tolist() == pytest.approx([100 * mean] * 12, rel=1e-9)


def test_pay_is_counted_where_each_clock_puts_it(panels_of):
    rows = [{**contract(date(2005, 1, 1), 31, gross=1_000), "paid_on": date(2005, 2, 3)},
            {**contract(date(2005, 1, 5), 3, gross=200), "paid_on": date(2005, 2, 28)},
            {**contract(date(2006, 12, 1), 3, gross=50), "paid_on": date(2007, 1, 2)},
            {**contract(date(2005, 1, 5), 3, gross=7), "paid_on": None},
            {**contract(date(2005, 1, 5), 3, worker=2, client=None), "activity_id": 9, "paid_on": None}]
    bills = [{"contract_id": 0, "issued_on": date(2005, 3, 1), "amount_cents": 1_500},
             {"contract_id": 0, "issued_on": date(2005, 3, 31), "amount_cents": -300},
             {"activity_id": 9, "issued_on": date(2005, 4, 1), "amount_cents": 800},
             {"activity_id": 8, "issued_on": date(2005, 4, 1), "amount_cents": 60},
             {"contract_id": 1, "issued_on": date(2007, 1, 1), "amount_cents": 40}]
    bills = [{"invoice_id": n, "client_id": 1, "due_on": date(2007, 2, 1), **bill} for n, bill in enumerate(bills)]
    # The owner of Activity 8 has no contract: nobody of this study.
    accounts = [{"activity_id": n, "owner_id": owner, "opened_on": date(2004, 1, 1)} for n, owner in ((9, 2), (8, 3))]
    panels = panels_of(rows, YEARS, invoices=bills, activities=accounts)
    february, march, april = (12 * 2005 + n for n in (1, 2, 3))
    cash = panels.cash_month.execute()
    assert rows_of(cash, ("worker_id", "month", "year", "gross_cents")) == [(1, february, 2005, 1_200)]
    assert cash["real_cents"].tolist() == pytest.approx([1_200 * law.deflator(2005, 2, 2006)], rel=1e-12)
    billed = panels.invoiced_month.execute().sort_values("worker_id")
    assert rows_of(billed, ("worker_id", "month", "gross_cents")) == [(1, march, 1_200), (2, april, 800)]
    without_accounts = panels_of(rows, YEARS, invoices=bills).invoiced_month.execute()
    assert rows_of(without_accounts, ("worker_id", "month", "gross_cents")) == [(1, march, 1_200)]


# -- what a dataset does not record ----------------------------------------------------------------------------

def test_an_absent_table_is_missing_data(panels_of):
    panels = panels_of([contract(date(2005, 3, 1), 5)], YEARS)
    with pytest.raises(MissingData, match="invoices"):
        panels.invoices.execute()
    with pytest.raises(MissingData, match="invoices"):
        panels.invoiced_month.execute()


@pytest.mark.parametrize("empty", [{}, {"paid_on": None}], ids=["absent", "null"])
def test_an_absent_or_empty_column_is_missing_data(panels_of, empty):
    panels = panels_of([{**contract(date(2005, 3, 1), 5), **empty}], YEARS)
    with pytest.raises(MissingData, match="paid_on"):
        panels.cash_month.execute()


def test_traits(panels_of):
    people = [{"worker_id": 1, "gender": "woman", "joined_on": date(2004, 12, 31)},
              {"worker_id": 2, "gender": None, "joined_on": date(2005, 1, 1)}, {"worker_id": 3, "gender": "man"}]
    panels = panels_of([contract(date(2005, 3, 1), 5, worker=w) for w in (1, 2, 3)], YEARS, workers=people)
    years = panels.worker_year

    def seen(by):
        return sorted(rows_of(panels.with_traits(years, by).execute(), ("worker_id", by)))

    assert panels.with_traits(years, None) is years
    assert seen("gender") == [(1, "woman"), (3, "man")]
    assert seen("cohort") == [(1, "2000–"), (2, "2005–")]
    with pytest.raises(MissingData, match="education"):
        panels.with_traits(years, "education")
