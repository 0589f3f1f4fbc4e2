"""The register of estimators: what each aims at, how it is asked, and the same done wrong on purpose.

An estimator that a chapter uses and that is not here fails a test. `Estimator`s are tried on many worlds by
`harness.py`; what has no estimand in truth.json, or is arithmetic, stands under `EXACT` with the test that proves it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
from ibis import _
from validation.worlds import YEARS, World, leaving_told

from analysis import law
from analysis.measures import careers, change, democracy, headline, misuse, payment, thresholds, voices, wages
from analysis.measures.change import matching
from analysis.measures.change.artists import there_before
from analysis.measures.change.calendar import contract_calendar, starts
from analysis.measures.change.dates import event, last_calm
from analysis.measures.change.people import within
from analysis.measures.change.registered import REGISTERED
from analysis.measures.democracy.traits import with_traits
from analysis.models import Z95, eventstudy, twoway
from analysis.models.interrupted import Break
from analysis.panels import days_between
from analysis.verdict import multiverse, scorecard
from data_synthetic.draw import ONE
from data_synthetic.rules import rules
from data_synthetic.simulate import simulate


@dataclass(frozen=True)
class Estimate:
    """A value with the ends of its 95 % interval; nan where a world is too small to say, or has no interval."""

    value: float = np.nan
    low: float = np.nan
    high: float = np.nan


Ask = Callable[[World], Estimate]
SLOW = 3            # of an estimator that takes a second or more


@dataclass(frozen=True)
class Estimator:
    """One estimator of the book.

    `measures` are the functions that chapters ask and that rest on it; `aim` is what it should find in a world, told by
    `truth`: as planted, or as this world really holds it. `twin` is the same with the mistake that is named.
    `known` names each check that it honestly fails, and why. A slow one is asked in one of `every` pairs of worlds.
    """

    name: str
    measures: tuple
    parameter: str
    truth: str
    aim: Callable[[World], float]
    ask: Ask
    mistake: str
    twin: Ask
    naive: Ask | None = None
    known: dict[str, str] = field(default_factory=dict)
    every: int = 1


@dataclass(frozen=True)
class Exact:
    """Measures whose numbers are proved elsewhere: `why`, and the `tests` (file, function) that do it."""

    measures: tuple
    why: str
    tests: tuple[tuple[str, str], ...]


# -- aims ------------------------------------------------------------------------------------------------------

def planted(parameter: str) -> dict:
    """The aim is the parameter of world.toml itself."""
    return {"parameter": parameter, "truth": "planted", "aim": lambda w: w.planted.parameters[parameter].value}


def realised(parameter: str) -> dict:
    """The aim is what this world holds of it: people of fixed patterns of work do not react."""
    return {"parameter": parameter, "truth": "realised",
            "aim": lambda w: float(w.effects.loc[parameter, "realised"])}


def paid_by_clients(w: World) -> float:
    """The spread of pay per day that goes with the hidden pay of clients, in the movers' core and by contracts.

    Where pay stands at the floor, or a pattern sets it, a client's hidden pay does not reach the records: a regression
    within workers that is told the hidden pay says how much of it does.
    """
    model = wages._model(w.panels, "pay", *YEARS)
    if model is None:
        return np.nan
    m = model.fit.matches
    clients = np.unique(model.rows["client_id"][model.kept[model.match]])
    hidden = (w.hidden.clients[5][clients - 1] / ONE * np.log(2))[m.client]
    y, x = (v - (np.bincount(m.worker, m.n * v) / np.bincount(m.worker, m.n))[m.worker] for v in (m.y, hidden))
    return float((m.n * x * y).sum() / (m.n * x * x).sum() * np.sqrt(np.cov(hidden, ddof=0, fweights=m.n.astype(int))))


def years_and_times(w: World) -> float:
    """Growth of pay with a year at Smart and, in the same year, of what everybody is paid above prices.

    Within a worker the two go together, so that no record of this kind can tell them apart.
    """
    first, last = YEARS
    level = rules(w.planted, w.size)["base_pay"][0][:, None] / ONE * np.log(2)
    real = [level[12 * (y - 1995) + m] - np.log(law.health_index(y, m + 1)) for y in range(first, last + 1)
            for m in range(12)]
    yearly = np.reshape(real, (-1, 12)).mean(axis=1)
    return float(w.effects.loc["effect_experience_pay", "realised"] + np.polyfit(range(len(yearly)), yearly, 1)[0])


def last_contract_by_pay(w: World) -> float:
    """How pay goes with the hazard of the last contract, told the hidden kind and pay of each member.

    The world plants a hazard of leaving. Records show the last contract, which comes before, the longer so the more
    rarely somebody works: of −1.2 about −1.06 can be seen in any of them.
    """
    return float(leaving_told(w.no_couriers, w.hidden.traits).loc["pay", "coefficient"])


def odds_of_coming(w: World) -> float:
    """By how much the log odds of coming to an assembly rise with a year, where the log chance rises as planted.

    Odds rise faster than chances where these are not small: the slope of their logarithm on years, each member and
    assembly weighed as a logit weighs them.
    """
    years = with_traits(w.no_couriers, "attended", ("tenure",))["tenure"]
    p = w.planted.turnout * np.exp(w.planted.effect_tenure_attendance * years)
    return float(np.polyfit(years, np.log(p / (1 - p)), 1, w=np.sqrt(p * (1 - p)))[0])


def excess_of_fees(w: World) -> float:
    """Lump sums at whole multiples of the fee, less nothing where none was set there: those are chance."""
    found = w.effects.loc["fee_share"]
    return float(found["realised"]) if found["planted"] else 0.0


# -- ways to ask -----------------------------------------------------------------------------------------------

def row(measure, columns: tuple[str, ...] = ("value", "low", "high"), couriers: bool = False, options=None,
        **where) -> Ask:
    """Value, low and high in the row of an answer that `where` picks; with two columns, value and standard error."""
    def ask(w: World) -> Estimate:
        frame = w.ask(measure, couriers, **(options or {}))
        for column, value in where.items():
            frame = frame[frame[column] == value]
        if len(frame) != 1:
            return Estimate()
        found = [float(frame[c].iloc[0]) for c in columns]
        return Estimate(found[0], found[0] - Z95 * found[1], found[0] + Z95 * found[1]) if len(found) == 2 else (
            Estimate(*found))

    return ask


def turned(ask: Ask) -> Ask:
    """The sign turned: the groups exchanged."""
    def wrong(w: World) -> Estimate:
        e = ask(w)
        return Estimate(-e.value, -e.high, -e.low)

    return wrong


def nine_times(ask: Ask) -> Ask:
    """What errors become if every row comes nine times, as after a join that multiplies rows: a third."""
    def wrong(w: World) -> Estimate:
        e = ask(w)
        return Estimate(e.value, *(e.value + (end - e.value) / 3 for end in (e.low, e.high)))

    return wrong


def naive(parameter: str) -> Ask:
    """What truth.json says that a comparison finds which does not know how the world is made."""
    return lambda w: Estimate(float(w.effects.loc[parameter, "naive"] or np.nan))


# -- wrong on purpose ------------------------------------------------------------------------------------------

def _no_worker_effects(w: World) -> Estimate:
    """Growth of pay with time at Smart across people: those who stay were better paid from the start."""
    rows = wages._contracts(w.panels, "pay", *YEARS)
    return Estimate(float(np.polyfit(rows["since"] / wages.YEAR, rows["y"], 1)[0]))


def _experience(w: World) -> Estimate:
    """The coefficient of years since the first contract in the two-way model, which has no measure of its own."""
    rows = wages._contracts(w.panels, "pay", *YEARS)
    matches, match = twoway.collapse(rows["worker_id"], rows["client_id"], rows["y"])
    x, basis = wages._covariates(rows)
    return Estimate(float(twoway.residualise(matches, match, rows["y"], x, wages._setting(), basis)[1][-1]))


def _contracts_as_strangers(w: World) -> Estimate:
    """The right value with the error of as many independent contracts: the months of a worker taken for strangers."""
    calendar = contract_calendar(w.no_couriers)
    first, last = calendar.first, calendar.first + calendar.contracts.shape[1] - 1
    y = calendar.outcome(first, last)
    y[:, np.arange(first, last + 1) > last_calm(w.no_couriers)] = np.nan
    y, _free, chosen = eventstudy._cells(y, starts(w.no_couriers, calendar, "Activity"), REGISTERED.horizon)
    value, reach = ACTIVITY(w).value, Z95 / np.sqrt(max((y * chosen).sum(), 1))
    return Estimate(value, value - reach, value + reach)


def _share_without_matching(w: World) -> Estimate:
    """Buyers of a first share against all who worked in the month, however much."""
    p = w.no_couriers
    calendar = contract_calendar(p)
    months = np.arange(calendar.contracts.shape[1]) + calendar.first
    with patch.object(matching, "REGISTERED", replace(REGISTERED, busiest=1)):
        value, error = matching.risk_sets(calendar, starts(p, calendar, "share"), months <= last_calm(p))
    return Estimate(value, value - Z95 * error, value + Z95 * error)


def _artists_for_others(w: World) -> Estimate:
    """The break of April 2014 in the contracts of artists, who were concerned, in the place of others."""
    when = event("Reference fee 57.76")
    calendar, artist = there_before(w.no_couriers, when)
    year, month = REGISTERED.reform_until
    first, last = max(when - 12 * REGISTERED.reform_years, calendar.first), year * 12 + month - 1
    found = within(calendar.outcome(first, last)[artist], np.arange(first, last + 1),
                   Break(when, drop=(when - REGISTERED.donut, when + REGISTERED.donut - 1)))
    return Estimate(found.level, found.level - Z95 * found.level_se, found.level + Z95 * found.level_se)


def _paid_within_a_month(w: World) -> Estimate:
    """Public clients against others in the invoices that were paid within thirty days: the slow ones are not looked at.
    """
    p = w.panels
    i = payment.debits(payment.issued(p)).filter(_.paid_on.notnull())
    i = i.mutate(wait=days_between(_.issued_on, _.paid_on)).filter(_.wait.between(1, 30))
    traits = p.dataset.table("clients").select("client_id", "legal_form").filter(_.legal_form.notnull())
    c = i.mutate(log=(_.wait - 0.5).ln()).group_by("client_id").agg(log=_.log.mean()).join(traits, "client_id")
    f = c.mutate(public=_.legal_form == "public").execute()
    return Estimate(float(f.loc[f["public"], "log"].median() - f.loc[~f["public"], "log"].median()))


def _stops_that_were_moved(w: World) -> float:
    """Stops at 312 days and a little more, less those of the same world in which nobody adds the days that lack.

    The stops of those who added days somewhere would not do: nearly all of them would lie there in any case.
    """
    if not w.planted.parameters["threshold_share"].value:
        return 0.0
    with TemporaryDirectory() as place:
        folder, changes = Path(place) / "world", w.changes | {"threshold_share": "0.0"}
        simulate(w.size.workers, w.seed, *YEARS, folder, changes, threads=1)
        heedless = World(folder, changes, w.size, w.seed)
        there, without = (_stops_at_312(world) for world in (w, heedless))
    return float(there - without)


def _stops_at_312(w: World) -> int:
    stops = thresholds.days_at_stop(w.panels).execute()
    return int((stops["z"] - 312)[stops["rule"] == 312].between(0, 5).sum())


# -- the register ----------------------------------------------------------------------------------------------

SAMPLED = ("premium", "low_sampled", "high_sampled")
PUBLIC = {"outcome": "pay", "trait": "legal_form", "level": "public"}
LARGE = {"outcome": "pay", "trait": "size", "level": "250+"}
CORRECTED = {"outcome": "pay", "estimate": "leave-out"}
PLUGIN = {"outcome": "pay", "estimate": "plug-in"}
ACTIVITY = row(change.beginnings, event="Activity", estimate="same worker")
MATCHED = row(change.beginnings, event="share", estimate="matched")
LEVEL, SLOPE = ("level", "low", "high"), ("slope", "slope_low", "slope_high")
HAZARD = ("coefficient", "se")         # without couriers, who are too few in a small world for a baseline of their own
ODDS = ("log_odds", "error")
GAP = ("gap", "low", "high")
LARGE_DELAY = row(payment.client_delay_gap, GAP, couriers=True, contrast="clients of 250 persons or more")
WOMAN_LEAVES = row(careers.hazards, HAZARD, model="main", trait="woman")
WOMAN_COMES = row(democracy.determinants, ODDS, trait="woman")
LARGE_HAZARD = row(payment.payment_hazard, couriers=True, trait="large")
SHARES = ("difference", "low", "high")
TIED = row(voices.contrasts, SHARES, couriers=True, options={"profile": "dependent"}, code="client_dependence")
STAFF = row(voices.contrasts, SHARES, couriers=True, options={"profile": "staff"}, code="client_dependence")
JUMP = row(change.same_people, LEVEL, series="same people")

ESTIMATORS = (
    Estimator("Pay of public clients, same worker", (wages.client_premia,), **planted("effect_public_pay"),
              ask=row(wages.client_premia, SAMPLED, couriers=True, **PUBLIC),
              mistake="error of pay alone: clients of one kind taken to be all alike",
              twin=row(wages.client_premia, ("premium", "low", "high"), couriers=True, **PUBLIC), every=SLOW),
    Estimator("Pay of large clients, same worker (nothing there)", (wages.client_premia,), **planted("effect_size_pay"),
              ask=row(wages.client_premia, SAMPLED, couriers=True, **LARGE),
              mistake="error of pay alone: clients of one kind taken to be all alike",
              twin=row(wages.client_premia, ("premium", "low", "high"), couriers=True, **LARGE), every=SLOW),
    Estimator("Spread of pay between clients", (wages.components,),
              parameter="client_sigma", truth="realised", aim=paid_by_clients,
              ask=row(wages.components, ("client_sd", "client_low", "client_high"), couriers=True, **CORRECTED),
              mistake="estimates taken for effects: no correction for noise",
              twin=row(wages.components, ("client_sd",), couriers=True, **PLUGIN), every=SLOW),
    Estimator("Growth of pay with each year at Smart", (wages.components, wages.client_premia),
              parameter="effect_experience_pay", truth="realised", aim=years_and_times, ask=_experience,
              mistake="different people compared, not the same over time", twin=_no_worker_effects,
              naive=naive("effect_experience_pay"), every=SLOW),
    Estimator("Contracts after a first Activity, same worker", (change.beginnings,),
              **realised("effect_activity_rate"), ask=ACTIVITY,
              mistake="no clustering: the months of a worker taken for strangers", twin=_contracts_as_strangers,
              naive=naive("effect_activity_rate")),
    Estimator("Contracts after a first share, matched (nothing there)", (change.beginnings,),
              **planted("effect_share_rate"), ask=MATCHED,
              mistake="no matching on how busy the month was", twin=_share_without_matching,
              naive=row(change.beginnings, ("value",), event="share", estimate="naive")),
    Estimator("Artists’ contracts since the reform of 2014", (change.reform,), **realised("effect_reform_rate"),
              ask=row(change.reform, outcome="contracts"), mistake="wrong sign: artists and others exchanged",
              twin=turned(row(change.reform, outcome="contracts")), naive=naive("effect_reform_rate")),
    Estimator("Artists’ pay per day since the reform of 2014", (change.reform,),
              **realised("effect_reform_pay"), ask=row(change.reform, outcome="pay"),
              mistake="wrong sign: artists and others exchanged", twin=turned(row(change.reform, outcome="pay")),
              naive=naive("effect_reform_pay"),
              known={"bias": "Where nothing is there, a fall of four thousandths is found in these worlds, of half as "
                     "much and of nothing in others that were tried. It is a third of what chance alone does, and the "
                     "interval keeps its promise."}),
    Estimator("Others’ contracts since the reform (nothing there)", (change.reform,), **planted("effect_reform_others"),
              ask=row(change.reform, outcome="others"),
              mistake="artists taken for others", twin=_artists_for_others),
    Estimator("Pace of contracts since the cooperative, same people", (change.same_people,),
              **realised("effect_cooperative_trend"), ask=row(change.same_people, SLOPE, series="same people"),
              mistake="all contracts, whoever makes them", twin=row(change.same_people, SLOPE, series="all contracts"),
              naive=naive("effect_cooperative_trend")),
    Estimator("Jump of contracts at the cooperative, same people (nothing there)",
              (change.same_people,), **planted("effect_cooperative_level"),
              ask=JUMP,
              mistake="every row nine times, after a join that multiplies rows",
              twin=nine_times(JUMP)),
    Estimator("Leaving, with an own Activity open", (careers.hazards,), **planted("effect_activity_leave"),
              ask=row(careers.hazards, HAZARD, model="hidden kinds", trait="activity"),
              mistake="users counted as users before they were",
              twin=row(careers.hazards, HAZARD, model="as if from the start", trait="activity")),
    Estimator("Leaving, women against others (nothing there)", (careers.hazards,), **planted("effect_gender_leave"),
              ask=WOMAN_LEAVES,
              mistake="every row nine times, after a join that multiplies rows",
              twin=nine_times(WOMAN_LEAVES)),
    Estimator("Leaving, by pay", (careers.hazards,), parameter="effect_pay_leave", truth="realised",
              aim=last_contract_by_pay, ask=row(careers.hazards, HAZARD, model="hidden kinds", trait="pay"),
              mistake="pay of a first year taken for what somebody usually earns, and all people for one kind",
              twin=row(careers.hazards, HAZARD, model="main", trait="pay"),
              known={"bias": "A part of what a first year hides stays hidden, above all where pay is set by something "
                     "else than the person. About a sixteenth too little is found."}),
    Estimator("Days that public clients take to pay", (payment.client_delay_gap,), **planted("effect_public_delay"),
              ask=row(payment.client_delay_gap, GAP, couriers=True, contrast="public clients"),
              mistake="wrong window: only what was paid within thirty days", twin=_paid_within_a_month),
    Estimator("Days that large clients take to pay (nothing there)", (payment.client_delay_gap,),
              **planted("effect_size_delay"),
              ask=LARGE_DELAY,
              mistake="every row nine times, after a join that multiplies rows",
              twin=nine_times(LARGE_DELAY)),
    Estimator("Chance that a large client pays an open invoice (nothing there)", (payment.payment_hazard,),
              **planted("effect_size_delay"), ask=LARGE_HAZARD,
              mistake="every row nine times, after a join that multiplies rows", twin=nine_times(LARGE_HAZARD),
              known={"error": "Few clients of a small world are large, and one of them may have most of the "
                     "invoices. In a few worlds the value is then far off, which its interval says, for it is as wide; "
                     "in most worlds the error is right."}),
    Estimator("Stops of work moved over 312 days, their number", (thresholds.at_days,), parameter="threshold_share",
              truth="realised", aim=_stops_that_were_moved,
              ask=row(thresholds.at_days, ("excess", "low", "high"), couriers=True, rule=312),
              mistake="all stops at the threshold counted, as if none would be there without it",
              twin=row(thresholds.at_days, ("observed",), couriers=True, rule=312), every=SLOW),
    Estimator("Stops of work at days that no rule knows (nothing there)", (thresholds.at_days,),
              **planted("placebo_share"), ask=row(thresholds.at_days, ("placebo",), couriers=True, rule=312),
              mistake="all stops in the window counted, as if none would be there",
              twin=row(thresholds.at_days, ("expected",), couriers=True, rule=312), every=SLOW),
    Estimator("Lump sums at whole multiples of the artists’ fee", (thresholds.at_fee,), parameter="fee_share",
              truth="realised", aim=excess_of_fees,
              ask=row(thresholds.at_fee, ("share", "low", "high"), couriers=True, fee="in force"),
              mistake="wrong window: the fee of the other time",
              twin=row(thresholds.at_fee, ("share", "low", "high"), couriers=True, fee="of the other time"),
              known={"bias": "Sums at a multiple are compared with the sums everywhere else, and pay is not spread "
                     "evenly. That is off by less than a tenth of one per cent of all sums."}),
    Estimator("Coming to an assembly, by years at Smart", (democracy.determinants,),
              parameter="effect_tenure_attendance", truth="realised", aim=odds_of_coming,
              ask=row(democracy.determinants, ODDS, trait="tenure"),
              mistake="wrong sign: those who came and those who did not exchanged",
              twin=turned(row(democracy.determinants, ODDS, trait="tenure"))),
    Estimator("Coming to an assembly, women against others (nothing there)", (democracy.determinants,),
              **planted("effect_gender_attendance"), ask=WOMAN_COMES,
              mistake="every row nine times, after a join that multiplies rows",
              twin=nine_times(WOMAN_COMES)),
    Estimator("Agreement of two coders beyond chance", (voices.agreement,), **planted("coder_agrees"),
              ask=row(voices.agreement, ("alpha", "low", "high"), couriers=True, code=voices.ALL),
              mistake="chance forgotten: the plain share of passages coded alike",
              twin=row(voices.agreement, ("percent",), couriers=True, code=voices.ALL)),
    Estimator("Talk of dependence, members with one dominant client", (voices.contrasts,),
              **realised("effect_dependence_code"), ask=TIED,
              mistake="wrong sign: the two groups exchanged", twin=turned(TIED), every=SLOW,
              known={"bias": "A passage counts where one of two coders gives the code, and the truth of these worlds "
                     "is told by the first coder alone. What the second adds by mistake is spread over all, so that a "
                     "twentieth of the difference is lost."}),
    Estimator("Talk of dependence, staff against clients (nothing there)", (voices.contrasts,),
              **planted("effect_role_code"), ask=STAFF,
              mistake="every row nine times, after a join that multiplies rows", twin=nine_times(STAFF), every=SLOW),
)

EXACT = (
    Exact((wages.components, wages.components_by_years, wages.core_sample), "spreads of workers and clients that are "
          "set by both alone are found; the fit of the components above on other years and what it "
          "leaves out, equal to a fit with every matrix written out",
          (("test_twoway", "test_planted_spreads_of_workers_and_clients_are_found"),
           ("test_twoway", "test_the_measures_equal_dense_least_squares"),
           ("test_twoway", "test_the_leave_out_correction_removes_the_bias"),
           ("test_leaveout", "test_with_stayers_the_correction_is_unbiased_and_without_theirs_it_is_not"))),
    Exact((wages.pay_around_switches,), "means over moves that are found in their order",
          (("test_twoway", "test_switches_are_found_in_the_order_of_contracts"),)),
    Exact((wages.fit_checks,), "told apart in worlds with and without effects of pairs",
          (("test_twoway", "test_match_effects_add_nothing_to_an_additive_world_and_something_to_another"),)),
    Exact((change.around,), "equal to numbers worked out by hand; intervals cover, bands are wider",
          (("test_change", "test_mean_effects_by_cohort_and_period_are_those_worked_out_by_hand"),
           ("test_change", "test_intervals_cover_and_bands_are_wider"))),
    Exact((change.parting,), "intervals worked out by hand, and that of the surest line through the past",
          (("test_change", "test_a_line_that_goes_on_is_taken_away_and_bends_make_it_uncertain"),
           ("test_change", "test_breakdown_is_what_undoes_a_finding"))),
    Exact((change.estimators,), "they find an effect that was made, and part where the moment is chosen",
          (("test_change", "test_the_ways_to_compare_find_the_same_effect"),
           ("test_change", "test_who_begins_in_a_good_period_parts_the_ways_to_compare"))),
    Exact((change.at_the_transition,), "level and slope recovered, with honest intervals, in series made for it",
          (("test_change", "test_level_and_slope_are_recovered_with_honest_intervals"),
           ("test_change", "test_counts_find_a_ratio_per_person"))),
    Exact((change.usual_regression,), "the comparisons add up to the regression, and growing effects deceive it",
          (("test_change", "test_two_by_two_comparisons_add_up_to_the_usual_regression"),
           ("test_change", "test_effects_that_grow_deceive_the_usual_regression_and_not_the_others"))),
    Exact((change.composition,), "parts that add up to the change",
          (("test_change", "test_the_parts_of_a_change_add_up"),
           ("test_change", "test_reweighting_gives_back_the_old_mix"))),
    Exact((change.leavers,), "bounds worked out by hand, which hold a truth that those who stay hide",
          (("test_change", "test_bounds_by_hand"),
           ("test_change", "test_lee_bounds_hold_the_truth_that_those_who_stay_hide"))),
    Exact((change.courier_exit,), "bounds, equal to a slow count",
          (("test_change", "test_bounds_of_the_couriers_are_those_of_a_slow_count"),)),
    Exact((careers.staying, careers.length, careers.users), "published curves and medians, and a slow version",
          (("test_careers", "test_freireich_medians"), ("test_careers", "test_kaplan_meier_with_late_entry"),
           ("test_careers", "test_staying_and_length"),
           ("test_careers", "test_users_are_told_apart_at_one_month_for_all"))),
    Exact((careers.difference,), "a published test statistic, and a slow version",
          (("test_careers", "test_freireich_log_rank"), ("test_careers", "test_log_rank_of_three_groups"))),
    Exact((careers.ways_out,), "ways out and staying add up to one",
          (("test_careers", "test_incidences_add_up"), ("test_careers", "test_ways_out"))),
    Exact((careers.types, careers.paths, careers.who_takes_which, careers.numbers_of_types),
          "planted types are found, those of no types are not, and types go with the planted ways of working",
          (("test_careers", "test_planted_types_are_found_and_stable"),
           ("test_careers", "test_types_tell_more_of_the_planted_kinds_than_chance"))),
    Exact((thresholds.at_floor,), "the excess holds the contracts that were set to the floor",
          (("test_bunching", "test_the_excess_at_the_floor_is_the_pay_that_was_set_there"),)),
    Exact((thresholds.at_three_hours,), "an excess since the protocol alone",
          (("test_bunching", "test_three_hours_since_the_protocol_alone"),)),
    Exact((thresholds.at_quota,), "counts equal to a slow version",
          (("test_bunching", "test_students_at_the_quota"),)),
    Exact((thresholds.days_profile, thresholds.crossing), "every stop once, and shares equal to a slow version",
          (("test_bunching", "test_the_profile_counts_every_stop_once"), ("test_bunching", "test_crossing"))),
    Exact((headline.series,), "intervals of a bootstrap that cover laws of known median, mean and inequality",
          (("test_headline", "test_intervals_cover_the_truth"),)),
    Exact((misuse.prevalence,), "patterns: precision and recall against the planted misuse and those who only look "
          "like it", (("test_misuse", "test_detectors_find_what_was_planted"),
                      ("test_misuse", "test_a_detector_that_knows_nothing_is_no_better_than_chance"))),
    Exact((voices.saturation,), "the mean over random orders, and the rule by hand",
          (("test_voices", "test_saturation_is_the_mean_of_random_orders"),
           ("test_voices", "test_the_rule_of_saturation_by_hand"))),
    Exact((scorecard.scorecard,), "intervals that cover, one by one and all together",
          (("test_scorecard", "test_intervals_of_ratios_cover_and_those_that_forget_the_worker_do_not"),
           ("test_scorecard", "test_v27_intervals_hold_together_and_single_ones_do_not"))),
    Exact((multiverse.curve, multiverse.robustness, multiverse.summary, multiverse.weight_of_nodes),
          "chance where nothing is, the effect where one is, and the part of each choice where it is known",
          (("test_multiverse", "test_under_the_null_the_shares_are_those_of_chance_and_p_is_uniform"),
           ("test_multiverse", "test_a_planted_effect_is_the_median_and_no_chance"),
           ("test_multiverse", "test_influence_of_additive_nodes_is_their_share"))),
    Exact((misuse.precision_by_prevalence,), "Bayes’ rule, by hand",
          (("test_misuse", "test_precision_falls_where_a_pattern_is_rarer"),)),
    Exact((misuse.client_concentration,), "shrunken shares recover the law of the groups that they are drawn from",
          (("test_misuse", "test_shrunken_shares_recover_the_law_of_the_groups"),)),
)
