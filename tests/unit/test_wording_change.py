"""The sentences on change say what their tables say, claim no cause, and say so where nothing can be shown."""

import pandas as pd
import pytest

from analysis.guard import protect
from analysis.measures import wording


def safe(rows, *keys, workers=50):
    return protect(pd.DataFrame(rows).assign(workers=workers), keys, "workers", "confidential", guarded=True)


def within(slope, error=0.02, workers=50):
    return safe([{"series": "same people", "slope": slope, "slope_low": slope - 2 * error,
                  "slope_high": slope + 2 * error}], "series", workers=workers)


@pytest.mark.parametrize(("slope", "said"), [
    (0.1, "grew faster than before, by about 10% a year"), (-0.1, "grew more slowly"),
    (0.01, "no clearly different course"), (-0.01, "a change of up to 5% a year cannot be excluded")])
def test_the_course_of_the_same_people_is_named_without_a_cause(slope, said):
    sentence = wording.transition_said(within(slope))
    assert said in sentence and "because" not in sentence
    assert abs(slope) < 0.05 or "consistent with an effect of the cooperative, and with anything else" in sentence


def begun(value, error=0.04, naive=0.5, workers=50):
    rows = [{"event": event, "estimate": estimate, "value": value, "low": value - 2 * error, "high": value + 2 * error}
            for event, estimate in (("Activity", "same worker"), ("share", "matched"))]
    rows += [{"event": event, "estimate": "naive", "value": naive} for event in ("Activity", "share")]
    return safe(rows, "event", "estimate", workers=workers)


@pytest.mark.parametrize(("value", "said"), [
    (0.2, "have more contracts"), (-0.2, "have fewer contracts"), (0.05, "neither clearly more nor clearly fewer")])
def test_a_beginning_is_told_from_zero_by_its_interval(value, said):
    for rule, event in ((wording.activity_said, "Activity"), (wording.share_said, "share")):
        sentence = rule(begun(value))
        assert said in sentence and f"first {event}" in sentence and f"({value:+.0%})" in sentence


def test_the_careless_comparison_is_named_as_such():
    assert "+50% for an Activity and +50% for a share" in wording.careless_said(begun(0.0))


def around(limit, workers=50):
    return safe([{"quarter": q, "value": 1.0, "breakdown": limit} for q in (-2, 0, 1)], "quarter", workers=workers)


@pytest.mark.parametrize(("limit", "said"), [
    (0.0, "nothing for a break"), (0.4, "by 0.4 times the largest step before the beginning: less than was seen"),
    (1.26, "by 1.3 times the largest step before the beginning: it holds"), (float("inf"), "by more than ten times")])
def test_how_much_undoes_a_finding_is_told(limit, said):
    assert said in wording.breakdown_said(around(limit))


def bent(falls, workers=50):
    """Intervals that hold zero from the limit `falls` on."""
    return safe([{"restriction": "bends", "limit": limit, "low": -1.0 if limit >= falls else 0.5, "high": 2.0}
                 for limit in (0.0, 0.01, 0.05)], "restriction", "limit", workers=workers)


@pytest.mark.parametrize(("falls", "said"), [
    (0.0, "leaves no clear finding"), (0.01, "by 1% of a quarter's work"),
    (0.05, "falls once it bends, from one quarter to the next, by 5%"), (1.0, "against all bends tried, up to 5%")])
def test_how_far_the_paths_may_bend_is_told(falls, said):
    assert said in wording.bends_said(bent(falls))


def ways(imputation, error=0.1, workers=50):
    rows = [{"event": event, "estimator": name, "value": v, "low": v - 2 * error, "high": v + 2 * error}
            for event, past in (("Activity", 0.1), ("share", imputation))
            for name, v in (("later or never", 0.0), ("never", 0.1), ("imputation", past))]
    return safe(rows, "event", "estimator", workers=workers)


def test_ways_to_compare_that_contradict_each_other_are_named():
    said = wording.estimators_said(ways(0.7))
    assert said.startswith("For a first Activity the comparisons agree")
    assert "For a first share the comparisons contradict each other (imputation against the first line)" in said
    assert "contradict" not in wording.estimators_said(ways(0.1))
    assert "contradict" in wording.estimators_said(ways(-0.7))


def reform(contracts, pay, error=0.02, workers=50):
    return safe([{"outcome": name, "value": v, "low": v - 2 * error, "high": v + 2 * error}
                 for name, v in (("contracts", contracts), ("pay", pay))], "outcome", workers=workers)


def test_the_reform_is_told_by_outcome():
    said = wording.reform_said(reform(-0.2, 0.01))
    assert "contracts moved by -20%" in said and "pay per day did not clearly move (+1%)" in said


def test_couriers_are_told_as_bounds():
    table = safe([{"group": "couriers", "outcome": "work", "low": 0.1, "high": 1.0}], "group", "outcome")
    assert "10% had other work" in wording.exit_said(table) and "anything up to 100%" in wording.exit_said(table)


def test_nothing_is_said_of_few_people():
    few = {"workers": 3}
    table = safe([{"group": "couriers", "outcome": "work", "low": 0.1, "high": 1.0}], "group", "outcome", **few)
    for said in (wording.transition_said(within(0.1, **few)), wording.activity_said(begun(0.2, **few)),
                 wording.share_said(begun(0.2, **few)), wording.careless_said(begun(0.2, **few)),
                 wording.reform_said(reform(-0.2, 0.1, **few)), wording.exit_said(table),
                 wording.breakdown_said(around(1.0, **few)), wording.bends_said(bent(0.01, **few)),
                 wording.estimators_said(ways(0.0, **few))):
        assert "cannot be shown" in said


def test_the_answer_has_three_sentences():
    said = wording.change_answer(within(0.1), begun(0.0), reform(-0.2, 0.1))
    assert said.count(". ") == 2 and said.endswith(".")
