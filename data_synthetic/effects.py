"""Planted effects and nulls, and how exactly the tables of a world show them.

The Monte-Carlo error is that of leaving out one of 20 groups of members at a time (the delete-a-group jackknife; Kott
2001), or the standard error of a mean over clients.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data_synthetic import columns as at
from data_synthetic import kinds, voice
from data_synthetic.draw import ONE
from data_synthetic.rules import FIRST_DAYS, NEVER, Size, day, place, rules
from data_synthetic.sample import Sample, changed, sample
from data_synthetic.world import World

GROUPS = 20
LN2 = float(np.log(2))
# Members who do not leave while the job of their pattern lasts.
HELD_FOR_A_TIME = (kinds.BEGINNER, kinds.M01, kinds.M02, kinds.M07, kinds.M08, kinds.M16, kinds.COURIER)


@dataclass(frozen=True)
class Effect:
    """One planted effect or null: its parameter, what it does, and what the tables of this world really hold.

    `naive` is what a comparison would find that does not know how the world was made; None where none offers itself.
    """

    family: str
    parameter: str
    estimand: str
    planted: float | None
    realised: float | None
    mc_error: float | None
    naive: float | None = None
    null: bool = False


def effects(world: World, size: Size, seed: int, base: Sample, interviews: dict, segments: dict) -> list[Effect]:
    """All effects of a world; of the corpus, the columns of the interviews and of their coded passages."""
    measures = (_wages, _events, _trend, _leaving, _clients, _rules, _voice)
    found = [effect for measure in measures for effect in measure(world, size, seed, base)]
    return [*found, *_corpus(world, base, interviews, segments), _kinds_and_gender(base)]


def _jackknife(member: np.ndarray, columns: np.ndarray, estimate: Callable) -> tuple[float | None, float | None]:
    """An estimate from sums of `columns` (sums × rows) over rows, the `member` of each given; and its error."""
    group = member // at.TEAM % GROUPS
    sums = np.array([np.bincount(group, column, GROUPS) for column in columns])
    with np.errstate(all="ignore"):
        whole = estimate(sums.sum(axis=1))
        parts = np.array([estimate(sums.sum(axis=1) - sums[:, g]) for g in range(GROUPS)])
    if not np.isfinite(whole) or not np.isfinite(parts).all():
        return None, None
    return float(whole), float(np.sqrt((GROUPS - 1) / GROUPS * ((parts - parts.mean()) ** 2).sum()))


def _log_ratio(sums: np.ndarray) -> float:
    """log of (sum 0 / sum 1) ÷ (sum 2 / sum 3)."""
    return np.log(sums[0] / sums[1] / (sums[2] / sums[3]))


def _paired_ratio(base: Sample, other: Sample, chosen: Callable) -> tuple[float | None, float | None]:
    """log of the number of contracts in one world against another with the same draws."""
    here, there = chosen(base), chosen(other)
    member = np.append(base.member[here], other.member[there])
    ours = np.append(np.ones(here.sum()), np.zeros(there.sum()))
    return _jackknife(member, np.array([ours, 1 - ours]), lambda s: np.log(s[0] / s[1]))


def _wages(world: World, size: Size, seed: int, base: Sample) -> list[Effect]:
    rows = base.paired
    member, pay = base.member[rows], base.log_pay[rows]
    alpha = (base.traits[0] + base.traits[8])[member] / ONE * LN2
    psi = base.clients[5][base.contracts[at.C_CLIENT][rows] - 1] / ONE * LN2
    tenure = (base.contracts[at.C_START][rows] - base.traits[3][member]) / 365.25
    twin = sample(changed(world, "effect_experience_pay", 0.0), size, seed)
    ours, there = _same(base, twin, rows)
    same = ours[rows]

    def moment(x, y):
        return _jackknife(member, np.array([np.ones_like(x), x, y, x * y]),
                          lambda s: s[3] / s[0] - s[1] * s[2] / s[0]**2)

    def slope(x, y, who):
        return _jackknife(who, np.array([np.ones_like(x), x, y, x * y, x * x]),
                          lambda s: (s[3] / s[0] - s[1] * s[2] / s[0]**2) / (s[4] / s[0] - (s[1] / s[0])**2))

    form = place(world, "legal_form", "public")
    large = place(world, "size", "250+")
    public, big = base.clients[1] == form, base.clients[3] == large
    client_pay = base.clients[5] / ONE * LN2
    premium = "log pay per day"
    return [
        Effect("wages", "worker_sigma", f"variance of member effects, {premium}, trades included, by contracts",
               world.worker_sigma**2, *moment(alpha, alpha)),
        Effect("wages", "client_sigma", f"variance of client effects, {premium}, by contracts", world.client_sigma**2,
               *moment(psi, psi)),
        Effect("wages", "sorting", f"covariance of member and client effects, {premium}, by contracts; no closed form",
               None, *moment(alpha, psi)),
        Effect("wages", "effect_public_pay", f"premium of public clients, {premium}", world.effect_public_pay,
               *_difference(client_pay, public)),
        Effect("wages", "effect_size_pay", f"premium of large clients, {premium}", world.effect_size_pay,
               *_difference(client_pay - np.where(public, world.effect_public_pay, 0), big), null=True),
        Effect("wages", "effect_experience_pay", "growth of log pay per day with each year at Smart",
               world.effect_experience_pay, *slope(tenure[same], pay[same] - twin.log_pay[there], member[same]),
               naive=slope(tenure, pay, member)[0]),
    ]


def _same(base: Sample, twin: Sample, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of the `rows` another world has too, and where: those of members with as many contracts in both."""
    n = base.traits.shape[1]
    alike = np.bincount(base.member, minlength=n) == np.bincount(twin.member, minlength=n)
    ours = rows & alike[base.member]
    place = np.full(len(base.member), -1)
    place[alike[base.member]] = np.flatnonzero(alike[twin.member])
    return ours, place[ours]


def _difference(values: np.ndarray, which: np.ndarray) -> tuple[float | None, float | None]:
    """The mean over the chosen less that over the others, and its standard error."""
    a, b = values[which], values[~which]
    if min(len(a), len(b)) < 2:
        return None, None
    return float(a.mean() - b.mean()), float(np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))


def _naive_gap(values: np.ndarray, which: np.ndarray) -> float | None:
    return float(values[which].mean() - values[~which].mean()) if which.any() and not which.all() else None


def _events(world: World, size: Size, seed: int, base: Sample) -> list[Effect]:
    """Opening an Activity (an effect), and buying a first share (a null), both chosen by those who work more."""
    def opened(s: Sample) -> np.ndarray:
        return FIRST_DAYS[s.month] > s.traits[5][s.member]

    def holds(s: Sample) -> np.ndarray:
        return FIRST_DAYS[s.month] > first_share[s.member]

    first_share = np.full(base.traits.shape[1], NEVER)
    np.minimum.at(first_share, base.shares[at.S_WORKER] - 1, base.shares[at.S_ON])
    shares_from = np.full_like(first_share, day(world.shares_on))
    since = base.contracts[at.C_START] >= shares_from[0]
    never = np.full_like(first_share, NEVER)
    ordinary = base.traits[2] <= kinds.FULL
    user = (base.traits[5] < NEVER) & ordinary
    naive_activity = _rates(base, opened(base) & user[base.member], base.months_between(base.traits[5], never) * user,
                            ((base.traits[5] == NEVER) & ordinary)[base.member],
                            base.months_between(never * 0, never) * ((base.traits[5] == NEVER) & ordinary))
    naive_share = _rates(base, holds(base) & since, base.months_between(first_share, never),
                         ~holds(base) & since, base.months_between(shares_from, first_share))
    found = []
    for name, chosen, what, naive, null in (
        ("effect_activity_rate", opened, "contracts of members after opening an Activity", naive_activity, False),
        ("effect_share_rate", holds, "contracts of members after their first share", naive_share, True),
    ):
        planted = world.parameters[name].value
        other = sample(changed(world, name, 0.0), size, seed) if planted else base
        found.append(Effect("event study", name, f"log of {what}, against the same world without the effect", planted,
                            *_paired_ratio(base, other, chosen), naive=naive, null=null))
    return found


def _rates(base: Sample, ours: np.ndarray, our_months: np.ndarray, theirs: np.ndarray, their_months: np.ndarray):
    """log of the ratio of contracts per month between two sets of contracts and months."""
    with np.errstate(all="ignore"):
        found = np.log(ours.sum() / our_months.sum() / (theirs.sum() / their_months.sum()))
    return float(found) if np.isfinite(found) else None


def _trend(world: World, size: Size, seed: int, base: Sample) -> list[Effect]:
    """The transition to a cooperative (a change in trend, none in level), and the artists' reform of 2014."""
    transition, reform = day(world.cooperative_on), day(world.reform_on)
    other = sample(changed(world, "effect_cooperative_trend", 0.0), size, seed)
    counts = [np.array([np.bincount(s.member // at.TEAM % GROUPS * 1_000 + s.month, minlength=GROUPS * 1_000)])
              .reshape(GROUPS, 1_000) for s in (base, other)]
    months = np.flatnonzero((FIRST_DAYS[:-1] >= transition) & (FIRST_DAYS[:-1] <= base.last_day))
    years = (FIRST_DAYS[months] - transition) / 365.25

    def slope(keep: np.ndarray) -> float:
        ours, theirs = (c[keep].sum(axis=0)[months] for c in counts)
        w = np.minimum(ours, theirs)
        y = np.log(np.maximum(ours, 1) / np.maximum(theirs, 1))
        x = years - np.average(years, weights=w)
        return float((w * x * y).sum() / (w * x * x).sum())

    found = (None, None)
    if len(months) > 2 and counts[1].sum(axis=0)[months].min() > 0:
        everyone = np.arange(GROUPS)
        parts = np.array([slope(everyone[everyone != g]) for g in everyone])
        found = slope(everyone), float(np.sqrt((GROUPS - 1) / GROUPS * ((parts - parts.mean()) ** 2).sum()))
    artist = base.traits[7] == 1
    reformed = {}
    for name, who in (("effect_reform_rate", artist), ("effect_reform_others", ~artist)):
        twin = sample(changed(world, name, 0.0), size, seed) if world.parameters[name].value else base
        reformed[name] = _paired_ratio(
            base, twin, lambda s, who=who: who[s.member] & (s.contracts[at.C_START] >= reform))
    start = base.contracts[at.C_START]
    before, after = (start >= reform - 730) & (start < reform), (start >= reform) & (start < reform + 730)
    with np.errstate(all="ignore"):
        change = [np.log((w[base.member] & after).sum() / (w[base.member] & before).sum()) for w in (artist, ~artist)]
    artistic = base.contracts[at.C_ARTISTIC] == 1
    twin = sample(changed(world, "effect_reform_pay", 0.0), size, seed)
    rows = artistic & (start >= reform)
    ours, there = _same(base, twin, rows)
    pay = _jackknife(base.member[ours], np.array([np.ones(ours.sum()), base.log_pay[ours] - twin.log_pay[there]]),
                     lambda s: s[1] / s[0])
    step = world.effect_cooperative_level
    flat = sample(changed(world, "effect_cooperative_level", 0.0), size, seed) if step else base
    level = _paired_ratio(base, flat, lambda s: s.contracts[at.C_START] >= transition)
    gap = float(change[0] - change[1])
    return [
        Effect("interrupted time series", "effect_cooperative_trend",
               "change per year in log contracts since the cooperative, against the same world without it",
               world.effect_cooperative_trend, *found, naive=_change_of_slope(base, transition)),
        Effect("interrupted time series", "effect_cooperative_level", "change in level of log contracts on that day",
               step, *level, null=True),
        Effect("difference in differences", "effect_reform_rate", "log of contracts of artists since the reform",
               world.effect_reform_rate, *reformed["effect_reform_rate"],
               naive=gap if np.isfinite(gap) else None),
        Effect("difference in differences", "effect_reform_others", "the same for other trades",
               world.effect_reform_others, *reformed["effect_reform_others"], null=True),
        Effect("difference in differences", "effect_reform_pay", "log pay per day of artistic contracts since then",
               world.effect_reform_pay, *pay, naive=_naive_gap(base.log_pay[artistic], start[artistic] >= reform)),
    ]


def _change_of_slope(base: Sample, transition: int) -> float | None:
    """Slope per year of log monthly contracts in the three years after a day less that in the three years before."""
    slopes = []
    for since in (transition - 1_096, transition):
        months = np.flatnonzero((FIRST_DAYS[:-1] >= since) & (FIRST_DAYS[:-1] < min(since + 1_096, base.last_day)))
        counts = np.bincount(base.month, minlength=len(FIRST_DAYS))[months]
        if len(months) < 12 or counts.min() == 0:
            return None
        slopes.append(np.polyfit(FIRST_DAYS[months] / 365.25, np.log(counts), 1)[0])
    return float(slopes[1] - slopes[0])


def _leaving(world: World, size: Size, seed: int, base: Sample) -> list[Effect]:
    """Hazards of leaving: those who left against those expected to, at the hazards of their kinds."""
    kind, joined, left, opened = base.traits[2:6]
    pay, woman = base.traits[0] / ONE * LN2, base.traits[6] == 1
    ends = np.minimum(left, base.last_day)
    open_ = np.clip(opened, joined, np.maximum(ends, joined))
    leave = np.array([k.leave for name in kinds.KINDS for k in world.kinds if k.name == name])[kind]
    plain = np.isin(kind, [k for k in range(len(kinds.KINDS)) if k not in HELD_FOR_A_TIME])
    gone = (left <= base.last_day) & plain
    before = np.maximum(open_ - joined, 0) / 30.44 * leave * plain
    after = np.maximum(ends - open_, 0) / 30.44 * leave * plain
    by_pay, by_activity = np.exp(world.effect_pay_leave * pay), np.exp(world.effect_activity_leave)
    by_gender = np.where(woman, np.exp(world.effect_gender_leave), 1.0)
    who = np.arange(len(kind))

    def ratio(ours, our_risk, theirs, their_risk):
        return _jackknife(who, np.array([ours, our_risk, theirs, their_risk], dtype=float), _log_ratio)

    later = gone & (left > opened)
    risk = (before + after * by_activity) * by_pay
    centred, base_risk = pay - pay[plain].mean(), (before + after * by_activity) * by_gender
    spread = _jackknife(who, np.array([gone * centred, base_risk * centred * np.exp(world.effect_pay_leave * pay),
                                       base_risk * centred**2 * np.exp(world.effect_pay_leave * pay)]),
                        lambda s: world.effect_pay_leave + (s[0] - s[1]) / s[2])
    stay, early = ends - joined >= 1_826, (joined <= base.last_day - 1_826) & plain
    return [
        Effect("survival", "effect_activity_leave", "log hazard of leaving with an Activity",
               world.effect_activity_leave,
               *ratio(later, after * by_pay * by_gender, gone & ~later, before * by_pay * by_gender)),
        Effect("survival", "effect_pay_leave", "log hazard of leaving for each unit of log pay",
               world.effect_pay_leave, *spread),
        Effect("survival", "effect_gender_leave", "log hazard of leaving of women against others",
               world.effect_gender_leave, *ratio(gone & woman, risk * woman, gone & ~woman, risk * ~woman), null=True),
        Effect("survival", "effect_pay_leave",
               "selective attrition: mean log pay of members who stay five years less that of those who do not",
               None, *_difference(pay[early], stay[early])),
    ]


def _clients(world: World, size: Size, seed: int, base: Sample) -> list[Effect]:
    """How much later clients pay."""
    delay = base.clients[6] / ONE * LN2
    form = place(world, "legal_form", "public")
    large = place(world, "size", "250+")
    public, big, late = base.clients[1] == form, base.clients[3] == large, base.clients[7] == 1
    plain = delay - np.where(public, world.effect_public_delay, 0) - np.where(late, world.late_payer_delay, 0)
    return [
        Effect("clients", "effect_public_delay", "log days to payment of public clients",
               world.effect_public_delay, *_difference(delay[~late], public[~late])),
        Effect("clients", "effect_size_delay", "log days to payment of large clients",
               world.effect_size_delay, *_difference(plain, big), null=True),
    ]


def _rules(world: World, size: Size, seed: int, base: Sample) -> list[Effect]:
    """Bunching: at the threshold of benefit, at multiples of the reference fee, at the floor; none at the placebo."""
    contracts, rows = base.contracts, base.contracts[at.C_ARTISTIC] == 1
    reference = rules(world, size)["fee_reference"][base.month]
    lump = rows & (contracts[at.C_TENTHS] == 0)
    whole = (contracts[at.C_GROSS] % np.maximum(reference, 1) == 0) & lump
    fees = _jackknife(base.member[lump], np.array([np.ones(lump.sum()), whole[lump]]), lambda s: s[1] / s[0])
    placebo = world.placebo_share
    unheeded = sample(changed(world, "placebo_share", 0.0), size, seed) if placebo else base
    worker = base.flags[at.F_ENTITY] == at.WORKER
    topped, below = ((base.flags[at.F_FLAG] == flag) & worker for flag in (kinds.AT_THRESHOLD, kinds.BELOW_THRESHOLD))
    stopped = topped | below
    threshold = (None, None)
    if stopped.any():
        threshold = _jackknife(base.flags[at.F_ID][stopped] - 1, np.array([np.ones(stopped.sum()), topped[stopped]]),
                               lambda s: s[1] / s[0])
    return [
        Effect("bunching", "threshold_share", "members who add the days that lack, of those who stop just below",
               world.threshold_share, *threshold),
        Effect("bunching", "placebo_share", "log of contracts by a threshold that no rule knows",
               placebo, *_paired_ratio(base, unheeded, lambda s: s.member >= 0), null=True),
        Effect("bunching", "fee_share", "artistic lump sums at whole multiples of the reference fee", world.fee_share,
               *fees),
    ]


def _voice(world: World, size: Size, seed: int, base: Sample) -> list[Effect]:
    """Attendance by gender (a null), and the agreement of coders."""
    went = np.bincount(base.attendances[at.T_WORKER] - 1, minlength=base.traits.shape[1]).astype(float)
    woman = (base.traits[6] == 1) & (base.traits[2] != kinds.COURIER)
    other = (base.traits[6] == 0) & (base.traits[2] != kinds.COURIER)
    held = [day(f"{y}-{world.assembly_day}") for y in range(world.assemblies_since, 2_026)]
    could = sum(((base.traits[3] <= d) & (d <= base.traits[4]) & (d <= base.last_day)).astype(float) for d in held)
    columns = np.array([went * woman, could * woman, went * other, could * other])
    return [
        Effect("democracy", "effect_tenure_attendance", "log odds of attending for each year at Smart",
               world.effect_tenure_attendance, None, None),
        Effect("democracy", "effect_gender_attendance", "log of the attendance of women against others",
               world.effect_gender_attendance, *_jackknife(np.arange(len(went)), columns, _log_ratio), null=True),
    ]


def _corpus(world: World, base: Sample, interviews: dict, segments: dict) -> list[Effect]:
    """Agreement of the two coders, and the themes of members with one dominant client and of staff."""
    interview, coder, code, start, end = (np.array(segments[n].to_pylist()) for n in (
        "interview_id", "coder", "code", "start", "end"))
    twice = np.flatnonzero((interview[1:] == interview[:-1]) & (coder[1:] != coder[:-1])
                           & (np.abs(start[1:] - start[:-1]) <= world.coder_shift)
                           & (end[1:] - start[1:] == end[:-1] - start[:-1]))
    pairs = len(twice)
    apart = float((code[twice] != code[twice + 1]).mean()) if pairs else 0.0
    count = np.array(list(Counter(np.append(code[twice], code[twice + 1])).values()), dtype=float)
    n = count.sum()
    chance_apart = (n * n - (count**2).sum()) / (n * (n - 1)) if n > 1 else 1.0
    alpha = (None, None)
    if pairs:
        alpha = 1 - apart / chance_apart, float(np.sqrt(apart * (1 - apart) / pairs) / chance_apart)
    tied, role = voice.dependent(base.contracts), np.array(interviews["role"].to_pylist())
    worker = np.array([w in tied for w in interviews["worker_id"].to_pylist()])
    theme = (code == world.codes[0]).astype(float)
    first = coder == world.coders[0]
    staff = np.isin(interview, np.flatnonzero(role == "staff") + 1)[first]
    dependence = np.isin(interview, np.flatnonzero(worker) + 1)[first]
    return [
        Effect("interviews", "coder_agrees", "Krippendorff’s alpha of the two coders over all codes",
               world.coder_agrees, *alpha),
        Effect("interviews", "effect_dependence_code",
               "share of passages with the code of dependence, members with one dominant client less others",
               world.effect_dependence_code * (1 - 1 / len(world.codes)), *_difference(theme[first], dependence)),
        Effect("interviews", "effect_role_code", "the same, staff less all who have no dominant client",
               world.effect_role_code, *_difference(theme[first][~dependence], staff[~dependence]), null=True),
    ]


def _kinds_and_gender(base: Sample) -> Effect:
    """A null: the trajectory of a member has nothing to do with gender."""
    woman, ordinary = base.traits[6].astype(float), base.traits[2] <= kinds.FULL
    regular = np.isin(base.traits[2], (kinds.STEADY, kinds.MULTI, kinds.FULL))[ordinary]
    return Effect("trajectories", "ordinary", "share of women on regular trajectories less that on others",
                  0.0, *_difference(woman[ordinary], regular), null=True)
