"""How long panels take: the project's expressions against pandas, hand-written DuckDB SQL and polars, on equal results.

    .venv/bin/python -m pip install polars
    .venv/bin/python bench/panels.py             one and ten million contracts
    .venv/bin/python bench/panels.py --big       a hundred million too: ours and SQL only, pandas does not fit
    .venv/bin/python bench/panels.py --write     keeps the sums for the chapter on scale

Every cell is a process of its own, from Parquet to Parquet, and so are all panels together; CPU seconds are those of
the work, imports excluded. The results of every engine are compared with those of SQL, row by row. Only the ratios mean
anything on another machine.
"""

import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

SIZES = {"1 million": 24_700, "10 million": 247_000, "100 million": 2_470_000}
TASKS = ("worker_month", "pair_month", "rolling", "client_year", "invoice_month", "spells", "chains")
ENGINES = ("ours", "sql", "polars", "pandas")
KEYS = {"worker_month": ("worker_id", "month"), "pair_month": ("worker_id", "client_id", "month"),
        "rolling": ("worker_id", "month"), "client_year": ("client_id", "year"), "invoice_month": ("month",),
        "spells": ("worker_id", "spell"), "chains": ("worker_id", "client_id", "chain")}
WINDOW, GAP, CHAIN_GAP = 21, 7, 14
COSTS = Path(__file__).resolve().parents[1] / "analysis" / "costs.csv"


def files(folder: Path, table: str) -> str:
    """The Parquet files of a table, as a pattern."""
    single = folder / f"{table}.parquet"
    return str(single if single.is_file() else folder / table / "*.parquet")


# -------------------- ours --------------------------------------------------------


@cache
def panels_of(folder: Path):
    """The panels of a dataset, which keep what several of them need."""
    from analysis.datasets import Dataset
    from analysis.panels import Panels
    from analysis.scope import Scope

    return Panels(Dataset("bench", str(folder), None, guarded=False), Scope("everywhere", 2001, 2020))


def ours(task: str, folder: Path, out: Path) -> None:
    import ibis
    from ibis import _

    from analysis.panels import chains, spells

    panels = panels_of(folder)
    expression = {
        "worker_month": lambda: panels.worker_month[[*KEYS[task], "days_100", "hours_100", "gross_cents", "contracts",
                                                       "clients"]],
        "pair_month": lambda: panels.pair_month[[*KEYS[task], "days_100", "hours_100", "gross_cents", "contracts"]],
        "rolling": lambda: panels.worker_month.select("worker_id", "month", days_100=_.days_100.sum().over(
            ibis.window(group_by="worker_id", order_by="month", range=(1 - WINDOW, 0))).cast("int64")),
        "client_year": lambda: panels.client_year[[*KEYS[task], "workers", "contracts", "gross_cents",
                                                   "invoiced_cents"]],
        "invoice_month": lambda: panels.invoice_month[["month", "invoices", "amount_cents", "paid_cents"]],
        "spells": lambda: spells(panels, GAP)[["worker_id", "spell", "start_on", "end_on", "contracts"]],
        "chains": lambda: chains(panels, CHAIN_GAP)[["worker_id", "client_id", "chain", "start_on", "end_on",
                                                     "contracts"]],
    }[task]()
    panels.dataset.backend.to_parquet(expression, out)


# -------------------- hand-written SQL --------------------------------------------

MONTHS = """
    WITH c AS (SELECT contract_id, worker_id, client_id, start_on, end_on,
                      round(days * 100)::BIGINT AS d, round(hours * 100)::BIGINT AS h, gross_cents AS g,
                      date_diff('day', start_on, end_on) + 1 AS t,
                      year(start_on) * 12 + month(start_on) - 1 AS m0, year(end_on) * 12 + month(end_on) - 1 AS m1
               FROM '{contracts}'),
    x AS (SELECT contract_id, worker_id, client_id, m0 AS month, d, h, g FROM c WHERE m0 = m1
          UNION ALL
          SELECT contract_id, worker_id, client_id, month, d * c1 // t - d * c0 // t, h * c1 // t - h * c0 // t,
                 g * c1 // t - g * c0 // t
          FROM (SELECT *, greatest(date_diff('day', start_on, make_date(month // 12, month % 12 + 1, 1)), 0) AS c0,
                       least(t, date_diff('day', start_on, make_date((month + 1) // 12, (month + 1) % 12 + 1, 1))) AS c1
                FROM (SELECT *, unnest(range(m0, m1 + 1)) AS month FROM c WHERE m1 > m0)))
"""
ISLANDS = """
    WITH a AS (SELECT {keys}, contract_id, start_on, end_on,
                      max(end_on) OVER (PARTITION BY {keys} ORDER BY start_on, contract_id
                                        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered
               FROM '{contracts}' {where}),
    b AS (SELECT *, sum((covered IS NULL OR start_on - covered - 1 > {gap})::INT)
                        OVER (PARTITION BY {keys} ORDER BY start_on, contract_id) AS {name} FROM a)
    SELECT {keys}, {name}, min(start_on) AS start_on, max(end_on) AS end_on, count(*) AS contracts
    FROM b GROUP BY ALL
"""
# An Activity is in scope with its owner.
INVOICES = """(SELECT * FROM '{invoices}' WHERE contract_id IS NOT NULL OR activity_id IN (
        SELECT activity_id FROM '{activities}' WHERE owner_id IN (SELECT worker_id FROM '{contracts}')))"""
SQL = {
    "worker_month": MONTHS + """SELECT worker_id, month, sum(d) AS days_100, sum(h) AS hours_100, sum(g) AS gross_cents,
        count(*) AS contracts, count(DISTINCT client_id) AS clients FROM x GROUP BY ALL""",
    "pair_month": MONTHS + """SELECT worker_id, client_id, month, sum(d) AS days_100, sum(h) AS hours_100,
        sum(g) AS gross_cents, count(*) AS contracts FROM x WHERE client_id IS NOT NULL GROUP BY ALL""",
    "rolling": MONTHS + """SELECT worker_id, month, sum(sum(d)) OVER (PARTITION BY worker_id ORDER BY month
        RANGE BETWEEN 20 PRECEDING AND CURRENT ROW) AS days_100 FROM x GROUP BY worker_id, month""",
    "client_year": MONTHS + """SELECT coalesce(c.client_id, i.client_id) AS client_id, coalesce(c.year, i.year) AS year,
        coalesce(workers, 0) AS workers, coalesce(contracts, 0) AS contracts, coalesce(gross_cents, 0) AS gross_cents,
        coalesce(invoiced_cents, 0) AS invoiced_cents FROM
        (SELECT client_id, month // 12 AS year, count(DISTINCT worker_id) AS workers,
                count(DISTINCT contract_id) AS contracts, sum(g) AS gross_cents
         FROM x WHERE client_id IS NOT NULL GROUP BY ALL) c
        FULL JOIN (SELECT client_id, year(issued_on) AS year, sum(amount_cents) AS invoiced_cents
                   FROM """ + INVOICES + """
                   WHERE year(issued_on) BETWEEN 2001 AND 2020 GROUP BY ALL) i USING (client_id, year)""",
    "invoice_month": """SELECT year(issued_on) * 12 + month(issued_on) - 1 AS month, count(*) AS invoices,
        sum(amount_cents) AS amount_cents, coalesce(sum(amount_cents) FILTER (paid_on IS NOT NULL), 0) AS paid_cents
        FROM """ + INVOICES + """ WHERE amount_cents >= 0 AND year(issued_on) BETWEEN 2001 AND 2020 GROUP BY ALL""",
    "spells": ISLANDS.replace("{keys}", "worker_id").replace("{gap}", str(GAP)).replace("{name}", "spell")
    .replace("{where}", ""),
    "chains": ISLANDS.replace("{keys}", "worker_id, client_id").replace("{gap}", str(CHAIN_GAP))
    .replace("{name}", "chain").replace("{where}", "WHERE client_id IS NOT NULL"),
}


def sql(task: str, folder: Path, out: Path) -> None:
    import duckdb

    query = SQL[task].format(contracts=files(folder, "contracts"), invoices=files(folder, "invoices"),
                             activities=files(folder, "activities"))
    with duckdb.connect() as db:
        db.execute(f"COPY ({query}) TO '{out}' (FORMAT parquet)")


# -------------------- polars ------------------------------------------------------


def polars(task: str, folder: Path, out: Path) -> None:
    import polars as pl

    c, col = pl.scan_parquet(files(folder, "contracts")), pl.col

    def index(name):
        return (col(name).dt.year() * 12 + col(name).dt.month() - 1).cast(pl.Int32)

    def months():
        s = c.with_columns(m0=index("start_on"), m1=index("end_on"), d=(col("days") * 100).round().cast(pl.Int64),
                           h=(col("hours") * 100).round().cast(pl.Int64), g=col("gross_cents"),
                           t=(col("end_on") - col("start_on")).dt.total_days() + 1)
        keep = ["contract_id", "worker_id", "client_id", "month", "d", "h", "g"]
        one = s.filter(col("m0") == col("m1")).with_columns(month="m0").select(keep)
        many = s.filter(col("m1") > col("m0")).with_columns(month=pl.int_ranges("m0", col("m1") + 1, dtype=pl.Int32))
        many = many.explode("month")

        def until(month):
            first = pl.date(month // 12, month % 12 + 1, 1)
            return (first - col("start_on")).dt.total_days()

        many = many.with_columns(c0=pl.max_horizontal(until(col("month")), 0),
                                 c1=pl.min_horizontal("t", until(col("month") + 1)))
        many = many.with_columns(**{x: col(x) * col("c1") // col("t") - col(x) * col("c0") // col("t")
                                    for x in ("d", "h", "g")})
        return pl.concat([one, many.select(keep)])

    def known(x):  # the sum, null where nothing is known
        return pl.when(x.count() > 0).then(x.sum())

    sums = {"days_100": col("d").sum(), "hours_100": known(col("h")), "gross_cents": col("g").sum(),
            "contracts": pl.len()}

    def invoices():
        owned = pl.scan_parquet(files(folder, "activities"))
        owned = owned.join(c, left_on="owner_id", right_on="worker_id", how="semi")
        i = pl.scan_parquet(files(folder, "invoices")).filter(col("issued_on").dt.year().is_between(2001, 2020))
        return pl.concat([i.filter(col("contract_id").is_not_null()), i.join(owned, on="activity_id", how="semi")])

    def islands(keys, gap, name, rows):
        rows = rows.select(*keys, "contract_id", "start_on", "end_on").sort(*keys, "start_on", "contract_id")
        rows = rows.with_columns(covered=col("end_on").cum_max().shift(1).over(keys))
        new = col("covered").is_null() | ((col("start_on") - col("covered")).dt.total_days() - 1 > gap)
        rows = rows.with_columns(new.cast(pl.Int32).cum_sum().over(keys).alias(name))
        return rows.group_by(*keys, name).agg(start_on=col("start_on").min(), end_on=col("end_on").max(),
                                              contracts=pl.len())

    if task == "worker_month":
        found = months().group_by("worker_id", "month").agg(
            **sums, clients=col("client_id").drop_nulls().n_unique())
    elif task == "pair_month":
        found = months().filter(col("client_id").is_not_null()).group_by(KEYS[task]).agg(**sums)
    elif task == "rolling":
        p = months().group_by("worker_id", "month").agg(days_100=col("d").sum()).sort("worker_id", "month")
        found = p.rolling("month", period=f"{WINDOW}i", group_by="worker_id").agg(days_100=col("days_100").sum())
    elif task == "client_year":
        bought = months().filter(col("client_id").is_not_null()).group_by("client_id", year=col("month") // 12).agg(
            workers=col("worker_id").n_unique(), contracts=col("contract_id").n_unique(), gross_cents=col("g").sum())
        i = invoices()
        i = i.group_by("client_id", year=col("issued_on").dt.year()).agg(invoiced_cents=col("amount_cents").sum())
        found = bought.join(i, on=["client_id", "year"], how="full", coalesce=True).with_columns(
            pl.col("workers", "contracts", "gross_cents", "invoiced_cents").fill_null(0))
    elif task == "invoice_month":
        i = invoices()
        found = i.filter(col("amount_cents") >= 0).group_by(month=index("issued_on")).agg(
            invoices=pl.len(), amount_cents=col("amount_cents").sum(),
            paid_cents=col("amount_cents").filter(col("paid_on").is_not_null()).sum())
    elif task == "spells":
        found = islands(["worker_id"], GAP, "spell", c)
    else:
        found = islands(["worker_id", "client_id"], CHAIN_GAP, "chain", c.filter(col("client_id").is_not_null()))
    found.sink_parquet(out)


# -------------------- pandas ------------------------------------------------------


def pandas(task: str, folder: Path, out: Path) -> None:
    import numpy as np
    import pandas as pd

    def read(table, columns):
        return pd.read_parquet(folder / f"{table}.parquet" if (folder / f"{table}.parquet").is_file()
                               else folder / table, columns=columns, dtype_backend="pyarrow")

    def days(frame, *names):
        for name in names:
            frame[name] = frame[name].astype("datetime64[s]")
        return frame

    def months():
        c = days(read("contracts", ["contract_id", "worker_id", "client_id", "start_on", "end_on", "days",
                                    "hours", "gross_cents"]), "start_on", "end_on")
        c = c.astype({"worker_id": "int64", "gross_cents": "int64", "client_id": "Int64"})
        c["d"] = (c["days"].astype("float64") * 100).round().astype("int64")
        c["h"] = (c["hours"].astype("float64") * 100).round()
        start, end = (c[n].to_numpy("datetime64[D]") for n in ("start_on", "end_on"))
        m0, m1 = (d.astype("datetime64[M]").astype("int64") for d in (start, end))
        t = (end - start).astype("int64") + 1
        row = np.repeat(np.arange(len(c)), m1 - m0 + 1)
        first = np.cumsum(m1 - m0 + 1) - (m1 - m0 + 1)
        month = m0[row] + np.arange(len(row)) - first[row]
        opens, closes = (m.astype("datetime64[M]").astype("datetime64[D]") for m in (month, month + 1))
        c0 = np.maximum((opens - start[row]).astype("int64"), 0)
        c1 = np.minimum(t[row], (closes - start[row]).astype("int64"))
        frame = c[["contract_id", "worker_id", "client_id"]].take(row)
        frame["month"] = month + 1970 * 12
        for name in ("d", "h", "gross_cents"):
            x = c[name].to_numpy()[row]
            frame[name] = x * c1 // t[row] - x * c0 // t[row]
        return frame.rename(columns={"d": "days_100", "h": "hours_100"})

    def invoices(*columns):
        i = days(read("invoices", ["contract_id", "activity_id", "issued_on", *columns]), "issued_on")
        owners = read("activities", ["activity_id", "owner_id"])
        owned = owners[owners["owner_id"].isin(read("contracts", ["worker_id"])["worker_id"].unique())]["activity_id"]
        i = i[i["contract_id"].notna() | i["activity_id"].isin(owned)]
        return i[i["issued_on"].dt.year.between(2001, 2020)]

    def islands(keys, gap, name, frame):
        frame = frame.sort_values([*keys, "start_on", "contract_id"], kind="stable", ignore_index=True)
        end = frame["end_on"].to_numpy("datetime64[D]").astype("int64")
        frame["end"] = end
        covered = frame.groupby(keys)["end"].cummax().shift(1)
        start = frame["start_on"].to_numpy("datetime64[D]").astype("int64")
        first = ~frame.duplicated(keys)
        new = first | (start - covered.fillna(0) - 1 > gap)
        frame[name] = new.astype("int64").groupby([frame[k] for k in keys]).cumsum()
        return frame.groupby([*keys, name], as_index=False).agg(
            start_on=("start_on", "min"), end_on=("end_on", "max"), contracts=("contract_id", "size"))

    def sums(frame, keys, **more):
        groups = frame.groupby(keys)
        found = groups.agg(days_100=("days_100", "sum"), gross_cents=("gross_cents", "sum"),
                           contracts=("month", "size"), **more)
        return found.assign(hours_100=groups["hours_100"].sum(min_count=1)).reset_index()

    if task == "worker_month":
        found = sums(months(), ["worker_id", "month"], clients=("client_id", "nunique"))
    elif task == "pair_month":
        found = sums(months().dropna(subset="client_id"), list(KEYS[task]))
    elif task == "rolling":
        p = months().groupby(["worker_id", "month"], as_index=False)["days_100"].sum()
        total = np.append(0, p["days_100"].cumsum().to_numpy())
        place = p["worker_id"].to_numpy() * 100_000 + p["month"].to_numpy()
        begins = np.maximum(np.searchsorted(place, place - WINDOW + 1), np.searchsorted(
            p["worker_id"].to_numpy(), p["worker_id"].to_numpy()))
        found = p.assign(days_100=total[1:] - total[begins])
    elif task == "client_year":
        c = months().dropna(subset="client_id")
        c["year"] = c["month"] // 12
        bought = c.groupby(["client_id", "year"]).agg(workers=("worker_id", "nunique"), contracts=(
            "contract_id", "nunique"), gross_cents=("gross_cents", "sum"))
        i = invoices("client_id", "amount_cents")
        billed = i.groupby(["client_id", i["issued_on"].dt.year.rename("year")])["amount_cents"].sum()
        found = bought.join(billed.rename("invoiced_cents"), how="outer").fillna(0).reset_index()
    elif task == "invoice_month":
        i = invoices("paid_on", "amount_cents")
        i = i[i["amount_cents"] >= 0]
        i = i.assign(month=i["issued_on"].dt.year * 12 + i["issued_on"].dt.month - 1,
                     paid_cents=i["amount_cents"].where(i["paid_on"].notna(), 0))
        found = i.groupby("month", as_index=False).agg(
            invoices=("month", "size"), amount_cents=("amount_cents", "sum"), paid_cents=("paid_cents", "sum"))
    else:
        c = days(read("contracts", ["worker_id", "client_id", "contract_id", "start_on", "end_on"]),
                 "start_on", "end_on")
        found = islands(["worker_id"], GAP, "spell", c) if task == "spells" else islands(
            ["worker_id", "client_id"], CHAIN_GAP, "chain", c.dropna(subset="client_id"))
    found.to_parquet(out, index=False)


# -------------------- the table ---------------------------------------------------


def one(engine: str, task: str, folder: Path, out: Path) -> None:
    """Run one task in this process and print what it cost."""
    for library in {"ours": ("ibis", "analysis.panels"), "sql": ("duckdb",), "polars": ("polars",),
                    "pandas": ("numpy", "pandas", "pyarrow.dataset")}[engine]:
        importlib.import_module(library)
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    for each in TASKS if task == "all" else (task,):
        globals()[engine](each, folder, out)
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"wall": time.perf_counter() - start, "memory": after.ru_maxrss / 1e6,
                      "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}))


def equal(task: str, ours_: Path, theirs: Path) -> bool:
    """Whether two results have the same rows."""
    import duckdb

    with duckdb.connect() as db:
        columns = [row[0] for row in db.execute(f"DESCRIBE SELECT * FROM '{theirs}'").fetchall()]
        dates = {"start_on", "end_on"}
        chosen = ", ".join(f"{c}::DATE" if c in dates else f"{c}::BIGINT" for c in columns)
        sides = [f"SELECT {chosen} FROM '{path}'" for path in (ours_, theirs)]
        return all(db.execute(f"SELECT count(*) FROM ({a} EXCEPT ALL {b})").fetchone()[0] == 0
                   for a, b in (sides, sides[::-1]))


def bare_scan(folder: Path) -> tuple[float, float]:
    """CPU seconds to read the six columns that worker_month needs, and their megabytes on disk."""
    import duckdb
    import pyarrow.parquet as pq

    columns = ("worker_id", "client_id", "start_on", "end_on", "days", "gross_cents")
    paths = [folder / "contracts.parquet"] if (folder / "contracts.parquet").is_file() else sorted(
        (folder / "contracts").glob("*.parquet"))
    size = sum(g.column(i).total_compressed_size for p in paths for m in [pq.read_metadata(p)]
               for k in range(m.num_row_groups) for g in [m.row_group(k)] for i in range(g.num_columns)
               if g.column(i).path_in_schema in columns)
    start = time.process_time()
    with duckdb.connect() as db:
        db.execute(f"SELECT {', '.join(f'max({c})' for c in columns)} FROM '{files(folder, 'contracts')}'").fetchall()
    return time.process_time() - start, size / 1e6


def make(workers: int, folder: Path) -> None:
    """The tables of a synthetic world."""
    from data_synthetic.rules import Size
    from data_synthetic.simulate import write_tables
    from data_synthetic.world import read_world

    folder.mkdir()
    write_tables(read_world(), Size(workers, 2001, 2020), 7, folder, 2)


def _in_a_child(*words) -> str:
    """What this file prints in a process of its own: a child's peak memory begins at that of its parent."""
    command = [sys.executable, __file__, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def measure(label: str, workers: int, engines, scratch: Path) -> dict:
    """All tasks on all engines at one size: (engine, task) → cost."""
    folder = scratch / "data"
    _in_a_child("--make", workers, folder)
    scan, size = bare_scan(folder)
    print(f"\n{label} contracts: {size:,.0f} MB in six columns, a bare scan takes {scan:.2f} CPU s")
    print(f"{'CPU s (wall s, peak GB)':16s}" + "".join(f"{e:>26s}" for e in engines))
    costs = {}
    for task in TASKS:
        for engine in engines:
            out = scratch / f"{engine}.parquet"
            done = subprocess.run([sys.executable, __file__, "--one", engine, task, str(folder), str(out)],
                                  capture_output=True, text=True)
            costs[engine, task] = json.loads(done.stdout) if done.returncode == 0 else None
            if done.returncode:
                print(done.stderr[-400:], file=sys.stderr)
        same = {e: _in_a_child("--equal", task, scratch / f"{e}.parquet", scratch / "sql.parquet") == "True"
                for e in engines if costs[e, task]}
        print(f"{task:16s}" + "".join(_cell(costs[e, task], same.get(e)) for e in engines), flush=True)
    for engine in engines:
        done = subprocess.run([sys.executable, __file__, "--one", engine, "all", str(folder), str(scratch / "all")],
                              capture_output=True, text=True, check=True)
        cost = costs[engine, "all"] = json.loads(done.stdout)
        print(f"  {engine:8s} all seven in one process {cost['cpu']:8.1f} CPU s, {cost['wall']:8.1f} s, "
              f"peak {cost['memory']:5.2f} GB, {cost['cpu'] / scan:6.1f} bare scans")
    return costs


def write(found: dict) -> None:
    """Keep the sums over all panels for the chapter on scale."""
    lines = ["# Measured by bench/panels.py --write on two cores of one machine; ratios travel better than the rest.",
             "size,engine,cpu,wall,memory"]
    for label, costs in found.items():
        for engine in dict.fromkeys(e for e, _ in costs):
            cost = costs[engine, "all"]
            lines.append(f"{label},{engine},{cost['cpu']:.2f},{cost['wall']:.2f},{cost['memory']:.2f}")
    COSTS.write_text("\n".join(lines) + "\n", "utf-8")


def _cell(cost, same) -> str:
    if cost is None:
        return f"{'failed':>26s}"
    return f"{cost['cpu']:9.2f} ({cost['wall']:.2f}, {cost['memory']:.2f}){'' if same else ' DIFFERS':s}".rjust(26)


def main() -> None:
    found = {}
    for label, workers in SIZES.items():
        if label.startswith("100 ") and "--big" not in sys.argv:
            continue
        engines = ("ours", "sql") if label.startswith("100 ") else ENGINES
        with tempfile.TemporaryDirectory() as scratch:
            found[label] = measure(label, workers, engines, Path(scratch))
    if "100 million" in found:
        total = [found[size]["ours", "all"]["cpu"] for size in ("10 million", "100 million")]
        print(f"\nten times the contracts take {total[1] / total[0]:.1f} times the CPU")
    if "--write" in sys.argv:
        write(found)


if __name__ == "__main__":
    if "--one" in sys.argv:
        one(sys.argv[2], sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5]))
    elif "--equal" in sys.argv:
        print(equal(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])))
    elif "--make" in sys.argv:
        make(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
