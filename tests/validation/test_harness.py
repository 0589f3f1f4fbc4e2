"""Sixty worlds whose truth is known: every estimator finds it, and every version that is wrong on purpose is caught.

`make validate` does the same with more worlds and writes what the book shows.
"""

import pytest
from validation import harness
from validation.estimators import ESTIMATORS

pytestmark = pytest.mark.long
WORLDS = 60
NAMES = [e.name for e in ESTIMATORS]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    rows = harness.run(WORLDS, tmp_path_factory.mktemp("worlds"))
    return harness.statistics(rows).set_index(["name", "role"])


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=NAMES)
def test_an_estimator_finds_what_is_there_and_nothing_else(found, estimator):
    row = found.loc[(estimator.name, "right")]
    assert row["worlds"] >= WORLDS / estimator.every / 2
    assert set(row["faults"].split()) <= set(estimator.known), row.dropna().to_dict()


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=NAMES)
def test_the_mistake_made_on_purpose_is_caught(found, estimator):
    """It fails a check that the right one passes in the same worlds."""
    twin, right = (found.loc[(estimator.name, role)] for role in ("twin", "right"))
    assert set(twin["faults"].split()) - set(right["faults"].split()), twin.dropna().to_dict()


@pytest.mark.parametrize("estimator", [e for e in ESTIMATORS if e.naive], ids=lambda e: e.name)
def test_a_careless_look_is_wrong(found, estimator):
    assert "bias" in found.loc[(estimator.name, "naive"), "faults"]


def test_planted_effects_that_are_large_are_told_from_nothing(found):
    power = found.xs("right", level="role")["power"]
    for name in ("Artists’ pay per day since the reform of 2014", "Leaving, by pay",
                 "Days that public clients take to pay", "Lump sums at whole multiples of the artists’ fee"):
        assert power[name] > 0.8, name


def test_a_run_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(harness, "asked", lambda seed: asked.append(seed) or [{"seed": seed}])
    for seed in (5, 6, 5):
        harness.one(seed, tmp_path)
    assert asked == [5, 6] and not list(tmp_path.glob("*.part"))
