"""How long panels take: the project's expressions against pandas, hand-written DuckDB SQL and polars, on equal results.

    .venv/bin/python -m pip install polars
    .venv/bin/python bench/panels.py             one and ten million contracts
    .venv/bin/python bench/panels.py --big       a hundred million too: ours and SQL only, pandas does not fit
    .venv/bin/python bench/panels.py --repeat 5  the best of five runs of every cell
    .venv/bin/python bench/panels.py --write     keeps the sums for the chapter on scale

Every cell is a process of its own, from Parquet to Parquet, and so are all panels together; CPU seconds are those of
the work, imports excluded. Every engine makes all columns of a panel, and its rows are compared with those of SQL. Only
the ratios mean anything on another machine.
"""

import glob
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path

SIZES = {"1 million": 24_700, "10 million": 247_000, "100 million": 2_470_000}
TASKS = ("worker_month", "pair_month", "admissible_window", "client_year", "invoice_month", "spells", "chains")
ENGINES = ("ours", "sql", "polars", "pandas")
IMPORTS = {"ours": ("ibis.backends.duckdb", "pandas", "analysis.engines.embedded", "analysis.panels"),
           "sql": ("duckdb",), "scan": ("duckdb",), "polars": ("polars",),
           "pandas": ("numpy", "pandas", "pyarrow.dataset", "pyarrow.parquet")}
KEYS = {"worker_month": ("worker_id", "month"), "pair_month": ("worker_id", "client_id", "month"),
        "admissible_window": ("worker_id", "month"), "client_year": ("client_id", "year"), "invoice_month": ("month",),
        "spells": ("worker_id", "spell"), "chains": ("worker_id", "client_id", "chain")}
SPAN, PAIR = ("worker_id", "start_on", "end_on"), ("worker_id", "client_id", "start_on", "end_on")
READ = {"worker_month": {"contracts": (*PAIR, "days", "hours", "gross_cents")},
        "pair_month": {"contracts": (*PAIR, "days", "hours", "gross_cents")},
        "admissible_window": {"contracts": (*SPAN, "days", "hours", "gross_cents", "pay_basis", "artistic")},
        "client_year": {"contracts": (*PAIR, "days", "gross_cents"),
                        "invoices": ("client_id", "issued_on", "amount_cents")},
        "invoice_month": {"invoices": ("issued_on", "due_on", "paid_on", "written_off_on", "amount_cents")},
        "spells": {"contracts": SPAN}, "chains": {"contracts": (*PAIR, "days")}}
DATES = ("start_on", "end_on", "first_on", "last_on")
FLOATS = ("real_cents", "days", "one_day", "density")          # equal to 1e-9, all else exactly
FIRST, LAST = date(2001, 1, 1), date(2020, 12, 31)
MONTHS, YEARS = (FIRST.year * 12, LAST.year * 12 + 11), (FIRST.year, LAST.year)
WINDOW, CAP, GAP, CHAIN_GAP = 21, 7_800, 7, 14
LONG = {"span": 120, "contracts": 20, "one_day": 0.8, "density": 0.5}
COSTS = Path(__file__).resolve().parents[1] / "analysis" / "costs.csv"


def files(folder: Path, table: str) -> str:
    """The Parquet files of a table, as a pattern."""
    single = folder / f"{table}.parquet"
    return str(single if single.is_file() else folder / table / "*.parquet")


@cache
def legal(folder: Path) -> dict:
    """The reference fees (first day, cents) and the deflators (month, factor) of the years, for hand-written code."""
    return json.loads((folder / "law.json").read_text())


# -------------------- ours --------------------------------------------------------


@cache
def panels_of(folder: Path):
    """The panels of a dataset, which keep what several of them need."""
    from analysis.datasets import Dataset
    from analysis.panels import Panels
    from analysis.scope import Scope

    return Panels(Dataset("bench", str(folder), None, guarded=False), Scope("everywhere", *YEARS))


def ours(task: str, folder: Path, out: Path) -> None:
    """A panel of workers is one file for each of their ranges, and nothing is kept on the way to it."""
    from analysis.panels import chains, spells

    panels = panels_of(folder)
    whole = task in ("client_year", "invoice_month")
    backend = panels.dataset.backend
    backend.may_keep = whole
    made = {"admissible_window": lambda part: part.admissible_window(WINDOW),
            "spells": lambda part: spells(part, GAP), "chains": lambda part: chains(part, CHAIN_GAP)}
    for number, part in enumerate([panels] if whole else panels.ranges):
        panel = made[task](part) if task in made else getattr(part, task)
        backend.to_parquet(panel, out / f"part-{number}.parquet")


# -------------------- hand-written SQL --------------------------------------------

IN_SCOPE = f"end_on >= DATE '{FIRST}' AND start_on <= DATE '{LAST}'"
HUNDREDTHS = {"d": "round(days * 100)::BIGINT", "h": "round(hours * 100)::BIGINT", "g": "gross_cents"}


def spread_sql(keys: str, amounts: dict, where: str = "", unit: str = "month") -> str:
    """The common table x: the amounts of contracts spread over their months, or over their years."""
    index, first, (low, high) = {
        "month": ("year({0}) * 12 + month({0}) - 1", "make_date(({0}) // 12, ({0}) % 12 + 1, 1)", MONTHS),
        "year": ("year({0})", "make_date({0}, 1, 1)", YEARS)}[unit]
    return f"""
    WITH c AS (SELECT {keys}, start_on AS s, end_on - start_on + 1 AS t,
                      {", ".join(f"{value} AS {name}" for name, value in amounts.items())},
                      {index.format("start_on")} AS i0, {index.format("end_on")} AS i1
               FROM '{{contracts}}' WHERE {IN_SCOPE} {where}),
    x AS (FROM (SELECT {keys}, i0 AS {unit}, {", ".join(amounts)} FROM c WHERE i0 = i1
                UNION ALL
                SELECT {keys}, {unit}, {", ".join(f"{a} * c1 // t - {a} * c0 // t" for a in amounts)}
                FROM (SELECT *, greatest({first.format(unit)} - s, 0) AS c0,
                             least(t, {first.format(f"{unit} + 1")} - s) AS c1
                      FROM (SELECT *, unnest(range(i0, i1 + 1)) AS {unit} FROM c WHERE i1 > i0)))
          WHERE {unit} BETWEEN {low} AND {high})
    """


BOUGHT = "AND client_id IS NOT NULL"
SUMS = "sum(d)::BIGINT AS days_100, sum(h)::BIGINT AS hours_100, sum(g)::BIGINT AS gross_cents"
ADMISSIBLE = """CASE WHEN pay_basis = 'lump_sum' AND artistic THEN gross_cents * 100 // {fee}
    WHEN hours > 0 THEN round(hours * 100)::BIGINT * 6 // 38 ELSE round(days * 100)::BIGINT * 6 // 5 END"""
COVERED = "max(end_on) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered"
SQL = {
    # a group of a group is faster than count(DISTINCT)
    "worker_month": spread_sql("worker_id, client_id", HUNDREDTHS) + f"""
        SELECT * EXCLUDE deflator, gross_cents * deflator AS real_cents, month // 12 AS year
        FROM (SELECT worker_id, month, {SUMS}, sum(n)::BIGINT AS contracts, count(client_id) AS clients
              FROM (SELECT worker_id, client_id, month, sum(d)::BIGINT AS d, sum(h)::BIGINT AS h, sum(g)::BIGINT AS g,
                           count(*) AS n FROM x GROUP BY ALL)
              GROUP BY ALL) JOIN (VALUES {{prices}}) prices(month, deflator) USING (month)""",
    "pair_month": spread_sql("worker_id, client_id", HUNDREDTHS, BOUGHT) + f"""
        SELECT worker_id, client_id, month, {SUMS}, count(*) AS contracts FROM x GROUP BY ALL""",
    "admissible_window": spread_sql("worker_id", {"a": ADMISSIBLE}) + f""",
        q AS (SELECT worker_id, month // 3 * 3 AS first, sum(a) FILTER (month % 3 = 0)::BIGINT AS a0,
                     sum(a) FILTER (month % 3 = 1)::BIGINT AS a1, sum(a) FILTER (month % 3 = 2)::BIGINT AS a2
              FROM x GROUP BY ALL),
        m AS (SELECT worker_id, first + unnest([0, 1, 2]) AS month, unnest([a0, a1, a2]) AS a,
                     unnest([0, coalesce(a0, 0), coalesce(a0, 0) + coalesce(a1, 0)]) AS before FROM q),
        p AS (SELECT worker_id, month, least(before + a, {CAP}) - least(before, {CAP}) AS admissible_100
              FROM m WHERE a IS NOT NULL)
        SELECT *, sum(admissible_100) OVER (PARTITION BY worker_id ORDER BY month
            RANGE BETWEEN {WINDOW - 1} PRECEDING AND CURRENT ROW)::BIGINT AS window_100 FROM p""",
    # the shares of a year's months add up to the share of the year
    "client_year": spread_sql("worker_id, client_id, start_on, end_on", {n: HUNDREDTHS[n] for n in "dg"}, BOUGHT,
                              "year") + f"""
        SELECT client_id, year, first_on, last_on,
               COLUMNS(['workers', 'contracts', 'days_100', 'gross_cents', 'invoiced_cents']).coalesce(0)
        FROM (SELECT client_id, year, count(DISTINCT worker_id) AS workers, count(*) AS contracts,
                     sum(d)::BIGINT AS days_100, sum(g)::BIGINT AS gross_cents,
                     greatest(min(start_on), make_date(year, 1, 1)) AS first_on,
                     least(max(end_on), make_date(year, 12, 31)) AS last_on FROM x GROUP BY client_id, year)
        FULL JOIN (SELECT client_id, year(issued_on) AS year, sum(amount_cents)::BIGINT AS invoiced_cents
                   FROM '{{invoices}}' WHERE issued_on BETWEEN DATE '{FIRST}' AND DATE '{LAST}' GROUP BY ALL)
        USING (client_id, year)""",
    "invoice_month": f"""
        SELECT year(issued_on) * 12 + month(issued_on) - 1 AS month, sum(debit)::BIGINT AS invoices,
               sum(a)::BIGINT AS amount_cents, sum(a - amount_cents)::BIGINT AS credit_cents,
               sum(paid * debit)::BIGINT AS paid, sum(paid * a)::BIGINT AS paid_cents,
               sum(a * coalesce(paid_on - issued_on, 0))::BIGINT AS paid_cent_days,
               sum(lost * a)::BIGINT AS written_off_cents, sum((1 - paid - lost) * a)::BIGINT AS unpaid_cents,
               sum(late)::BIGINT AS late, sum(late * coalesce(paid_on - due_on, 0))::BIGINT AS late_days
        FROM (SELECT *, (amount_cents >= 0)::INT AS debit, greatest(amount_cents, 0) AS a,
                     (paid_on IS NOT NULL)::INT AS paid, (paid_on IS NULL AND written_off_on IS NOT NULL)::INT AS lost,
                     (amount_cents >= 0 AND coalesce(paid_on > due_on, false))::INT AS late
              FROM '{{invoices}}' WHERE issued_on BETWEEN DATE '{FIRST}' AND DATE '{LAST}') GROUP BY ALL""",
    # only the contract that opens a spell is kept: what precedes the next such is the spell
    "spells": f"""
        WITH a AS (SELECT worker_id, start_on, {COVERED}, row_number() OVER w AS n, max(end_on) OVER worker AS last_on,
                          count(*) OVER worker AS total FROM '{{contracts}}' WHERE {IN_SCOPE}
                   WINDOW w AS (PARTITION BY worker_id ORDER BY start_on), worker AS (PARTITION BY worker_id)),
        b AS (SELECT worker_id, row_number() OVER w AS spell, start_on,
                     coalesce(lead(covered) OVER w, last_on) AS end_on,
                     coalesce(lead(n) OVER w, total + 1) - n AS contracts
              FROM a WHERE covered IS NULL OR start_on - covered - 1 > {GAP}
              WINDOW w AS (PARTITION BY worker_id ORDER BY n))
        SELECT *, end_on - start_on + 1 AS length FROM b""",
    "chains": f"""
        WITH a AS (SELECT worker_id, client_id, start_on, end_on, days, {COVERED} FROM '{{contracts}}'
                   WHERE {IN_SCOPE} {BOUGHT} WINDOW w AS (PARTITION BY worker_id, client_id ORDER BY start_on)),
        b AS (SELECT *, sum((covered IS NULL OR start_on - covered - 1 > {CHAIN_GAP})::INT) OVER (
                  PARTITION BY worker_id, client_id ORDER BY start_on ROWS UNBOUNDED PRECEDING) AS chain FROM a),
        g AS (SELECT worker_id, client_id, chain, min(start_on) AS start_on, max(end_on) AS end_on,
                     count(*) AS contracts, sum(days) AS days, avg((start_on = end_on)::INT) AS one_day,
                     max(end_on) - min(start_on) + 1 AS span, sum(days) / (span * 5 / 7) AS density FROM b GROUP BY ALL)
        SELECT *, {" AND ".join(f"{name} >= {least}" for name, least in LONG.items())} AS long FROM g""",
}


def open_sql(scratch: Path):
    """An empty DuckDB that leaves memory to others."""
    import duckdb

    db = duckdb.connect()
    db.execute("SET memory_limit = '8GB'")
    db.execute(f"SET temp_directory = '{scratch / 'spilled'}'")
    return db


def sql(task: str, folder: Path, out: Path) -> None:
    fees = legal(folder)["fees"]
    steps = " ".join(f"WHEN start_on < DATE '{day}' THEN {fee}" for (_, fee), (day, _) in pairwise(fees))
    query = SQL[task].format(
        contracts=files(folder, "contracts"), invoices=files(folder, "invoices"),
        fee=f"CASE {steps} ELSE {fees[-1][1]} END",
        prices=", ".join(f"({month}, {factor!r}::DOUBLE)" for month, factor in legal(folder)["prices"]))
    with open_sql(out.parent) as db:
        db.execute(f"COPY ({query}) TO '{out / 'all.parquet'}' (FORMAT parquet)")


def scan(task: str, folder: Path, out: Path) -> None:
    """Nothing but reading the columns that the task needs."""
    with open_sql(out.parent) as db:
        for table, columns in READ[task].items():
            db.execute(f"SELECT {', '.join(f'max({c})' for c in columns)} FROM '{files(folder, table)}'").fetchall()


# -------------------- polars ------------------------------------------------------


def polars(task: str, folder: Path, out: Path) -> None:
    import polars as pl

    col = pl.col
    contracts = pl.scan_parquet(files(folder, "contracts")).filter(col("end_on") >= FIRST, col("start_on") <= LAST)
    bought = contracts.filter(col("client_id").is_not_null())
    invoices = pl.scan_parquet(files(folder, "invoices")).filter(col("issued_on").is_between(FIRST, LAST))

    def month_of(name):
        return (col(name).dt.year() * 12 + col(name).dt.month() - 1).cast(pl.Int32)

    def days(earlier, later):
        return (later - earlier).dt.total_days()

    def spread(rows, keys, amounts, unit="month"):
        index, first, span = {
            "month": (month_of, lambda i: pl.date(i // 12, i % 12 + 1, 1), MONTHS),
            "year": (lambda name: col(name).dt.year(), lambda i: pl.date(i, 1, 1), YEARS)}[unit]
        t = days(col("start_on"), col("end_on")) + 1
        rows = rows.with_columns(i0=index("start_on"), i1=index("end_on"), t=t, **amounts)
        one = rows.filter(col("i0") == col("i1")).with_columns(col("i0").alias(unit))
        many = rows.filter(col("i1") > col("i0"))
        many = many.with_columns(pl.int_ranges("i0", col("i1") + 1, dtype=pl.Int32).alias(unit)).explode(unit)
        many = many.with_columns(c0=pl.max_horizontal(days(col("start_on"), first(col(unit))), 0),
                                 c1=pl.min_horizontal("t", days(col("start_on"), first(col(unit) + 1))))
        many = many.with_columns(col(x) * col("c1") // col("t") - col(x) * col("c0") // col("t") for x in amounts)
        both = pl.concat([part.select(*keys, unit, *amounts) for part in (one, many)])
        return both.filter(col(unit).is_between(*span))

    def islands(rows, keys, gap, name, **more):
        # offsets that grow with the keys make one running maximum of many
        rows = rows.sort(*keys, "start_on").with_columns(offset=pl.struct(*keys).rle_id().cast(pl.Int64) * 1_000_000)
        start, end = (col("offset") + col(n).to_physical() for n in ("start_on", "end_on"))
        opens = (start - end.cum_max().shift(1) - 1 > gap).fill_null(True)
        rows = rows.with_columns(island=opens.cum_sum().cast(pl.Int64)).group_by(*keys, "island").agg(
            start_on=col("start_on").min(), end_on=col("end_on").max(), contracts=pl.len(), **more)
        number = (col("island") - col("island").min().over(keys) + 1).alias(name)
        return rows.with_columns(number, days(col("start_on"), col("end_on")).alias("span") + 1).drop("island")

    days_100, hours_100 = ((col(name) * 100).round().cast(pl.Int64) for name in ("days", "hours"))
    totals = {"days_100": days_100, "hours_100": hours_100, "gross_cents": col("gross_cents")}
    sums = {"days_100": col("days_100").sum(), "gross_cents": col("gross_cents").sum(), "contracts": pl.len(),
            "hours_100": pl.when(col("hours_100").count() > 0).then(col("hours_100").sum())}

    if task == "worker_month":
        prices = pl.LazyFrame(legal(folder)["prices"], {"month": pl.Int32, "deflator": pl.Float64}, orient="row")
        m = spread(contracts, ("worker_id", "client_id"), totals).group_by("worker_id", "month").agg(
            **sums, clients=col("client_id").drop_nulls().n_unique())
        found = m.join(prices, on="month").with_columns(
            year=col("month") // 12, real_cents=col("gross_cents") * col("deflator")).drop("deflator")
    elif task == "pair_month":
        found = spread(bought, ("worker_id", "client_id"), totals).group_by(KEYS[task]).agg(**sums)
    elif task == "admissible_window":
        fee = legal(folder)["fees"][-1][1]
        for (_, before), (day, _) in reversed(list(pairwise(legal(folder)["fees"]))):
            fee = pl.when(col("start_on") < date.fromisoformat(day)).then(before).otherwise(fee)
        lump = (col("pay_basis") == "lump_sum") & col("artistic")
        a = pl.when(lump).then(col("gross_cents") * 100 // fee).when(col("hours") > 0).then(
            hours_100 * 6 // 38).otherwise(days_100 * 6 // 5)
        # one axis of time for all workers, who are further apart on it than any window is long
        m = spread(contracts, ("worker_id",), {"a": a}).group_by(at=col("worker_id") * 30_000 + col("month")).agg(
            col("a").sum()).sort("at")
        quarter = col("at") // 3
        m = m.with_columns(before=sum(
            pl.when(quarter.shift(k) == quarter).then(col("a").shift(k)).otherwise(0) for k in (1, 2)))
        m = m.select("at", admissible_100=pl.min_horizontal(col("before") + col("a"), CAP)
                     - pl.min_horizontal("before", CAP))
        found = m.select("admissible_100", worker_id=col("at") // 30_000, month=col("at") % 30_000,
                         window_100=col("admissible_100").rolling_sum_by("at", f"{WINDOW}i"))
    elif task == "client_year":
        c = spread(bought, PAIR, {n: totals[n] for n in ("days_100", "gross_cents")}, "year")
        c = c.group_by("client_id", "year").agg(
            col("days_100", "gross_cents").sum(), workers=col("worker_id").n_unique(), contracts=pl.len(),
            first_on=col("start_on").min(), last_on=col("end_on").max())
        c = c.with_columns(first_on=pl.max_horizontal("first_on", pl.date("year", 1, 1)),
                           last_on=pl.min_horizontal("last_on", pl.date("year", 12, 31)))
        i = invoices.group_by("client_id", year=col("issued_on").dt.year()).agg(invoiced_cents=pl.sum("amount_cents"))
        found = c.join(i, on=["client_id", "year"], how="full", coalesce=True).with_columns(
            col("workers", "contracts", "days_100", "gross_cents", "invoiced_cents").fill_null(0))
    elif task == "invoice_month":
        debit, paid, late = (col("amount_cents") >= 0), col("paid_on").is_not_null(), col("paid_on") > col("due_on")
        lost, a = ~paid & col("written_off_on").is_not_null(), col("amount_cents")
        found = invoices.group_by(month=month_of("issued_on")).agg(
            invoices=debit.sum(), amount_cents=a.filter(debit).sum(), credit_cents=-a.filter(~debit).sum(),
            paid=(debit & paid).sum(), paid_cents=a.filter(debit & paid).sum(),
            paid_cent_days=(a * days(col("issued_on"), col("paid_on"))).filter(debit).sum(),
            written_off_cents=a.filter(debit & lost).sum(), unpaid_cents=a.filter(debit & ~paid & ~lost).sum(),
            late=(debit & late).sum(), late_days=days(col("due_on"), col("paid_on")).filter(debit & late).sum())
    elif task == "spells":
        found = islands(contracts.select(SPAN), ["worker_id"], GAP, "spell").rename({"span": "length"})
    else:
        c = islands(bought.select(*PAIR, "days"), ["worker_id", "client_id"], CHAIN_GAP, "chain",
                    days=col("days").sum(), one_day=(col("start_on") == col("end_on")).mean())
        found = c.with_columns(density=col("days") / (col("span") * 5 / 7)).with_columns(
            long=pl.all_horizontal(col(name) >= least for name, least in LONG.items()))
    found.sink_parquet(out / "all.parquet")


# -------------------- pandas ------------------------------------------------------


def pandas(task: str, folder: Path, out: Path) -> None:
    import numpy as np
    import pandas as pd
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    in_scope = (pc.field("end_on") >= FIRST) & (pc.field("start_on") <= LAST)
    bought = in_scope & pc.field("client_id").is_valid()
    issued = (pc.field("issued_on") >= FIRST) & (pc.field("issued_on") <= LAST)

    def read(table, rows):
        found = pq.read_table(sorted(glob.glob(files(folder, table))), columns=list(READ[task][table]), filters=rows)
        return found.to_pandas(date_as_object=False)

    def count(dates, unit):
        return dates.to_numpy().astype(f"datetime64[{unit}]").astype("int64")

    def hundredths(column):
        return (column * 100).round().to_numpy()

    def spread(c, keys, amounts, unit="month"):
        letter, epoch, (low, high) = {"month": ("M", 1970 * 12, MONTHS), "year": ("Y", 1970, YEARS)}[unit]
        start, end = count(c["start_on"], "D"), count(c["end_on"], "D")
        i0, i1 = count(c["start_on"], letter), count(c["end_on"], letter)
        row = np.repeat(np.arange(len(c)), i1 - i0 + 1)
        index = i0[row] + np.arange(len(row)) - (np.cumsum(i1 - i0 + 1) - (i1 - i0 + 1))[row]
        first = count(pd.Series(np.arange(i0.min(), i1.max() + 2).astype(f"datetime64[{letter}]")), "D")
        t, place = (end - start + 1)[row], index - i0.min()
        c0, c1 = np.maximum(first[place] - start[row], 0), np.minimum(t, first[place + 1] - start[row])
        frame = c[list(keys)].take(row)
        frame[unit] = index + epoch
        for name, x in amounts.items():
            frame[name] = x[row] * c1 // t - x[row] * c0 // t
        return frame[frame[unit].between(low, high)]

    def islands(c, keys, gap, name):
        c = c.sort_values([*keys, "start_on"], ignore_index=True)
        start, end = count(c["start_on"], "D"), count(c["end_on"], "D")
        covered = pd.Series(end).groupby([c[k] for k in keys]).cummax().shift().to_numpy()
        at = np.flatnonzero(~c.duplicated(keys).to_numpy() | (start - covered - 1 > gap))
        found, last = c.loc[at, [*keys, "start_on"]].reset_index(drop=True), np.maximum.reduceat(end, at)
        found[name] = found.groupby(keys).cumcount() + 1
        return c, at, found.assign(end_on=last.astype("datetime64[D]").astype("datetime64[s]"),
                                   contracts=np.diff(np.append(at, len(c))), span=last - start[at] + 1)

    def by_month(c, **more):
        frame = spread(c, ("worker_id", "client_id"), {
            "days_100": hundredths(c["days"]).astype("int64"), "hours_100": hundredths(c["hours"]),
            "gross_cents": c["gross_cents"].to_numpy()})
        groups = frame.groupby(list(KEYS[task]), sort=False)
        found = groups.agg(days_100=("days_100", "sum"), gross_cents=("gross_cents", "sum"),
                           contracts=("month", "size"), **more)
        return found.assign(hours_100=groups["hours_100"].sum(min_count=1)).reset_index()

    if task == "worker_month":
        m = by_month(read("contracts", in_scope), clients=("client_id", "nunique"))
        deflators = np.array(legal(folder)["prices"])[:, 1]
        found = m.assign(year=m["month"] // 12, real_cents=m["gross_cents"] * deflators[m["month"] - MONTHS[0]])
    elif task == "pair_month":
        found = by_month(read("contracts", bought))
    elif task == "admissible_window":
        c = read("contracts", in_scope)
        starts, fees = (np.array(x) for x in zip(*legal(folder)["fees"], strict=True))
        fee = fees[np.searchsorted(starts[1:].astype("datetime64[D]"), c["start_on"].to_numpy(), side="right")]
        a = np.select([(c["pay_basis"] == "lump_sum") & c["artistic"].eq(True), c["hours"] > 0],
                      [c["gross_cents"] * 100 // fee, hundredths(c["hours"]) * 6 // 38], hundredths(c["days"]) * 6 // 5)
        m = spread(c, ("worker_id",), {"a": a.astype("int64")})
        m = m.groupby(["worker_id", "month"], as_index=False)["a"].sum()
        until = m["a"].groupby([m["worker_id"], m["month"] // 3]).cumsum()
        m["admissible_100"] = np.minimum(until, CAP) - np.minimum(until - m.pop("a"), CAP)
        # one axis of time for all workers, who are further apart on it than any window is long
        at = (m["worker_id"] * 30_000 + m["month"]).to_numpy()
        total = np.append(0, m["admissible_100"].cumsum())
        found = m.assign(window_100=total[1:] - total[np.searchsorted(at, at - WINDOW + 1)])
    elif task == "client_year":
        c, i = read("contracts", bought), read("invoices", issued)
        amounts = {"days_100": hundredths(c["days"]).astype("int64"), "gross_cents": c["gross_cents"].to_numpy()}
        c = spread(c, PAIR, amounts, "year").groupby(["client_id", "year"]).agg(
            workers=("worker_id", "nunique"), contracts=("worker_id", "size"), days_100=("days_100", "sum"),
            gross_cents=("gross_cents", "sum"), first_on=("start_on", "min"), last_on=("end_on", "max"))
        year = c.index.get_level_values("year").astype("str")
        c = c.assign(first_on=np.maximum(c["first_on"], pd.to_datetime(year + "-01-01")),
                     last_on=np.minimum(c["last_on"], pd.to_datetime(year + "-12-31")))
        i = i["amount_cents"].groupby([i["client_id"], i["issued_on"].dt.year.rename("year")]).sum()
        c = c.join(i.rename("invoiced_cents"), how="outer").reset_index()
        found = c.fillna(dict.fromkeys(["workers", "contracts", "days_100", "gross_cents", "invoiced_cents"], 0))
    elif task == "invoice_month":
        i = read("invoices", issued)
        debit, settled, a = i["amount_cents"] >= 0, i["paid_on"].notna(), i["amount_cents"].clip(0)
        lost, late = ~settled & i["written_off_on"].notna(), debit & (i["paid_on"] > i["due_on"])
        wait, over = ((i["paid_on"] - i[n]).dt.days.fillna(0).astype("int64") for n in ("issued_on", "due_on"))
        found = pd.DataFrame({
            "month": count(i["issued_on"], "M") + 1970 * 12, "invoices": debit, "amount_cents": a,
            "credit_cents": a - i["amount_cents"], "paid": debit & settled, "paid_cents": a * settled,
            "paid_cent_days": a * wait, "written_off_cents": a * lost, "unpaid_cents": a * ~(settled | lost),
            "late": late, "late_days": over * late}).groupby("month", as_index=False).sum()
    elif task == "spells":
        found = islands(read("contracts", in_scope), ["worker_id"], GAP, "spell")[2].rename(columns={"span": "length"})
    else:
        c, at, found = islands(read("contracts", bought), ["worker_id", "client_id"], CHAIN_GAP, "chain")
        found["days"] = np.add.reduceat(c["days"].to_numpy(), at)
        found["one_day"] = np.add.reduceat((c["start_on"] == c["end_on"]).to_numpy("int64"), at) / found["contracts"]
        found["density"] = found["days"] / (found["span"] * 5 / 7)
        found = found.assign(long=np.logical_and.reduce([found[name] >= least for name, least in LONG.items()]))
    found.to_parquet(out / "all.parquet", index=False)


# -------------------- the table ---------------------------------------------------


def one(engine: str, task: str, folder: Path, out: Path) -> None:
    """Run one task in this process and print what it cost."""
    for library in IMPORTS[engine]:
        importlib.import_module(library)
    out.mkdir(exist_ok=True)
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    for each in TASKS if task == "all" else (task,):
        globals()[engine](each, folder, out)
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"wall": time.perf_counter() - start, "memory": after.ru_maxrss / 1e6,
                      "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}))


def equal(task: str, theirs: Path, reference: Path) -> bool:
    """Whether two results have the same columns and rows."""
    unlike = "coalesce(abs(a.{0} - b.{0}) > 1e-9 * abs(b.{0}), (a.{0} IS NULL) <> (b.{0} IS NULL))"
    with open_sql(reference.parent) as db:
        names, other = (sorted(row[0] for row in db.execute(f"DESCRIBE SELECT * FROM '{path}/*.parquet'").fetchall())
                        for path in (reference, theirs))
        if names != other:
            return False
        chosen = ", ".join(f"{n}::{'DATE' if n in DATES else 'DOUBLE' if n in FLOATS else 'BIGINT'} AS {n}"
                           for n in names)
        a, b = (f"(SELECT {chosen} FROM '{path}/*.parquet')" for path in (theirs, reference))
        differs = " OR ".join((unlike if n in FLOATS else "a.{0} IS DISTINCT FROM b.{0}").format(n) for n in names)
        return db.execute(f"""
            SELECT (SELECT count(*) FROM {a}) = (SELECT count(*) FROM {b}) AND count(*) = 0
            FROM {a} a FULL JOIN {b} b USING ({', '.join(KEYS[task])}) WHERE {differs}""").fetchone()[0]


def megabytes(task: str, folder: Path) -> float:
    """What the columns that a task needs take on disk."""
    with open_sql(folder) as db:
        return sum(db.execute(
            f"SELECT sum(total_compressed_size) / 1e6 FROM parquet_metadata('{files(folder, table)}') "
            f"WHERE path_in_schema IN {columns}").fetchone()[0] for table, columns in READ[task].items())


def make(workers: int, folder: Path) -> None:
    """The tables of a synthetic world, and the law."""
    from analysis import law
    from data_synthetic.rules import Size
    from data_synthetic.simulate import write_tables
    from data_synthetic.world import read_world

    folder.mkdir()
    write_tables(read_world(), Size(workers, *YEARS), 7, folder, 2)
    fees = [(day.isoformat(), fee) for day, fee in law.reference_fees() if day <= LAST]
    prices = [(m, law.deflator(m // 12, m % 12 + 1, LAST.year)) for m in range(MONTHS[0], MONTHS[1] + 1)]
    (folder / "law.json").write_text(json.dumps({"fees": fees, "prices": prices}))


def _in_a_child(*words) -> str:
    """What this file prints in a process of its own: a child's peak memory begins at that of its parent."""
    done = subprocess.run([sys.executable, __file__, *map(str, words)], capture_output=True, text=True)
    if done.returncode:
        print(done.stderr[-400:], file=sys.stderr)
    return done.stdout.strip()


def best(engines, task: str, folder: Path, scratch: Path, repeat: int) -> dict:
    """The cost of a task on each engine in the run of least CPU time, None where one failed; all in turn."""
    runs = [{e: json.loads(_in_a_child("--one", e, task, folder, scratch / e) or "null") for e in engines}
            for _ in range(repeat)]
    return {e: min((run[e] for run in runs), key=lambda cost: cost["cpu"]) if all(run[e] for run in runs) else None
            for e in engines}


def measure(label: str, workers: int, engines, repeat: int, scratch: Path) -> dict:
    """All tasks on all engines at one size: (engine, task) → cost."""
    data, costs, read = scratch / "data", {}, {}
    _in_a_child("--make", workers, data)
    print(f"\n{label} contracts, best of {repeat}\n{'CPU s (wall s, peak GB)':24s}"
          + "".join(f"{e:>24s}" for e in engines) + f"{'ours/SQL':>10s}{'MB read':>10s}{'ours/scan':>10s}")
    for task in (*TASKS, "all"):
        with tempfile.TemporaryDirectory(dir=scratch) as made:
            found = best((*engines, "scan"), task, data, Path(made), repeat)
            same = {e: task == "all" or _in_a_child("--equal", task, Path(made, e), Path(made, "sql")) == "True"
                    for e in engines}
        read[task] = sum(read.values()) if task == "all" else float(_in_a_child("--megabytes", task, data))
        print(f"{'all in one process' if task == 'all' else task:24s}"
              + "".join(_cell(found[e], same[e]) for e in engines)
              + f"{_ratio(found, 'sql')}{read[task]:10.1f}{_ratio(found, 'scan')}", flush=True)
        costs |= {(e, task): found[e] for e in engines}
    return costs


def _cell(cost, same) -> str:
    if cost is None:
        return f"{'failed':>24s}"
    return f"{cost['cpu']:.2f} ({cost['wall']:.2f}, {cost['memory']:.2f}){'' if same else ' DIFFERS'}".rjust(24)


def _ratio(found: dict, other: str) -> str:
    return f"{found['ours']['cpu'] / found[other]['cpu']:10.2f}" if found["ours"] and found[other] else f"{'–':>10s}"


def write(found: dict) -> None:
    """Keep the sums over all panels for the chapter on scale."""
    lines = ["# Measured by bench/panels.py --write on two cores of one machine; ratios travel better than the rest.",
             "size,engine,cpu,wall,memory"]
    for label, costs in found.items():
        for engine in dict.fromkeys(e for e, _ in costs):
            cost = costs[engine, "all"]
            lines.append(f"{label},{engine},{cost['cpu']:.2f},{cost['wall']:.2f},{cost['memory']:.2f}")
    COSTS.write_text("\n".join(lines) + "\n", "utf-8")


def main() -> None:
    found, asked = {}, sys.argv
    for label, workers in SIZES.items():
        big = label == "100 million"
        if big and "--big" not in asked:
            continue
        repeat = int(asked[asked.index("--repeat") + 1]) if "--repeat" in asked else 3 if label == "1 million" else 1
        with tempfile.TemporaryDirectory() as scratch:
            found[label] = measure(label, workers, ENGINES[:2] if big else ENGINES, repeat, Path(scratch))
    if "100 million" in found:
        ten, hundred = (found[size]["ours", "all"]["cpu"] for size in ("10 million", "100 million"))
        print(f"\nten times the contracts take {hundred / ten:.1f} times the CPU")
    if "--write" in asked:
        write(found)


if __name__ == "__main__":
    if "--one" in sys.argv:
        one(sys.argv[2], sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5]))
    elif "--equal" in sys.argv:
        print(equal(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])))
    elif "--megabytes" in sys.argv:
        print(megabytes(sys.argv[2], Path(sys.argv[3])))
    elif "--make" in sys.argv:
        make(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
