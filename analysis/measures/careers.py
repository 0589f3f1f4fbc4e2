"""Careers through Smart: how long people stay, who leaves sooner, and which paths they take (A-50, methods 6.5, 6.6).

A career runs from the first to the last contract. It has ended where at least `window` months without a contract follow
the last one, up to the end of the study; the others go on, as far as can be seen. All times are whole calendar months.
What leaves an engine here is one compact row for each worker, in memory, and only sums over many of them are returned.
"""

from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd
from ibis import _

from analysis import criteria
from analysis.errors import MissingData, StudyError
from analysis.measures.answer import Answer
from analysis.models import sequences, survival
from analysis.models.hidden_kinds import hidden_kinds
from analysis.panels import Panels
from analysis.panels.months import month_of

STATES = ("none", "few", "some", "many", "gone")
BEFORE = {"survival": 1.0, "low": 1.0, "high": 1.0}       # before anybody has left
TRAITS = ("activity", "pay", "woman")
VAGUE = 10.0             # standard error of a log ratio from which a trait tells nothing: nobody with it has left, say
YEARS = ("a few months", "about a year", *(f"about {n} years" for n in ("two", "three", "four", "five")))
UNKNOWN, REST = "not recorded", "other trades"


@dataclass(frozen=True)
class Registered:
    """What was decided before the records were opened: [careers] of book/criteria.toml says what each is."""

    window: int
    windows: tuple[int, ...]
    horizon: int
    step: int
    mean_until: int
    landmark: int
    pay_months: int
    pay_tail: float
    bands: tuple[int, ...]
    kinds: int
    kind_bands: tuple[int, ...]
    trade: int
    tail: int
    ends: int
    some: int
    many: int
    months: int
    sample: int
    seed: int
    types: int
    tried: tuple[int, ...]
    smallest: int
    redraws: int
    worlds: int

    def __post_init__(self):
        if self.kinds < 1 or not 0 <= self.pay_tail < 0.5 or {self.bands[0], self.kind_bands[0]} != {0}:
            raise StudyError("In [careers] of criteria.toml, `kinds` must be at least 1 and `pay_tail` below 0.5, and "
                             "`bands` and `kind_bands` must begin with 0.")


REGISTERED = criteria.parameters("careers", Registered)


# -- the careers -----------------------------------------------------------------------------------------------

def careers(panels: Panels, window: int = REGISTERED.window) -> pd.DataFrame:
    """One row per career, in memory only: months counted from its origin.

    The origin is the month of the first contract; for members since before the study that of joining, and they enter
    late, after `entry` months (left truncation). Columns: worker_id, origin, first, last (months), entry, exit (month
    of the last contract, or the last one in which an end could be seen), ended, cause (0 went on; 1 … as in `CAUSES`).
    """
    scope = panels.scope
    begin, seen_until = scope.first_year * 12, scope.last_year * 12 + 11 - window
    c = panels.contracts
    spans = c.group_by("worker_id").agg(first=month_of(c.start_on).min(), last=month_of(c.end_on).max(),
                                        last_on=_.end_on.max())
    ways = c.select("worker_id", last_on="end_on", courier=(_.function == "courier").fill_null(False).cast("int64"),
                    student=(_.regime == "student").fill_null(False).cast("int64"))
    ways = ways.group_by("worker_id", "last_on").agg(courier=_.courier.min(), student=_.student.min())
    spans = spans.join(ways, ["worker_id", "last_on"])
    w = panels.workers.select("worker_id", joined=month_of(_.joined_on))
    spans = spans.left_join(w, "worker_id").select("worker_id", "first", "last", "courier", "student", "joined")
    spans = _with_redemption(panels, spans)
    frame = spans.filter(_.first <= seen_until).order_by("worker_id").execute()
    before = (frame["joined"] < begin).to_numpy()
    origin = np.where(before, np.minimum(frame["joined"].fillna(0), frame["first"]), frame["first"]).astype(int)
    frame = frame.assign(entry=np.maximum(frame["first"], begin) - origin, ended=frame["last"] <= seen_until,
                         exit=np.minimum(frame["last"], seen_until) - origin + 1)
    redeemed = (frame["redeemed"] - frame["last"]).between(-window, window)
    way = np.select([frame["courier"] == 1, frame["student"] == 1, redeemed], [1, 2, 3], 4)
    frame = frame.assign(cause=np.where(frame["ended"], way, 0), origin=origin)
    return frame[["worker_id", "origin", "first", "last", "entry", "exit", "ended", "cause"]]


CAUSES = {1: "last contract as a courier", 2: "last contract as a student", 3: "shares given back",
          4: "reason not recorded"}


def _with_redemption(panels: Panels, spans):
    """`spans` with the month `redeemed` in which the worker gave cooperative shares back, null where none is known."""
    if not panels.dataset.has("shareholdings.redeemed_on"):
        return spans.mutate(redeemed=ibis.null("int32"))
    s = panels.dataset.table("shareholdings").filter(_.redeemed_on.notnull())
    s = s.group_by("worker_id").agg(redeemed=month_of(s.redeemed_on).max())
    return spans.left_join(s, "worker_id").drop("worker_id_right")


def _with_trait(panels: Panels, frame: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """`frame` with the worker's `group`; those without a record of it are left out."""
    if by is None:
        return frame.assign(group="everyone")
    if by == "cohort":
        panels.dataset.need("workers.joined_on")
    traits = panels.with_traits(panels.workers.select("worker_id"), by)
    traits = traits.select("worker_id", group=_[by].cast("string")).filter(_.group.notnull()).execute()
    return frame.merge(traits, on="worker_id").sort_values("worker_id", ignore_index=True)


# -- how long people stay --------------------------------------------------------------------------------------

def _grid(f: pd.DataFrame, curve: pd.DataFrame, columns: dict, start: int = 0) -> list[dict]:
    """The points of the `curve` of careers `f` that may be shown: enough followed, enough ends since the last point.

    `columns` names what is read off and what it is before the first end.
    """
    points, told = [], 0
    for t in range(start, start + REGISTERED.horizon + 1, REGISTERED.step):
        followed = int(((f["entry"] <= t) & (f["exit"] > t)).sum())
        left = int((f["ended"] & (f["exit"] <= t)).sum())
        if followed >= REGISTERED.tail and (not points or left - told >= REGISTERED.ends):
            told = left
            points.append({"t": t, "workers": followed, **{c: float(survival.survival_at(curve, t, c, value))
                                                           for c, value in columns.items()}})
    return points


def staying(panels: Panels, by: str | None = None, window: int = REGISTERED.window) -> Answer:
    """Of those who begin, the share still with Smart t months later: Kaplan–Meier, with 95 % intervals (Greenwood).

    S(t) = Π_{u ≤ t} (1 − exits_u ÷ at risk_u). Unit: share, 0–1. Shape: group × t, quarters up to ten years; a point is
    left out where fewer than 20 are still followed, or fewer than 5 have left since the one before. `workers`: still
    followed. Careers that go on are censored at the end of the study less the window; members since before the study
    count from the time at which they come into view. Pitfalls: who comes back after the end of the study counts as
    gone; an exit is no failure (A-50). Source: methods 6.5.
    """
    frame = _with_trait(panels, careers(panels, window), by)
    rows = []
    for group, f in frame.groupby("group", sort=True):
        curve = survival.kaplan_meier(f["exit"], f["ended"], f["entry"])
        rows += [{"group": group, **point} for point in _grid(f, curve, BEFORE)]
    return Answer(pd.DataFrame(rows, columns=["group", "t", "workers", "survival", "low", "high"]), ("group", "t"))


def length(panels: Panels, by: str | None = None, windows: tuple[int, ...] = (REGISTERED.window,)) -> Answer:
    """How long careers last, in numbers: the middle one, the mean within five years, shares after one and five years.

    `median`, months by which half have left (empty where more than half stay); `mean`, months out of the first 60 (area
    under the curve) with `low` and `high`; `year_1`, `year_5`, shares still there; `exits`, careers that ended.
    Shape: window (months without a contract that end a career) × group. Groups of fewer than 20 stay out. Reading:
    the shorter the window, the more pauses count as ends. Pitfalls: as `staying`.
    """
    rows = []
    for window in windows:
        for group, f in _with_trait(panels, careers(panels, window), by).groupby("group", sort=True):
            if len(f) < REGISTERED.tail:
                continue
            curve = survival.kaplan_meier(f["exit"], f["ended"], f["entry"])
            mean, se = survival.restricted_mean(curve, REGISTERED.mean_until)
            rows.append({"window": window, "group": group, "workers": len(f), "exits": int(f["ended"].sum()),
                         "median": survival.median(curve), "mean": mean, "low": mean - survival.Z * se,
                         "high": mean + survival.Z * se, "year_1": float(survival.survival_at(curve, 12)),
                         "year_5": float(survival.survival_at(curve, 60))})
    return Answer(pd.DataFrame(rows, columns=["window", "group", "workers", "exits", "median", "mean", "low", "high",
                                              "year_1", "year_5"]), ("window", "group"))


def difference(panels: Panels, by: str, window: int = REGISTERED.window) -> Answer:
    """Do groups leave at the same pace? The log-rank test of `by`: χ², its degrees of freedom, p.

    Unit: p, the chance of a difference as large if there were none. Shape: by. Pitfall: with thousands of workers
    a small difference is clear; how large it is stands in `length`.
    """
    frame = _with_trait(panels, careers(panels, window), by)
    frame = frame[frame.groupby("group")["worker_id"].transform("size") >= REGISTERED.tail]
    chi2, df, p = np.nan, 0, np.nan
    if frame["group"].nunique() > 1 and frame["ended"].sum() >= REGISTERED.tail:
        chi2, df, p = survival.log_rank(frame["exit"], frame["ended"], frame["group"], frame["entry"])
    return Answer(pd.DataFrame([{"by": by, "workers": len(frame), "chi2": chi2, "df": df, "p": p}]), ("by",))


def users(panels: Panels, month: int = REGISTERED.landmark) -> Answer:
    """Those still there after a year, by whether they had opened an Activity by then: the share there t months later.

    The line is drawn at one month for all (a landmark): whoever opens an Activity later stays on the side of the
    others, so that nobody is counted as a user for having stayed long enough to become one. Unit: share, 0–1, of those
    still there after `month` months. Shape: group × t, months since the first contract. `workers`: still followed.
    Pitfall: those who open an Activity early differ in other ways too.
    """
    frame = careers(panels).merge(_openings(panels), on="worker_id", how="left")
    frame = frame[(frame["exit"] > month) & (frame["entry"] <= month)]
    early = frame["opened"] < frame["origin"] + month
    rows = []
    for group, f in frame.groupby(np.where(early, "Activity open by then", "no Activity by then"), sort=True):
        curve = survival.kaplan_meier(f["exit"], f["ended"], np.full(len(f), month))
        rows += [{"group": group, **point} for point in _grid(f, curve, BEFORE, start=month)]
    return Answer(pd.DataFrame(rows, columns=["group", "t", "workers", "survival", "low", "high"]), ("group", "t"))


def _openings(panels: Panels) -> pd.DataFrame:
    """worker_id and the month `opened` of the first own Activity."""
    panels.dataset.need("activities")
    a = panels.dataset.table("activities")
    return a.group_by(worker_id=a.owner_id).agg(opened=month_of(a.opened_on).min()).execute()


def ways_out(panels: Panels, window: int = REGISTERED.window) -> Answer:
    """A-50. Of those who begin, the share that has left in each way t months later (Aalen–Johansen).

    F_k(t) = Σ_{s ≤ t} S(s−) · exits_ks ÷ at risk_s. The ways that the tables tell: last contract as a courier; else as
    a student; else cooperative shares given back within the window around the last contract; else the reason is not
    recorded. Unit: share, 0–1; with `staying` they add up to 1. Shape: exit × t, with a point after each five exits of
    the way at least; one with fewer than 10 is left out. `workers`: still followed. Pitfalls: hire by a client,
    self-employment, another umbrella firm, illness and retirement all look alike; shares exist since the cooperative
    only. Source: Aalen & Johansen 1978.
    """
    frame = careers(panels, window)
    curve = survival.incidence(frame["exit"], frame["cause"], frame["entry"])
    rows = []
    for k, way in CAUSES.items():
        if (frame["cause"] == k).sum() >= 2 * REGISTERED.ends:
            read = curve.assign(share=curve[f"incidence_{k}"])
            mine = frame.assign(ended=frame["cause"] == k)
            rows += [{"exit": way, **point} for point in _grid(mine, read, {"share": 0.0})]
    return Answer(pd.DataFrame(rows, columns=["exit", "t", "workers", "share"]), ("exit", "t"))


# -- who leaves sooner -----------------------------------------------------------------------------------------

def _first_pay(panels: Panels):
    """worker_id, pay, clients, squares: log real pay per declared day of the first year of a career, by client.

    pay: mean over clients of the mean log; squares: Σ over clients of its square. What an Activity buys is one client.
    """
    c = panels.real(panels.started.filter((_.gross_cents > 0) & (_.days > 0)))
    first = c.group_by("worker_id").agg(begin=_.month.min())
    c = c.join(first, "worker_id").filter(_.month < _.begin + REGISTERED.pay_months)
    c = c.mutate(buyer=_.client_id.fill_null(-1), pay=(_.real_cents / 100 / _.days).ln())
    c = c.group_by("worker_id", "buyer").agg(pay=_.pay.mean())
    return c.group_by("worker_id").agg(squares=(_.pay * _.pay).sum(), clients=_.count(), pay=_.pay.mean())


def usual_pay(pay: np.ndarray, clients: np.ndarray, squares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is expected of a worker's usual pay, and the standard deviation of what it may be.

    Of a deviation in pay, σ²_w ÷ (σ²_w + σ²_c ÷ clients) is likely the worker's own. σ²_w between workers, σ²_c between
    the clients of one, by the analysis of variance of unequal groups. A worker seen with one client is known less well
    than one seen with ten.
    """
    several = clients > 1
    noise = (squares - clients * pay**2)[several].sum() / max((clients - 1)[several].sum(), 1)
    low, high = np.quantile(pay, (REGISTERED.pay_tail, 1 - REGISTERED.pay_tail))
    pay = pay.clip(low, high)
    total, n = clients.sum(), len(clients)
    middle = (clients * pay).sum() / total
    between = (clients * (pay - middle) ** 2).sum() / max(n - 1, 1)
    own = max((between - noise) / ((total - (clients**2).sum() / total) / max(n - 1, 1)), 1e-6)
    trust = own / (own + noise / clients)
    return pay * trust, np.sqrt(own * (1 - trust))


def candidates(panels: Panels, window: int = REGISTERED.window) -> pd.DataFrame:
    """`careers` with what may make people leave sooner, in memory only; whoever lacks a record of it is left out.

    Columns besides: opens (months of the career without an Activity, inf where none was opened), pay (log real pay per
    day in the first year, less the mean of the trade), usual and doubt (`usual_pay`), woman, trade.
    """
    panels.dataset.need("workers.gender", "workers.profession", "activities")
    w = panels.workers.select("worker_id", "gender", "profession").filter(_.gender.notnull()).execute()
    frame = careers(panels, window).merge(w, on="worker_id").merge(_first_pay(panels).execute(), on="worker_id")
    frame = frame.merge(_openings(panels), on="worker_id", how="left").sort_values("worker_id", ignore_index=True)
    trade = frame["profession"].fillna(UNKNOWN)
    trade = trade.where(trade.groupby(trade).transform("size") >= REGISTERED.trade, REST)
    mean = frame["pay"].groupby(trade).transform("mean")
    squares = frame["squares"] - 2 * mean * frame["clients"] * frame["pay"] + frame["clients"] * mean**2
    pay = frame["pay"] - mean
    usual, doubt = usual_pay(pay.to_numpy(), frame["clients"].to_numpy(), squares.to_numpy())
    # Open from the month after the one in which it was opened, in which the worker was there for certain.
    opens = (frame["opened"] - frame["origin"] + 1).clip(lower=0).fillna(np.inf)
    return frame.assign(trade=trade, pay=pay, usual=usual, doubt=doubt, opens=opens,
                        woman=(frame["gender"] == "woman").astype(float))


def in_stretches(frame: pd.DataFrame) -> pd.DataFrame:
    """Careers cut where an Activity opens: `activity` is 0 before and 1 after, so that it never counts too early."""
    before = frame.assign(activity=0.0, exit=np.minimum(frame["exit"], frame["opens"]),
                          ended=frame["ended"] & (frame["exit"] <= frame["opens"]))
    after = frame.assign(activity=1.0, entry=np.maximum(frame["entry"], frame["opens"]))
    both = pd.concat([before, after], ignore_index=True)
    return both[both["exit"] > both["entry"]].reset_index(drop=True)


def hazards(panels: Panels, window: int = REGISTERED.window) -> Answer:
    """Who leaves sooner: the hazard of leaving by Activity use, pay and gender, the other two held equal.

    `ratio`, hazard ratio (1 the same, 0.7 leaves 30 % less at any time) with `low` and `high` (95 %); `coefficient` and
    `se` on the log scale. trait: `activity`, the own Activity is open (changes in time); `pay`, one unit of log real
    pay per day in the first year within the trade, of which 0.1 is ten percent; `woman` against others. Shape: model ×
    trait. model: `main`, Cox with a baseline of its own for each trade; `month by month`, the discrete hazard;
    `hidden kinds`, with three kinds of workers whom no column tells apart, mixed otherwise among those who open an
    Activity at once, and with pay as the worker's usual one, known only roughly (models.hidden_kinds; careers that
    begin in the study); `first year` and `later` of the career; `as if from the start`, a wrong one: users count as
    users before they are. Pitfalls: people who would stay anyway may be those who open Activities: no effect is
    claimed; in a region of clients, work that an Activity buys is not seen, so that its users seem to leave; what is
    not recorded pulls ratios of `main` towards 1 as careers last. A model with fewer than 20 exits is left out.
    Source: Cox 1972; Heckman & Singer 1984; methods 6.5.
    """
    frame = candidates(panels, window)
    if frame["ended"].sum() < REGISTERED.tail:
        raise MissingData("Too few careers in this scope end within the study; widen the years or the region.")
    cut, year = in_stretches(frame), 12
    wrong = frame.assign(activity=np.isfinite(frame["opens"]).astype(float))
    early = cut[cut["entry"] < year]
    early = early.assign(ended=early["ended"] & (early["exit"] <= year), exit=early["exit"].clip(upper=year))
    later = cut[cut["exit"] > year].assign(entry=cut["entry"].clip(lower=year))
    fits = {"main": (cut, _cox), "month by month": (cut, _monthly),
            "hidden kinds": (in_stretches(frame[frame["entry"] == 0]), _kinds), "first year": (early, _cox),
            "later": (later, _cox), "as if from the start": (wrong, _cox)}
    try:
        with np.errstate(invalid="raise"):      # of a variance below zero
            parts = [fit(f).assign(model=model, workers=f["worker_id"].nunique(), exits=int(f["ended"].sum()))
                     for model, (f, fit) in fits.items() if f["ended"].sum() >= REGISTERED.tail]
    except (ArithmeticError, np.linalg.LinAlgError):
        raise MissingData("In this scope a trait tells all exits apart, so that no hazard can be estimated; widen the "
                          "years or the region.") from None
    table = pd.concat(parts, ignore_index=True).rename(columns={"name": "trait"})
    told = ["coefficient", "se", "low", "high"]
    table[told] = table[told].where(table["se"] < VAGUE)
    table = table.assign(ratio=np.exp(table["coefficient"]), low=np.exp(table["low"]), high=np.exp(table["high"]))
    return Answer(table[["model", "trait", "workers", "exits", "coefficient", "se", "ratio", "low", "high"]],
                  ("model", "trait"))


def _cox(f: pd.DataFrame) -> pd.DataFrame:
    return survival.cox(f["exit"], f["ended"], f[list(TRAITS)], f["entry"], f["trade"])


def _traits(f: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([f[list(TRAITS)], pd.get_dummies(f["trade"], drop_first=True, dtype=float)], axis=1)


def _monthly(f: pd.DataFrame) -> pd.DataFrame:
    found = survival.discrete_hazard(f["exit"], f["ended"], _traits(f), REGISTERED.bands, f["entry"])
    return found[found["name"].isin(TRAITS)]


def _kinds(f: pd.DataFrame) -> pd.DataFrame:
    found = hidden_kinds(f["exit"], f["ended"], _traits(f.assign(pay=f["usual"])), REGISTERED.kind_bands, f["entry"],
                         f["worker_id"], REGISTERED.kinds, f["opens"] <= 1, "pay", f["doubt"]).estimates
    return found[found["name"].isin(TRAITS)]


# -- paths -----------------------------------------------------------------------------------------------------

def trajectories(panels: Panels, size: int = REGISTERED.sample) -> tuple[np.ndarray, np.ndarray]:
    """The first 60 months of a sample of careers, in memory only: worker_id, and states as workers × months.

    States by declared days of the month: none; few, under 5; some, under 15; many; and gone, after the last contract of
    a career that has ended. Only careers that begin in the study and can be followed for 60 months and the window.
    """
    r, scope = REGISTERED, panels.scope
    frame = careers(panels, r.window)
    end = scope.last_year * 12 + 11 - r.window
    frame = frame[(frame["entry"] == 0) & (frame["origin"] >= scope.first_year * 12)
                  & (frame["origin"] <= end - r.months + 1)]
    if len(frame) > size:
        chosen = np.random.default_rng(r.seed).choice(len(frame), size, replace=False)
        frame = frame.iloc[np.sort(chosen)]
    ids = frame["worker_id"].to_numpy()
    m = panels.worker_month.filter(_.worker_id.isin([int(i) for i in ids])).select("worker_id", "month", "days_100")
    m = m.execute()
    row = np.searchsorted(ids, m["worker_id"])
    month = m["month"].to_numpy() - frame["origin"].to_numpy()[row] if len(ids) else np.empty(0, int)
    seen = (month >= 0) & (month < r.months)
    days = np.zeros((len(ids), r.months))
    days[row[seen], month[seen]] = m["days_100"].to_numpy()[seen]
    states = np.select([days <= 0, days < 100 * r.some, days < 100 * r.many], [0, 1, 2], 3)
    gone = np.arange(r.months)[None, :] > (frame["last"] - frame["origin"]).to_numpy()[:, None]
    return ids, np.where(gone, STATES.index("gone"), states).astype(np.int8)


def _distances(states: np.ndarray) -> np.ndarray:
    rates = sequences.transition_rates(states, len(STATES))
    return sequences.optimal_matching(states, sequences.substitution_costs(rates))


def _silhouettes(distance: np.ndarray) -> dict[int, tuple[np.ndarray, float]]:
    """Types, and the mean silhouette, for each number of types that is tried."""
    tree = sequences.ward(distance)
    labels = {k: sequences.types(distance, k, tree) for k in REGISTERED.tried}
    return {k: (label, float(sequences.silhouettes(distance, label).mean())) for k, label in labels.items()}


def _enough(states: np.ndarray) -> None:
    if len(states) < 2 * REGISTERED.smallest:
        raise MissingData("Too few careers in this scope can be followed for five years to tell types of them apart; "
                         "widen the years or the region.")


def numbers_of_types(panels: Panels) -> Answer:
    """How many types of path there are: mean silhouette for 3 to 8 types, beside what there would be without types.

    `silhouette`, how much nearer a path is to its own type than to the next one, mean (−1 to 1; under 0.25 weak);
    `without`, the highest of 19 samples of paths that drift from state to state at the same rates and have no types;
    `explained`, share of all differences that lies between types; `shown`, 1 for the number registered for the book.
    Shape: types. `workers`: of the sample. Reading: types are more than a way of cutting only where `silhouette`
    exceeds `without`; few types do well in any case, since leaving sooner or later parts any paths.
    Source: Abbott & Tsay 2000; Studer & Ritschard 2016; Studer 2021.
    """
    _ids, states = trajectories(panels)
    _enough(states)
    distance = _distances(states)
    fits = _silhouettes(distance)
    null = [_silhouettes(_distances(sequences.drifting(states, len(STATES), REGISTERED.seed + n)))
            for n in range(1, REGISTERED.worlds + 1)]
    rows = [{"types": k, "workers": len(states), "silhouette": s, "without": max(f[k][1] for f in null),
             "explained": sequences.explained(distance, label), "shown": int(k == REGISTERED.types)}
            for k, (label, s) in fits.items()]
    return Answer(pd.DataFrame(rows), ("types",))


def _typed(panels: Panels):
    """worker_id, states, distance, and the types in the order of how long their careers last, with their names."""
    ids, states = trajectories(panels)
    _enough(states)
    distance = _distances(states)
    label = sequences.types(distance, REGISTERED.types)
    stay = [(states[label == g] != STATES.index("gone")).mean() for g in range(label.max() + 1)]
    label = np.argsort(np.argsort(stay, kind="stable"))[label]
    names = [f"{chr(ord('A') + g)}: {_name(states[label == g])}" for g in range(label.max() + 1)]
    return ids, states, distance, label, names


def _name(states: np.ndarray) -> str:
    """A type in words, by what most of its months are."""
    none, few, _some, many, gone = (states == s for s in range(len(STATES)))
    here = ~gone
    if gone[:, -1].mean() >= 0.5:
        years = round(here.sum(axis=1).mean() / 12)
        return f"gone after {YEARS[years]}"
    worked = here & ~none
    if none.sum() >= here.sum() / 2:
        return "now and then"
    if many.sum() >= worked.sum() / 2:
        return "mostly full months"
    return "mostly thin months" if few.sum() >= worked.sum() / 2 else "mostly half full months"


def types(panels: Panels) -> Answer:
    """The types of path, described: size, months, and whether they come back when the sample is drawn again.

    `share` of the sample; `here`, mean months of 60 until the last contract; `worked`, mean months with a declared day;
    `full`, with 15 or more; `gone`, share gone after 60 months, to a twentieth; `stability`, mean Jaccard of 50 redraws
    (from 0.75 stable, under 0.6 not to be trusted). Types of fewer than 40 workers stay out. Shape: type. Pitfall:
    types are a way of summing up; few people are typical. Source: Hennig 2007; methods 6.6.
    """
    _ids, states, distance, label, names = _typed(panels)
    stable = sequences.stability(distance, label, REGISTERED.redraws, REGISTERED.seed)
    gone = states == STATES.index("gone")
    rows = [{"type": name, "workers": int((mine := label == g).sum()), "share": mine.mean(),
             "here": (~gone[mine]).sum(axis=1).mean(), "worked": ((states > 0) & ~gone)[mine].sum(axis=1).mean(),
             "full": (states[mine] == STATES.index("many")).sum(axis=1).mean(), "gone": _twentieth(gone[mine, -1]),
             "stability": stable[g]} for g, name in enumerate(names)]
    table = pd.DataFrame(rows)
    return Answer(table[table["workers"] >= REGISTERED.smallest].reset_index(drop=True), ("type",))


def paths(panels: Panels) -> Answer:
    """How each type looks: the share of its workers in each state, by month since the first contract.

    No path of a person and no typical person is shown. Shares are rounded to a twentieth, and types of fewer than 40
    workers stay out, so that no share tells of one person. Shape: type × month (every third); columns: the states, and
    `worked` for the three with a declared day.
    """
    _ids, states, _distance, label, names = _typed(panels)
    rows = []
    for g, name in enumerate(names):
        mine = states[label == g]
        if len(mine) >= REGISTERED.smallest:
            rows += [{"type": name, "month": month, "workers": len(mine),
                      **{state: _twentieth(mine[:, month] == s) for s, state in enumerate(STATES)},
                      "worked": _twentieth(np.isin(mine[:, month], (1, 2, 3)))}
                     for month in range(0, REGISTERED.months, 3)]
    return Answer(pd.DataFrame(rows, columns=["type", "month", "workers", *STATES, "worked"]), ("type", "month"))


def _twentieth(chosen) -> float:
    return round(20 * float(np.mean(chosen))) / 20


def who_takes_which(panels: Panels, by: str) -> Answer:
    """Which type of path whom: the share of each group that takes each type, rounded to a twentieth.

    Groups and types of fewer than 40 workers of the sample stay out; `workers`: the group in the sample. Shape: group ×
    type.
    """
    ids, _states, _distance, label, names = _typed(panels)
    frame = _with_trait(panels, pd.DataFrame({"worker_id": ids, "type": label}), by)
    rows = []
    for group, f in frame.groupby("group", sort=True):
        if len(f) >= REGISTERED.smallest:
            rows += [{"group": group, "type": name, "workers": len(f), "share": _twentieth(f["type"] == g)}
                     for g, name in enumerate(names) if (label == g).sum() >= REGISTERED.smallest]
    return Answer(pd.DataFrame(rows, columns=["group", "type", "workers", "share"]), ("group", "type"))
