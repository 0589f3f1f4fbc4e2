"""Panels: nothing is lost between contracts, months and years, and each row is where the rules put it."""

import csv
from calendar import monthrange
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path

import ibis
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from analysis import law
from analysis.errors import MissingData, StudyError
from analysis.panels import chains

YEARS = (2003, 2006)
AMOUNTS = ("days_100", "hours_100", "gross_cents")
DAY = timedelta(days=1)


def contract(start, length, days=100, hours=None, gross=0, worker=1, client=1):
    """A contract of `length` calendar days, with days and hours in hundredths and pay in cents."""
    return {"start_on": start, "end_on": start + (length - 1) * DAY, "days": days / 100, "gross_cents": gross,
            "hours": None if hours is None else hours / 100, "worker_id": worker, "client_id": client}


CONTRACT = st.builds(
    contract, start=st.dates(date(2003, 1, 1), date(2005, 10, 31)), length=st.integers(1, 426),
    days=st.integers(1, 30_000), hours=st.none() | st.just(0) | st.integers(1, 200_000),
    gross=st.integers(0, 9_999_999), worker=st.integers(1, 4), client=st.integers(1, 3))
CONTRACTS = st.lists(CONTRACT, min_size=1, max_size=20)
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
    """The rows of a frame as tuples of plain numbers and dates, None for null."""
    def plain(value):
        if value != value:
            return None
        return value.date() if isinstance(value, datetime) else value

    return [tuple(map(plain, row)) for row in frame[list(columns)].itertuples(index=False)]


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

@pytest.mark.parametrize(("length", "cents"), [(365, 1.5), (1, 1e-9)], ids=["over the year", "within a month"])
def test_doubled_prices_and_doubled_pay_leave_real_pay_as_it_was(panels_of, monkeypatch, length, cents):
    """V-10."""
    def pay(factor):
        rows = [contract(date(year, 1, 1), length, gross=1_200_000 * (1 if year == 2006 else factor))
                for year in range(2003, 2007)]
        return panels_of(rows, YEARS).worker_month.execute().sort_values("month", ignore_index=True)

    as_it_was, index = pay(1), law.health_index
    monkeypatch.setattr(law, "health_index", lambda year, month: index(year, month) * (1 if year == 2006 else 2))
    doubled = pay(2)
    before = as_it_was["year"] < 2006
    assert doubled.loc[before, "gross_cents"].sum() == 2 * as_it_was.loc[before, "gross_cents"].sum()
    # Over several months, a cent of a doubled amount can fall in the one before or after.
    assert doubled["real_cents"].tolist() == pytest.approx(as_it_was["real_cents"].tolist(), rel=1e-12, abs=cents)
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
             {"contract_id": 1, "issued_on": date(2007, 1, 1), "amount_cents": 40},
             {"contract_id": 2, "issued_on": date(2006, 12, 31), "amount_cents": 5},
             {"issued_on": date(2005, 4, 1), "amount_cents": 6}]        # of a contract that nobody knows any more
    bills = [{"invoice_id": n, "client_id": 1, "due_on": date(2007, 2, 1), **bill} for n, bill in enumerate(bills)]
    # The owner of Activity 8 has no contract yet.
    accounts = [{"activity_id": n, "owner_id": owner, "opened_on": date(2004, 1, 1)} for n, owner in ((9, 2), (8, 3))]
    panels = panels_of(rows, YEARS, invoices=bills, activities=accounts)
    february, march, april, december = (12 * 2005 + n for n in (1, 2, 3, 23))
    cash = panels.cash_month.execute()
    assert rows_of(cash, ("worker_id", "month", "year", "gross_cents")) == [(1, february, 2005, 1_200)]
    assert cash["real_cents"].tolist() == pytest.approx([1_200 * law.deflator(2005, 2, 2006)], rel=1e-12)
    billed = panels.invoiced_month.execute().sort_values(["worker_id", "month"])
    assert rows_of(billed, ("worker_id", "month", "gross_cents")) == [
        (1, march, 1_200), (1, december, 5), (2, april, 800), (3, april, 60)]
    assert panels.invoice_month.execute()["amount_cents"].sum() == 1_500 + 800 + 60 + 5 + 6
    without_accounts = panels_of(rows, YEARS, invoices=bills).invoiced_month.execute().sort_values("month")
    assert rows_of(without_accounts, ("worker_id", "month", "gross_cents")) == [(1, march, 1_200), (1, december, 5)]


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


# -- days covered, spells --------------------------------------------------------------------------------------

SCOPES = st.sampled_from([YEARS, (2004, 2005)])
TOUCHING = [contract(date(2004, 2, 27), 2), contract(date(2004, 2, 29), 1), contract(date(2004, 2, 28), 1),
            contract(date(2004, 3, 2), 1), contract(date(2004, 1, 1), 90, worker=2),
            contract(date(2004, 2, 1), 1, worker=2)]


def month_number(day):
    return 12 * day.year + day.month - 1


def in_years(rows, years):
    """The contracts, with their numbers, that touch the years."""
    return [(n, row) for n, row in enumerate(rows)
            if row["end_on"].year >= years[0] and row["start_on"].year <= years[1]]


def days_of(row):
    return {row["start_on"] + n * DAY for n in range((row["end_on"] - row["start_on"]).days + 1)}


def covered(rows, years):
    """{worker: the days that a contract covers, in order}."""
    days = defaultdict(set)
    for _, row in in_years(rows, years):
        days[row["worker_id"]] |= days_of(row)
    return {worker: sorted(found) for worker, found in sorted(days.items())}


def slow_spells(rows, years, gap):
    """(worker, spell, first day, last day, length, contracts), walking from one covered day to the next."""
    found = []
    for worker, days in covered(rows, years).items():
        pieces = []
        for day in days:
            if not pieces or (day - pieces[-1][1]).days - 1 > gap:
                pieces.append([day, day])
            pieces[-1][1] = day
        for n, (first, last) in enumerate(pieces, 1):
            inside = sum(first <= row["start_on"] <= last for _, row in in_years(rows, years)
                         if row["worker_id"] == worker)
            found.append((worker, n, first, last, (last - first).days + 1, inside))
    return found


@few
@given(CONTRACTS, SCOPES, st.sampled_from([0, 1, 7, 30]))
@example(TOUCHING, YEARS, 0)
@example(TOUCHING, YEARS, 1)
def test_spells_are_walks_over_covered_days(panels_of, rows, years, gap):
    spells = panels_of(rows, years).coverage(gap).execute().sort_values(["worker_id", "spell"])
    columns = ("worker_id", "spell", "start_on", "end_on", "length", "contracts")
    assert rows_of(spells, columns) == slow_spells(rows, years, gap)


@few
@given(CONTRACTS, SCOPES)
@example(TOUCHING, YEARS)
@example(LEAP_DAY, YEARS)
@example(LONG, YEARS)
def test_a_day_is_covered_once(panels_of, rows, years):
    panels = panels_of(rows, years)
    months = panels.covered_days_month.execute().sort_values(["worker_id", "month"])
    days = covered(rows, years)
    expected = defaultdict(int)
    for worker, found in days.items():
        for day in found:
            if years[0] <= day.year <= years[1]:
                expected[worker, month_number(day)] += 1
    assert rows_of(months, ("worker_id", "month", "covered_days")) == [(*k, n) for k, n in sorted(expected.items())]
    assert all(1 <= m.covered_days <= monthrange(m.month // 12, m.month % 12 + 1)[1] for m in months.itertuples())
    union = sum(len(found) for found in days.values())
    assert panels.coverage().length.sum().execute() == union
    if years == YEARS:
        assert months["covered_days"].sum() == union


# -- buyers ----------------------------------------------------------------------------------------------------

BOUGHT = st.lists(
    st.builds(lambda row, account: {**row, "client_id": None, "activity_id": 9} if account else row,
              CONTRACT, st.booleans()),
    min_size=1, max_size=15)
BILLS = st.lists(
    st.fixed_dictionaries({
        "of": st.integers(0, 14), "client": st.integers(1, 4), "amount_cents": st.integers(-50_000, 900_000),
        "issued_on": st.dates(date(2003, 1, 1), date(2007, 3, 31)), "term": st.integers(0, 60),
        "wait": st.none() | st.integers(0, 400), "lost": st.none() | st.integers(60, 500)}),
    max_size=15)


def invoices(rows, bills):
    """Rows of invoices: for the contract of that number if a client buys it, else for the Activity."""
    made = []
    for n, bill in enumerate(bills):
        row, issued = rows[bill["of"] % len(rows)], bill["issued_on"]
        of = ({"activity_id": 9, "client_id": bill["client"]} if row["client_id"] is None
              else {"contract_id": bill["of"] % len(rows), "client_id": row["client_id"]})
        after = {name: None if bill[key] is None else issued + bill[key] * DAY
                 for name, key in (("paid_on", "wait"), ("written_off_on", "lost"), ("due_on", "term"))}
        made.append({"invoice_id": n, "issued_on": issued, "amount_cents": bill["amount_cents"], **of, **after})
    return made


def traded(panels_of, rows, bills, years):
    """Panels with invoices, and the invoices that are in their scope; worker 1 owns the Activity."""
    made = invoices(rows, bills)
    accounts = [{"activity_id": 9, "owner_id": 1, "opened_on": date(2003, 1, 1)}]
    inside = [i for i in made if years[0] <= i["issued_on"].year <= years[1]]
    clients = [{"client_id": n} for n in range(1, 5)]
    return panels_of(rows, years, invoices=made, activities=accounts, clients=clients), inside


@few
@given(BOUGHT, SCOPES)
def test_pair_months_are_sums_of_client_contracts(panels_of, rows, years):
    months = panels_of(rows, years).pair_month.execute().sort_values(["worker_id", "client_id", "month"])
    cells = defaultdict(list)
    for _, row in in_years(rows, years):
        for month, share in by_month(row).items():
            if row["client_id"] is not None and years[0] <= month // 12 <= years[1]:
                cells[row["worker_id"], row["client_id"], month].append(share)
    assert rows_of(months, ("worker_id", "client_id", "month", *AMOUNTS, "contracts")) == [
        (*key, *(added(c[a] for c in found) for a in AMOUNTS), len(found)) for key, found in sorted(cells.items())]
    if years == YEARS:
        bought = [totals(row) for row in rows if row["client_id"] is not None]
        assert [months[a].sum() for a in AMOUNTS] == [sum(t[a] or 0 for t in bought) for a in AMOUNTS]


@few
@given(BOUGHT, BILLS, SCOPES)
def test_client_years(panels_of, rows, bills, years):
    panels, billed = traded(panels_of, rows, bills, years)
    seen = panels.client_year.execute().sort_values(["client_id", "year"])
    parts, invoiced = defaultdict(list), defaultdict(int)
    for n, row in in_years(rows, years):
        if row["client_id"] is None:
            continue
        for year in range(max(row["start_on"].year, years[0]), min(row["end_on"].year, years[1]) + 1):
            shares = [share for month, share in by_month(row).items() if month // 12 == year]
            days = [day for day in days_of(row) if day.year == year]
            parts[row["client_id"], year].append(
                (n, row["worker_id"], sum(s["days_100"] for s in shares), sum(s["gross_cents"] for s in shares),
                 min(days), max(days)))
    for i in billed:
        invoiced[i["client_id"], i["issued_on"].year] += i["amount_cents"]
    expected = []
    for key in sorted({*parts, *invoiced}):
        numbers, workers, days, gross, first, last = zip(*parts[key], strict=True) if parts[key] else [()] * 6
        expected.append((*key, len(set(workers)), len(numbers), sum(days), sum(gross), invoiced[key],
                         min(first, default=None), max(last, default=None)))
    columns = ("client_id", "year", "workers", "contracts", "days_100", "gross_cents", "invoiced_cents", "first_on",
               "last_on")
    assert rows_of(seen, columns) == expected


def test_client_years_without_invoices(panels_of):
    years = panels_of([contract(date(2004, 12, 31), 2, 200, gross=20)], YEARS).client_year.execute().sort_values("year")
    columns = ("year", "contracts", "days_100", "gross_cents", "first_on", "last_on", "invoiced_cents")
    assert rows_of(years, columns) == [(2004, 1, 100, 10, date(2004, 12, 31), date(2004, 12, 31), None),
                                       (2005, 1, 100, 10, date(2005, 1, 1), date(2005, 1, 1), None)]


MONEY = ("amount_cents", "paid_cents", "unpaid_cents", "written_off_cents", "credit_cents", "paid_cent_days")
COUNTS = ("invoices", "paid", "late", "late_days")


@few
@given(BOUGHT, BILLS, SCOPES)
def test_invoice_months(panels_of, rows, bills, years):
    panels, billed = traded(panels_of, rows, bills, years)
    seen = panels.invoice_month.execute().sort_values("month")
    cells = defaultdict(lambda: dict.fromkeys(MONEY + COUNTS, 0))
    for i in billed:
        cell, amount = cells[month_number(i["issued_on"])], i["amount_cents"]
        if amount < 0:
            cell["credit_cents"] -= amount
            continue
        cell["invoices"] += 1
        cell["amount_cents"] += amount
        if i["paid_on"]:
            cell["paid"] += 1
            cell["paid_cents"] += amount
            cell["paid_cent_days"] += amount * (i["paid_on"] - i["issued_on"]).days
            cell["late"] += i["paid_on"] > i["due_on"]
            cell["late_days"] += max(0, (i["paid_on"] - i["due_on"]).days)
        else:
            cell["written_off_cents" if i["written_off_on"] else "unpaid_cents"] += amount
    assert rows_of(seen, ("month", *MONEY, *COUNTS)) == [
        (month, *(cell[c] for c in MONEY + COUNTS)) for month, cell in sorted(cells.items())]
    assert (seen["amount_cents"] == seen["paid_cents"] + seen["unpaid_cents"] + seen["written_off_cents"]).all()
    assert (seen["amount_cents"] - seen["credit_cents"]).sum() == panels.invoiced_month.execute()["gross_cents"].sum()


# -- admissible days -------------------------------------------------------------------------------------------

PAID = st.lists(
    st.builds(lambda row, basis, artistic: {**row, "pay_basis": basis, "artistic": artistic},
              CONTRACT, st.sampled_from(["time", "lump_sum", None]), st.sampled_from([True, False, None])),
    min_size=1, max_size=15)
WINDOWS = (1, 2, 18, 21, 24, 27, 33, 36, 42)


def fee_on(day):
    """The reference fee in cents, read from the file line by line."""
    with (Path(law.__file__).parent / "artist_rules.csv").open(encoding="utf-8") as lines:
        [fee] = [row["value"] for row in csv.DictReader(lines) if row["rule"] == "reference_fee"
                 and row["valid_from"] <= day.isoformat() <= (row["valid_to"] or "9999-12-31")]
    return round(float(fee) * 100)


def slow_admissible(rows, years):
    """{(worker, month): hundredths of admissible days}, filling each quarter up to 78 days month by month."""
    counted = defaultdict(int)
    for _, row in in_years(rows, years):
        if row["pay_basis"] == "lump_sum" and row["artistic"]:
            total = row["gross_cents"] * 100 // fee_on(row["start_on"])
        elif row["hours"]:
            total = round(row["hours"] * 100) * 6 // 38
        else:
            total = round(row["days"] * 100) * 6 // 5
        length, before = len(days_of(row)), 0
        for month, until in sorted((month_number(d), n) for n, d in enumerate(sorted(days_of(row)), 1)
                                   if (d + DAY).day == 1 or d == row["end_on"]):
            if years[0] <= month // 12 <= years[1]:
                counted[row["worker_id"], month] += total * until // length - total * before // length
            before = until
    left = defaultdict(lambda: 7800)
    admitted = {}
    for (worker, month), n in sorted(counted.items()):
        admitted[worker, month] = min(n, left[worker, month // 3])
        left[worker, month // 3] -= admitted[worker, month]
    return admitted


@few
@given(PAID, SCOPES)
def test_admissible_days(panels_of, rows, years):
    panels = panels_of(rows, years)
    months = panels.admissible_month.execute().sort_values(["worker_id", "month"])
    expected = slow_admissible(rows, years)
    assert rows_of(months, ("worker_id", "month", "admissible_100")) == [(*k, n) for k, n in sorted(expected.items())]
    shorter = None
    for length in WINDOWS:
        seen = panels.admissible_window(length).execute().sort_values(["worker_id", "month"], ignore_index=True)
        assert rows_of(seen, ("worker_id", "month", "admissible_100", "window_100")) == [
            (w, m, n, sum(expected.get((w, past), 0) for past in range(m - length + 1, m + 1)))
            for (w, m), n in sorted(expected.items())]
        if length == 1:
            assert (seen["window_100"] == seen["admissible_100"]).all()
        assert shorter is None or (seen["window_100"] >= shorter).all()
        shorter = seen["window_100"]


@few
@given(PAID, st.sampled_from(WINDOWS))
def test_rolling_days_of_every_month(panels_of, rows, length):
    seen = panels_of(rows, YEARS).admissible_window(length, every=True).execute().sort_values(["worker_id", "month"])
    expected = slow_admissible(rows, YEARS)
    since = {w: min(m for worker, m in expected if worker == w) for w, _ in expected}
    assert rows_of(seen, ("worker_id", "month", "window_100")) == [
        (w, m, sum(expected.get((w, past), 0) for past in range(m - length + 1, m + 1)))
        for w in sorted(since) for m in range(since[w], 12 * YEARS[1] + 12)]


@pytest.mark.parametrize(("row", "days"), [
    (contract(date(2013, 1, 1), 42, 3_000), 36),                # as Smart publishes it (V-16)
    (contract(date(2013, 1, 1), 28, 2_000, 15_200), 24),
    (contract(date(2013, 1, 1), 28, 2_000, 0), 24),             # no hours declared: by days
    (contract(date(2013, 1, 1), 90, 6_500), 78),
    (contract(date(2013, 1, 1), 90, 9_000), 78),
    (contract(date(2013, 1, 1), 181, 13_100), 156)])
def test_published_admissible_days(panels_of, row, days):
    months = panels_of([row], (2013, 2013)).admissible_month.execute()
    assert months["admissible_100"].sum() == 100 * days


@pytest.mark.parametrize(("day", "basis", "artistic", "days_100"), [
    (date(2014, 3, 31), "lump_sum", True, 10 * 5776 * 100 // 3921),
    (date(2014, 4, 1), "lump_sum", True, 1000),
    (date(2014, 4, 1), "lump_sum", False, 120),
    (date(2014, 4, 1), "time", True, 120),
    (date(2014, 4, 1), None, None, 120),
    (date(1999, 5, 1), "lump_sum", True, 10 * 5776 * 100 // 3921),
    (date(2025, 2, 1), "lump_sum", True, 10 * 5776 * 100 // 8123)])
def test_a_lump_sum_counts_by_the_fee_of_its_day(panels_of, day, basis, artistic, days_100):
    row = {**contract(day, 1, gross=10 * 5776), "pay_basis": basis, "artistic": artistic}
    months = panels_of([row], (day.year, day.year)).admissible_month.execute()
    assert rows_of(months, ("month", "admissible_100")) == [(month_number(day), days_100)]


# -- every panel, every scope, every engine --------------------------------------------------------------------

WHO = {"contract_month": ("worker_id", "client_id"), "pair_month": ("worker_id", "client_id"),
       "client_year": ("client_id",), "covered_days_month": ("worker_id",), "admissible_month": ("worker_id",)}


@pytest.mark.parametrize("name", WHO)
@pytest.mark.parametrize(("region", "rule"), [
    ("brussels", lambda w, c: w in IN_TOWN), ("brussels-clients", lambda w, c: c in CLIENT_IN_TOWN)])
def test_regions_of_every_panel(panels_of, name, region, rule):
    seen = getattr(regional(panels_of, region), name).execute()
    pairs = [{"worker_id": w, "client_id": c} for w in HOMES for c in SEATS if rule(w, c)]
    assert set(rows_of(seen, WHO[name])) == {tuple(p[k] for k in WHO[name]) for p in pairs}


def test_bills_of_an_activity_to_a_client_elsewhere_are_in_no_client_year_of_brussels(panels_of):
    bills = [{"invoice_id": n, "activity_id": 9, "client_id": n, "issued_on": date(2005, 4, 1),
              "due_on": date(2005, 5, 1), "amount_cents": 10} for n in (1, 2)]
    panels = panels_of([contract(date(2005, 3, 1), 5)], YEARS, "brussels-clients", invoices=bills,
                       clients=[{"client_id": c, "home_nis": nis} for c, nis in SEATS.items()],
                       activities=[{"activity_id": 9, "owner_id": 1, "opened_on": date(2004, 1, 1)}])
    assert rows_of(panels.client_year.execute(), ("client_id", "invoiced_cents")) == [(1, 10)]
    assert panels.invoice_month.execute()["invoices"].tolist() == [1]
    assert panels.invoiced_month.execute()["gross_cents"].tolist() == [10]


@pytest.mark.parametrize("name", WHO)
def test_couriers_leave_every_panel(panels_of, name):
    rows = [{**contract(date(2005, 3, 1), 40, worker=n, client=n), "function": trade}
            for n, trade in enumerate(("courier", "actor"), 1)]
    panels = panels_of(rows, YEARS)
    key = WHO[name][0]
    assert set(getattr(panels, name).execute()[key]) == {1, 2}
    assert set(getattr(panels.without_couriers(), name).execute()[key]) == {2}


EXPRESSIONS = {
    **{name: (lambda p, name=name: getattr(p, name)) for name in (
        "contract_month", "worker_month", "cash_month", "invoiced_month", "worker_year", "covered_days_month",
        "pair_month", "client_year", "invoice_month", "admissible_month")},
    "coverage": lambda p: p.coverage(7), "chains": chains, "window": lambda p: p.admissible_window(21),
    "window of every month": lambda p: p.admissible_window(42, every=True)}


@few
@given(BOUGHT, BILLS, st.integers(1, 6))
def test_ranges_of_workers_give_the_panels_of_all(panels_of, rows, bills, at_once):
    whole, _ = traded(panels_of, rows, bills, YEARS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("analysis.panels.panels.CONTRACTS_AT_ONCE", at_once)
        cut, _ = traded(panels_of, rows, bills, YEARS)
        ids = [set(part.contracts.worker_id.execute()) for part in cut.ranges]
        assert sum(map(len, ids)) == len(set().union(*ids)) == len({row["worker_id"] for row in rows})
        for name, keys in {"worker_month": ["worker_id", "month"], "worker_year": ["worker_id", "year"],
                           "admissible_month": ["worker_id", "month"], "client_year": ["client_id", "year"]}.items():
            seen, expected = (getattr(p, name).execute().sort_values(keys, ignore_index=True) for p in (cut, whole))
            assert_frame_equal(seen, expected, rtol=1e-12, atol=0)     # real pay is added up in whatever order
        assert len(cut.ranges) == 1 or len(rows) > at_once


@pytest.mark.parametrize("may_keep", [True, False])
def test_ranges_are_all_there_whether_or_not_they_are_kept(panels_of, monkeypatch, may_keep):
    monkeypatch.setattr("analysis.panels.panels.CONTRACTS_AT_ONCE", 2)
    panels = panels_of([contract(date(2005, 3, n), 1, worker=n) for n in range(1, 8)], YEARS)
    panels.dataset.backend.may_keep = may_keep
    assert len(panels.ranges) == 4
    assert sorted(panels.worker_month.execute()["worker_id"]) == list(range(1, 8))


class SparkOptions(ibis.config.Config):
    """What the compiler asks of Spark's options, which only an installed Spark sets."""

    treat_nan_as_null: bool = False


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "pyspark"])
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_every_panel_compiles_for_every_engine(panels_of, monkeypatch, name, dialect):
    monkeypatch.setattr(ibis.expr.types.Table, "cache", lambda table: table)
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())
    panels, _ = traded(panels_of, [{**contract(date(2005, 3, 1), 5), "paid_on": date(2005, 4, 1)}], [], YEARS)
    assert "SELECT" in ibis.to_sql(EXPRESSIONS[name](panels), dialect=dialect)
