"""What changed when Smart became a cooperative: before and after, same people or others, and who began something.

None of these designs finds the effect of being a cooperative: it came once, for everybody, beside other changes.
Where a worker is compared with himself over time, months count in which he is *attached*: he has work in the twelve
months before and in the twelve months after (the month itself is not looked at), and his first two years are over. Of
a month there count eight contracts at most, so that daily contracts do not speak for everybody.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from ibis import _

from analysis import criteria, law
from analysis.measures.answer import Answer, cut
from analysis.models import composition as mix
from analysis.models import eventstudy, interrupted, sensitivity
from analysis.models.interrupted import Break
from analysis.panels import Panels, month_of

Z = 1.959963984540054
FORECAST_DIGITS = 3      # a forecast comes from a search that stops near its goal


@dataclass(frozen=True)
class Registered:
    """The choices made before the data were opened: [change] of book/criteria.toml says what each is."""

    window_years: int
    attached: int
    settled: int
    most: int
    horizon: int
    reform_years: int
    donut: int
    clear_of_floor: float
    reform_until: tuple[int, int]
    profile: int
    busiest: int
    smallest: int
    quarters: int
    last: int
    recent: int
    follow: int


REGISTERED = criteria.parameters("change", Registered)
OUTCOMES = {"workers": "workers with a contract", "contracts": "contracts", "one_day": "share of one-day contracts",
            "pay": "real pay per day of the middle worker"}


def _event(name: str) -> int:
    """The month of one event of regime_dates.csv, counted since year 0."""
    dates = law.table("regime_dates").set_index("name")["date"]
    return dates[name].year * 12 + dates[name].month - 1


def _last_calm(panels: Panels) -> int:
    """The last month before the pandemic, or of the scope."""
    return min(_event("Covid-19") - 1, panels.scope.last_year * 12 + 11)


def transition(panels: Panels, first: int) -> Break:
    """The break at the cooperative; from the vote to its start nothing counts; the reform of 2014 has its own step."""
    start = _event("Cooperative")
    steps = tuple(m for m in (_event("Reference fee 57.76"),) if m > first)
    return Break(start, drop=(_event("Vote for a cooperative"), start - 1), steps=steps)


def _answer(frame: pd.DataFrame, keys: tuple[str, ...]) -> Answer:
    """An answer of `frame` with its last digits cut off."""
    forecast = [column for column in frame if column.startswith("forecast")]
    return Answer(cut(frame).assign(**cut(frame[forecast], FORECAST_DIGITS)), keys)


# -- series of everybody ---------------------------------------------------------------------------------------

def monthly(panels: Panels) -> Answer:
    """Monthly series: workers with a contract that begins, contracts, share of one-day contracts, median pay per day.

    Unit: persons, contracts, share, EUR of the last year (the middle worker-month's gross pay ÷ declared days). Shape:
    month. `at` is the month as a decimal year. Pitfall: a series mixes what people do with who is there.
    """
    frame = _monthly(panels)
    frame["at"] = frame["month"] // 12 + frame["month"] % 12 / 12
    return _answer(frame, ("month",))


def _monthly(panels: Panels) -> pd.DataFrame:
    single = (_.start_on == _.end_on).cast("float64").mean()
    begun = panels.started.group_by("month").agg(workers=_.worker_id.nunique(), contracts=_.count(), one_day=single)
    paid = panels.worker_month.filter(_.days_100 > 0).mutate(per_day=_.real_cents / _.days_100)
    paid = paid.group_by("month").agg(pay=_.per_day.median())
    frame = begun.join(paid, "month").execute()
    return frame.sort_values("month", ignore_index=True)


def at_the_transition(panels: Panels) -> Answer:
    """Interrupted time series at January 2017: change in level and in yearly slope, by outcome.

    Counts (workers, contracts) by quasi-Poisson, in log points; the share in points, 0–1; pay in EUR. `level` with
    `low` and `high`, `slope` with its own; `placebo`: how often a date on which nothing happened shows as large a
    level; `forecast` with `forecast_low` and `forecast_high`: mean gap from a local linear trend with seasons over two
    years. The months from the vote to the start are left out, and those from Covid-19 on; the reform of 2014 has a
    step of its own. Shape: outcome. Reading: consistent with a change at the transition. Pitfalls: growth that was
    under way, couriers, cuts of employer rates in 2016 and 2018: not the effect of the cooperative.
    Source: Lopez Bernal, Cummins & Gasparrini 2017.
    """
    frame = _monthly(panels)
    cooperative = _event("Cooperative")
    first = max(cooperative - 12 * REGISTERED.window_years, int(frame["month"].min()))
    frame = frame[frame["month"].between(first, _last_calm(panels))]
    months = frame["month"].to_numpy()
    breaks = transition(panels, first)
    rows = []
    for outcome in OUTCOMES if _wide_enough(months, breaks) else ():
        values = frame[outcome].to_numpy(dtype=float)
        count = outcome in ("workers", "contracts")
        found = (interrupted.counts if count else interrupted.linear)(months, values, breaks)
        shown = np.log(values) if count else values
        rank, dates = interrupted.placebo_rank(months, shown, breaks)
        gap, error = interrupted.forecast_gap(months, shown, breaks)
        rows.append({"outcome": outcome, "workers": int(frame["workers"].min()), **_said(found),
                     "placebo": rank, "dates": dates, "forecast": gap, "forecast_low": gap - Z * error,
                     "forecast_high": gap + Z * error})
    columns = ["outcome", "workers", *_said(None), "placebo", "dates", "forecast", "forecast_low", "forecast_high"]
    return _answer(pd.DataFrame(rows, columns=columns), ("outcome",))


def _wide_enough(months, breaks: Break) -> bool:
    """At least two years on each side of the break."""
    return (months < breaks.drop[0]).sum() >= 24 and (months > breaks.drop[1]).sum() >= 24


def _said(change) -> dict:
    """Level and slope of a change with their 95 % intervals, as columns."""
    columns = {}
    for name in ("level", "slope"):
        value = getattr(change, name, np.nan)
        error = getattr(change, f"{name}_se", np.nan)
        ends = ("low", "high") if name == "level" else ("slope_low", "slope_high")
        columns |= {name: value, ends[0]: value - Z * error, ends[1]: value + Z * error}
    return columns


# -- the same people, month by month ---------------------------------------------------------------------------

@dataclass(frozen=True)
class Calendar:
    """Contracts begun by worker and month, in memory only; `seen` where attached and past the first two years."""

    ids: np.ndarray
    first: int
    contracts: np.ndarray
    seen: np.ndarray

    def place(self, month) -> int:
        return int(month) - self.first

    def outcome(self, since: int, until: int) -> np.ndarray:
        """Contracts of the months from `since` to `until`, eight of each at most; nan where not attached."""
        part = slice(self.place(since), self.place(until) + 1)
        return np.where(self.seen[:, part], np.minimum(self.contracts[:, part], REGISTERED.most), np.nan)


def _calendar(panels: Panels) -> Calendar:
    f = panels.started.group_by("worker_id", "month").agg(contracts=_.count()).execute()
    ids, row = np.unique(f["worker_id"].to_numpy(), return_inverse=True)
    first, last = panels.scope.first_year * 12, panels.scope.last_year * 12 + 11
    contracts = np.zeros((len(ids), last - first + 1))
    contracts[row, f["month"].to_numpy() - first] = f["contracts"]
    worked, w = contracts > 0, REGISTERED.attached
    upto = np.concatenate([np.zeros((len(ids), 1)), worked.cumsum(axis=1)], axis=1)
    seen = np.zeros(contracts.shape, dtype=bool)
    for t in range(w, contracts.shape[1] - w):
        seen[:, t] = (upto[:, t] > upto[:, t - w]) & (upto[:, t + w + 1] > upto[:, t + 1])
    seen &= np.arange(contracts.shape[1]) >= worked.argmax(axis=1)[:, None] + REGISTERED.settled
    return Calendar(ids, first, contracts, seen)


def _matched(ids, frame, key, value, missing) -> np.ndarray:
    return frame.set_index(key)[value].reindex(ids).fillna(missing).to_numpy()


def _covers(panels: Panels, month: int) -> bool:
    """Whether the scope has two years on both sides of a month."""
    return panels.scope.first_year * 12 + 24 <= month <= panels.scope.last_year * 12 - 12


def _artists(panels: Panels, ids, until: int) -> np.ndarray:
    """1 for workers most of whose contracts before the month `until` are coded artistic, 0 for others, −1 without any.

    The contracts say it, since of some trades the list of professions cannot say whether they are artistic.
    """
    panels.dataset.need("contracts.artistic")
    c = panels.started.filter(_.month < until).mutate(art=_.artistic.fill_null(False).cast("float64"))
    w = c.group_by("worker_id").agg(share=_.art.mean()).execute()
    w["artist"] = (w["share"] > 0.5).astype(int)
    return _matched(ids, w, "worker_id", "artist", -1).astype(int)


def same_people(panels: Panels) -> Answer:
    """The break at January 2017 in the contracts of the same people, against that in all contracts.

    `all contracts`: quasi-Poisson of the monthly total. `same people`: the month factors of worker × month (Poisson),
    then least squares of their logs; other people cannot move them. Their error adds two: that of which workers are
    there (a jackknife of 20 groups), and that of shocks which reach everybody (Newey–West, 12 months). Unit: log
    points; the slope per year. `detectable` is the smallest yearly slope that the design would mostly find (2.8 SE).
    Shape: series. Pitfall: whatever else began then or grew from then on is in it: not the effect of the cooperative.
    """
    calendar, last = _calendar(panels), min(_last_calm(panels), panels.scope.last_year * 12 + 11 - REGISTERED.attached)
    cooperative = _event("Cooperative")
    first = max(cooperative - 12 * REGISTERED.window_years, calendar.first + 2 * REGISTERED.attached)
    months = np.arange(first, last + 1)
    breaks = transition(panels, first)
    columns = ["series", "workers", *_said(None), "detectable"]
    if not _wide_enough(months, breaks):
        return _answer(pd.DataFrame(columns=columns), ("series",))
    part = slice(calendar.place(first), calendar.place(last) + 1)
    whole = interrupted.counts(months, calendar.contracts[:, part].sum(axis=0), breaks)
    outcome = calendar.outcome(first, last)
    own = _within(outcome, months, breaks)
    rows = [{"series": name, "workers": int(people), **_said(found),
             "detectable": sensitivity.detectable(found.slope_se)} for name, people, found in (
                ("all contracts", (calendar.contracts[:, part] > 0).any(axis=1).sum(), whole),
                ("same people", (~np.isnan(outcome)).any(axis=1).sum(), own))]
    return _answer(pd.DataFrame(rows, columns=columns), ("series",))


def _within(outcome: np.ndarray, months: np.ndarray, breaks: Break) -> interrupted.Change:
    """The break in the month factors of the same people; errors of the draw of workers and of common shocks added."""
    effects = eventstudy.period_effects(outcome)
    found = [interrupted.linear(months, effects[:, k], breaks) for k in range(effects.shape[1])]
    level, level_se = eventstudy.jackknife(np.array([c.level for c in found]))
    slope, slope_se = eventstudy.jackknife(np.array([c.slope for c in found]))
    return interrupted.Change(level, float(np.hypot(level_se, found[0].level_se)), slope,
                              float(np.hypot(slope_se, found[0].slope_se)), len(months))


# -- composition -----------------------------------------------------------------------------------------------

def composition(panels: Panels, by: str = "profession") -> Answer:
    """Change of a worker's mean real pay of a year, two years before the cooperative against the last two.

    Kitagawa: the part of other shares of the groups and the part of other means in them, which add up to the change.
    `reweighted median`: change of the median if the mix of groups had stayed (DiNardo, Fortin & Lemieux); beside
    `median`, its change as it was. Unit: EUR a year, prices of the last year. Shape: part. Groups: `by`.
    """
    y = panels.with_traits(panels.population("P0"), by).select("worker_id", "year", group=by, pay=_.real_cents / 100)
    f = y.execute().sort_values(["year", "worker_id"], ignore_index=True)
    cooperative = _event("Cooperative") // 12
    before = f[f["year"].isin([cooperative - 3, cooperative - 2])]
    calm = f.loc[f["year"] * 12 + 11 <= _last_calm(panels), "year"].max() if len(f) else np.nan
    after = f[f["year"].isin([calm - 1, calm]) & (f["year"] >= cooperative)]
    columns = ["part", "workers", "value"]
    if before.empty or after.empty:
        return _answer(pd.DataFrame(columns=columns), ("part",))
    groups = sorted({*before["group"], *after["group"]})
    shares = [side["group"].value_counts(normalize=True).reindex(groups, fill_value=0) for side in (before, after)]
    means = [side.groupby("group")["pay"].mean().reindex(groups, fill_value=0) for side in (before, after)]
    moved, within = mix.kitagawa(shares[0], means[0], shares[1], means[1])
    weight = mix.reweighting(before["group"].to_numpy(), after["group"].to_numpy())
    ends = [mix.weighted_quantile(side["pay"].to_numpy(), w, 0.5) for side, w in (
        (before, np.ones(len(before))), (after, np.ones(len(after))), (after, weight))]
    parts = {"change of the mean": moved + within, "other people": moved, "same kinds of people": within,
             "change of the median": ends[1] - ends[0], "change of the median, mix as before": ends[2] - ends[0]}
    workers = min(before["worker_id"].nunique(), after["worker_id"].nunique())
    return _answer(pd.DataFrame({"part": list(parts), "workers": workers, "value": list(parts.values())}), ("part",))


# -- beginnings ------------------------------------------------------------------------------------------------

def _starts(panels: Panels, calendar: Calendar, kind: str) -> np.ndarray:
    """The month (place in the calendar) after the one in which each worker begins; NEVER for the others."""
    if kind == "Activity":
        panels.dataset.need("activities")
        events = panels.dataset.table("activities").select(worker_id="owner_id", on="opened_on")
    else:
        panels.dataset.need("shareholdings")
        events = panels.dataset.table("shareholdings").select("worker_id", on="subscribed_on")
    begun = events.group_by("worker_id").agg(on=_.on.min()).mutate(month=month_of(_.on)).execute()
    month = _matched(calendar.ids, begun, "worker_id", "month", -1).astype(np.int64)
    return np.where(month >= 0, month - calendar.first + 1, eventstudy.NEVER)


def beginnings(panels: Panels) -> Answer:
    """What follows a first Activity and a first share in the contracts of the same worker, in log points.

    `naive`: contracts per month, from the first to the last, of those who have begun against those who have not,
    whoever they are. `same worker`: against what the worker's own months before and the month's mean of those who have
    not begun predict (imputation, Poisson, 36 months; for an Activity, artists and others have months of their own).
    `matched`: for a share, against those who had as many contracts in the same month, about as many months with work
    among the six before, in the same half-year, and did not buy; over the six months after. `low`, `high`: 95 %, from a
    jackknife of workers; none for `naive`. `rv`: the robustness value; `detectable`: 2.8 SE.
    Shape: event × estimate. Unit: log points. Reading: timing, not cause, where the moment is chosen. Pitfall: who buys
    in a busy month was busier than usual, so that his own past is no fair comparison.
    Sources: Borusyak, Jaravel & Spiess 2024; Cinelli & Hazlett 2020.
    """
    calendar = _calendar(panels)
    first, last = calendar.first, panels.scope.last_year * 12 + 11
    artist = _artists(panels, calendar.ids, last + 1) if panels.dataset.has("contracts.artistic") else None
    y = calendar.outcome(first, last)
    calm = np.arange(first, last + 1) <= _last_calm(panels)
    y[:, ~calm] = np.nan
    rows = []
    present = _present(calendar) & calm
    for kind in ("Activity", "share"):
        start = _starts(panels, calendar, kind)
        treated = int((start < eventstudy.NEVER).sum())
        begun = np.arange(y.shape[1]) >= start[:, None]
        open_ = present & (np.arange(y.shape[1]) >= start.min())
        rates = [_log_rate(calendar.contracts[open_ & side]) for side in (begun, ~begun)]
        rows.append((kind, "naive", treated, rates[0] - rates[1], np.nan))
        stratum = artist if kind == "Activity" else None          # in so few years no stratum has a course of its own
        rows.append((kind, "same worker", treated, *eventstudy.imputed_ratio(
            y, start, REGISTERED.horizon, stratum=stratum)))
        if kind == "share":
            rows.append((kind, "matched", treated, *_risk_sets(calendar, start, calm)))
    return _answer(_estimates(rows, ["event", "estimate"]), ("event", "estimate"))


def _present(calendar: Calendar) -> np.ndarray:
    """From each worker's first contract to the last."""
    worked = calendar.contracts > 0
    return (worked.cumsum(axis=1) > 0) & (worked[:, ::-1].cumsum(axis=1)[:, ::-1] > 0)


def _log_rate(cells) -> float:
    return float(np.log(cells.mean())) if cells.sum() > 0 else float("nan")


def _estimates(rows, keys) -> pd.DataFrame:
    f = pd.DataFrame(rows, columns=[*keys, "workers", "value", "se"])
    reach = eventstudy.REACH * f["se"]
    f["low"], f["high"] = f["value"] - reach, f["value"] + reach
    known = (f["se"] > 0) & (f["workers"] > 2)
    f["rv"] = [sensitivity.robustness_value(v / e, int(n) - 1)[1] if k else np.nan
               for v, e, n, k in zip(f["value"], f["se"], f["workers"], known, strict=True)]
    f["detectable"] = sensitivity.detectable(f["se"])
    return f.drop(columns="se")


def _risk_sets(calendar: Calendar, start: np.ndarray, calm) -> tuple[float, float]:
    """log ratio of the contracts in the months after: buyers of a month against like workers who did not buy then.

    Cells: half-year × contracts of the month × months worked among those before (in pairs); each weighs by its buyers.
    """
    y, n = calendar.contracts, REGISTERED.profile
    worked = np.concatenate([np.zeros((len(y), 1)), (y > 0).cumsum(axis=1)], axis=1)
    who, cell, bought, after = [], [], [], []
    for t in range(max(n, int(start.min()) - 1), int(calm.sum()) - n):
        here = np.flatnonzero((start > t) & (y[:, t] > 0))
        past = (worked[here, t] - worked[here, t - n]) // 2
        busy = np.minimum(y[here, t], REGISTERED.busiest)
        who.append(here)
        cell.append((t // 6 * (n + 1) + past) * (REGISTERED.busiest + 1) + busy)
        bought.append(start[here] == t + 1)
        after.append(y[here, t + 1:t + 1 + n].sum(axis=1))
    if not who:
        return float("nan"), float("nan")
    who, cell, bought, after = map(np.concatenate, (who, cell, bought, after))
    _, cell = np.unique(cell, return_inverse=True)
    found = []
    for fold in range(eventstudy.FOLDS + 1):
        kept = who % eventstudy.FOLDS != fold - 1
        counts = [np.bincount(cell[kept & side], minlength=cell.max() + 1) for side in (bought, ~bought)]
        sums = [np.bincount(cell[kept & side], after[kept & side], cell.max() + 1) for side in (bought, ~bought)]
        both = (counts[0] > 0) & (counts[1] > 0)
        expected = (sums[1][both] / counts[1][both] * counts[0][both]).sum()
        with np.errstate(divide="ignore", invalid="ignore"):
            found.append(np.log(sums[0][both].sum() / expected))
    return eventstudy.jackknife(np.array(found))


def _quarters(panels: Panels, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Contracts by worker and quarter, nan where not attached or no longer calm, and the quarter of each beginning."""
    calendar = _calendar(panels)
    start = _starts(panels, calendar, kind)
    y = calendar.outcome(calendar.first, panels.scope.last_year * 12 + 11)
    y[:, np.arange(y.shape[1]) + calendar.first > _last_calm(panels)] = np.nan
    return y.reshape(len(y), -1, 3).sum(axis=2), np.where(start < eventstudy.NEVER, start // 3, start)


def around(panels: Panels, kind: str = "Activity") -> Answer:
    """Contracts of a quarter around the first Activity (or `share`), against those who begin later or never.

    Callaway and Sant'Anna by quarter: mean difference from the quarter before, `low` and `high` simultaneous for all
    quarters. `relative`: over the mean of the beginners in the quarter before. `breakdown`: M̄, how many times the
    largest step before the beginning the paths may part each quarter and the mean of the year after still lies off
    zero. Unit: contracts a quarter. Shape: quarter since the beginning; `workers` who begin and are seen in it and in
    the quarter before, at least ten.
    Source: Callaway & Sant'Anna 2021; Rambachan & Roth 2023.
    """
    quarterly, begin = _quarters(panels, kind)
    found = eventstudy.group_time(quarterly, begin)
    if found is None:
        return _answer(pd.DataFrame(columns=["quarter", "value", "low", "high", "relative", "workers", "breakdown"]),
                       ("quarter",))
    reach = REGISTERED.quarters
    shown = eventstudy.dynamic(found, (-reach, reach), REGISTERED.smallest)
    f = shown.frame
    base = [quarterly[i, g - 1] for i, g in enumerate(begin) if 0 < g < quarterly.shape[1]]
    level = np.nanmean(base) if np.isfinite(base).any() else np.nan
    return _answer(pd.DataFrame({
        "quarter": f["at"], "value": f["att"], "low": f["band_low"], "high": f["band_high"],
        "relative": f["att"] / level, "workers": f["treated"],
        "breakdown": eventstudy.breakdown(shown, REGISTERED.last)}), ("quarter",))


def estimators(panels: Panels) -> Answer:
    """Contracts in the year after a first Activity and a first share, by estimators that compare with others.

    `later or never` is that of `around`; see `eventstudy.estimators` for the rest. Mean over the workers who begin and
    the quarters of the year, less the quarter before. `low`, `high`: 95 %. Unit: contracts a quarter. Shape: event ×
    estimator; `workers` who begin. Reading: estimators that differ say that the answer hangs on whom one compares
    with: on the quarter before alone, or on all of the past. Pitfall: that they agree does not make it an effect.
    Sources: Callaway & Sant'Anna 2021; Sun & Abraham 2021; Borusyak, Jaravel & Spiess 2024.
    """
    parts = [eventstudy.estimators(*_quarters(panels, kind), REGISTERED.last, REGISTERED.quarters).assign(event=kind)
             for kind in ("Activity", "share")]
    f = pd.concat(parts, ignore_index=True)
    return _answer(pd.DataFrame({
        "event": f["event"], "estimator": f["estimator"], "workers": f["treated"].astype("int64"),
        "value": f["att"].astype(float), "low": (f["att"] - Z * f["se"]).astype(float),
        "high": (f["att"] + Z * f["se"]).astype(float)}), ("event", "estimator"))


def usual_regression(panels: Panels) -> Answer:
    """What the usual regression with fixed effects of workers and quarters would say of a first Activity, and its flaw.

    `value`: its coefficient, contracts a quarter. `forbidden`: the share of its weight in comparisons that take those
    who began earlier as controls of those who begin later. On the workers attached in every quarter of the four years
    before the cooperative who had no Activity at their start. Shape: one row per event. Source: Goodman-Bacon 2021.
    """
    until, columns = _event("Cooperative") - 1, ["event", "workers", "value", "forbidden"]
    panels.dataset.need("activities")
    if not _covers(panels, until):
        return _answer(pd.DataFrame(columns=columns), ("event",))
    calendar = _calendar(panels)
    start = _starts(panels, calendar, "Activity")
    first = max(until - 47, calendar.first)
    quarterly = calendar.outcome(first, until)
    quarterly = quarterly[:, quarterly.shape[1] % 3:].reshape(len(quarterly), -1, 3).sum(axis=2)
    begin = np.where(start < eventstudy.NEVER, (start - calendar.place(first)) // 3, start)
    begin = np.where(begin < quarterly.shape[1], begin, eventstudy.NEVER)
    kept = np.isfinite(quarterly).all(axis=1) & (begin > 0)
    if len(np.unique(begin[kept])) < 2:
        return _answer(pd.DataFrame(columns=columns), ("event",))
    row = ("Activity", int(kept.sum()), *eventstudy.two_way(quarterly[kept], begin[kept]))
    return _answer(pd.DataFrame([row], columns=columns), ("event",))


# -- the reform of 2014 ----------------------------------------------------------------------------------------

def _around_reform(panels: Panels, when: int) -> tuple[Calendar, np.ndarray]:
    """The calendar of the workers who were there before the reform, and which of them are artists."""
    calendar = _calendar(panels)
    kind = _artists(panels, calendar.ids, when)
    known = kind >= 0
    kept = Calendar(calendar.ids[known], calendar.first, calendar.contracts[known], calendar.seen[known])
    return kept, kind[known] > 0


def reform(panels: Panels) -> Answer:
    """Artists against others around April 2014: contracts and pay per day of the same workers, in log points.

    Artists are those whose contracts before were mostly coded artistic; who came later is in neither group.

    Difference in differences, with each worker's own level and a level for each month, up to the next rule (March
    2016); the months around the reform are left out. `contracts`: Poisson imputation over attached months. `pay`: log
    of gross pay per declared day, artistic contracts of artists against all of others, least-squares imputation.
    `pay above the floor`: the same for workers whose pay before was half as much again as the floor of the day.
    `others`: the break in the contracts of the other trades, the same people, trend and seasons allowed for: near zero
    if the reform left them alone. `naive`: all contracts of artists, two years after over two years before, less the
    same of others. `low`, `high`: 95 %. Unit: log points. Shape: outcome. Pitfalls: a trade may have changed for its
    own reasons; pay that a floor holds up moves less than what was agreed.
    """
    when = _event("Reference fee 57.76")
    panels.dataset.need("contracts.artistic")
    if not _covers(panels, when):
        return _answer(_estimates([], ["outcome"]), ("outcome",))
    calendar, artist = _around_reform(panels, when)
    year, month = REGISTERED.reform_until
    last = min(year * 12 + month - 1, panels.scope.last_year * 12 + 11)
    first = max(when - 12 * REGISTERED.reform_years, calendar.first)
    y = calendar.outcome(first, last)
    at = when - first
    hole = slice(max(at - REGISTERED.donut, 0), at + REGISTERED.donut)
    y[:, hole] = np.nan
    start = np.where(artist, at, eventstudy.NEVER)
    pay = _pay(panels, calendar, artist)[:, calendar.place(first):calendar.place(last) + 1]
    pay[:, hole] = np.nan
    floor = np.log(100 * law.minimum_daily(pd.Timestamp(when // 12, when % 12 + 1, 1)))
    above = _row_means(pay[:, :at]) > floor + np.log(REGISTERED.clear_of_floor)
    span, months = last - when + 1, np.arange(first, last + 1)
    others = _within(y[~artist], months, Break(when, drop=(when - REGISTERED.donut, when + REGISTERED.donut - 1)))
    rows = [
        ("contracts", artist.sum(), *eventstudy.imputed_ratio(y, start, span)),
        ("pay", artist.sum(), *eventstudy.imputed_difference(pay, start, span)),
        ("pay above the floor", (artist & above).sum(), *eventstudy.imputed_difference(
            pay[above], start[above], span)),
        ("others", (~artist).sum(), others.level, others.level_se),
        ("naive", artist.sum(), _simple_gap(calendar, artist, when), np.nan)]
    return _answer(_estimates(rows, ["outcome"]), ("outcome",))


def _pay(panels: Panels, calendar: Calendar, artist) -> np.ndarray:
    """Mean log of gross pay per declared day, by worker and month: of artists, in their artistic contracts."""
    c = panels.started.filter(_.gross_cents > 0)
    c = c.mutate(art=_.artistic.fill_null(False), rate=(_.gross_cents / _.days).ln())
    f = c.group_by("worker_id", "month", "art").agg(rate=_.rate.mean(), n=_.count()).execute()
    f = f[f["worker_id"].isin(calendar.ids)]
    row = np.searchsorted(calendar.ids, f["worker_id"].to_numpy())
    kept = (f["art"].to_numpy(dtype=bool) | ~artist[row])
    total, number = np.zeros(calendar.contracts.shape), np.zeros(calendar.contracts.shape)
    place = (row[kept], f["month"].to_numpy()[kept] - calendar.first)
    np.add.at(total, place, (f["rate"] * f["n"]).to_numpy()[kept])
    np.add.at(number, place, f["n"].to_numpy()[kept])
    return np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)


def leavers(panels: Panels) -> Answer:
    """The reform and pay per day, with those who left allowed for: artists less others, log points.

    Each worker's mean log pay per day in the two years after less that in the two years before. `as seen`: those who
    stay; `weighted`: they stand in for those who left from the same third of pay; `lowest` and `highest`: bounds of Lee
    for those who would stay in either case. `stay` is the share of artists who do, less that of others.
    Shape: estimate. Reading: where the bounds lie on one side of zero, leaving cannot have made the finding.
    Source: Lee 2009.
    """
    when = _event("Reference fee 57.76")
    panels.dataset.need("contracts.artistic")
    columns = ["estimate", "workers", "value", "stay"]
    if not _covers(panels, when):
        return _answer(pd.DataFrame(columns=columns), ("estimate",))
    calendar, artist = _around_reform(panels, when)
    at = calendar.place(when)
    pay = _pay(panels, calendar, artist)
    before, after = (_row_means(pay[:, max(a, 0):a + 24]) for a in (at - 24, at))
    known = np.isfinite(before)
    artist, before, after = artist[known], before[known], after[known]
    stayed = np.isfinite(after)
    if not (stayed & artist).any() or not (stayed & ~artist).any():
        return _answer(pd.DataFrame(columns=columns), ("estimate",))
    third = np.searchsorted(np.quantile(before, [1 / 3, 2 / 3]), before)
    gain = np.where(stayed, after - before, 0.0)
    weight = np.zeros(len(gain))
    for side in (artist, ~artist):
        weight[side] = sensitivity.staying_weights(stayed[side], third[side])
    ours, theirs = stayed[artist].mean(), stayed[~artist].mean()
    low, high = sensitivity.lee_bounds(gain[artist & stayed], ours, gain[~artist & stayed], theirs)
    seen = gain[artist & stayed].mean() - gain[~artist & stayed].mean()
    weighted = np.average(gain[artist], weights=weight[artist]) - np.average(gain[~artist], weights=weight[~artist])
    people = int(min((stayed & artist).sum(), (stayed & ~artist).sum()))
    values = {"as seen": seen, "weighted": weighted, "lowest": low, "highest": high}
    return _answer(pd.DataFrame([(name, people, value, ours - theirs) for name, value in values.items()],
                               columns=columns), ("estimate",))


def _row_means(values) -> np.ndarray:
    """Means of rows over what is known; nan where nothing is."""
    known = np.isfinite(values)
    return np.divide(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1), out=np.full(len(values), np.nan),
                     where=known.any(axis=1))


def _simple_gap(calendar: Calendar, artist, when: int) -> float:
    at = calendar.place(when)
    before, after = slice(max(at - 24, 0), at), slice(at, at + 24)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = [np.log(calendar.contracts[who][:, after].sum() / calendar.contracts[who][:, before].sum())
                 for who in (artist, ~artist)]
    return float(moved[0] - moved[1])


# -- the exit of the couriers' platform ------------------------------------------------------------------------

def courier_exit(panels: Panels) -> Answer:
    """Couriers of the months before February 2018: the share who work in the year after, and their days, as bounds.

    Beside them students with a client other than a platform in the same months. `low` counts the work through Smart
    alone; `high` supposes that everybody who is not seen works elsewhere, at the mean days of those seen (Manski
    1990): the truth lies between. Unit: share, 0–1; declared days a worker. Shape: group × outcome. Pitfall: students
    end their studies; the comparison shows how common that is.
    """
    panels.dataset.need("contracts.function")
    panels.dataset.need("contracts.regime")
    exit_ = _event("Deliveroo leaves")
    c = panels.started.mutate(courier=(_.function.fill_null("") == "courier"),
                              student=(_.regime.fill_null("") == "student"))
    c = c.filter(_.month.between(exit_ - REGISTERED.recent, exit_ + REGISTERED.follow - 1))
    f = c.group_by("worker_id").agg(
        courier=((_.month < exit_) & _.courier).any(), student=((_.month < exit_) & _.student).any(),
        days=_.days.sum(where=(_.month >= exit_) & ~_.courier)).execute()
    f["days"] = f["days"].fillna(0.0)
    rows = []
    for group, members in (("couriers", f[f["courier"].astype(bool)]),
                           ("other students", f[f["student"].astype(bool) & ~f["courier"].astype(bool)])):
        if members.empty:
            continue
        seen = members["days"] > 0
        mean = members.loc[seen, "days"].mean() if seen.any() else 0.0
        for outcome, value, best in (("work", 1.0, 1.0), ("days", mean, mean)):
            low, high = sensitivity.manski_bounds(value, float(seen.mean()), 0.0, best)
            rows.append((group, outcome, len(members), low, high))
    return _answer(pd.DataFrame(rows, columns=["group", "outcome", "workers", "low", "high"]), ("group", "outcome"))
