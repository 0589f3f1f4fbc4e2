"""No chapter rests on an estimator that is not registered, and every entry of the register says how it is tried."""

import ast
import re
from functools import cache
from pathlib import Path

import jupytext
import pytest
from validation import harness
from validation.estimators import ESTIMATORS, EXACT
from validation.worlds import NOTHING, YEARS, Size, World

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "book" / "chapters").glob("*.md"))
HOUSES = ("measures", "verdict")
# No estimators: counts over counts, arithmetic of indices, and what is kept of a graph.
PLAIN = {"lifetable", "composite", "leaveout"}


# -- which measures a chapter asks, and what they rest on ------------------------------------------------------

@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def file_of(*module: str) -> Path:
    path = ROOT.joinpath("analysis", *module)
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def is_module(stands) -> bool:
    return isinstance(stands, tuple) and file_of(*stands).is_file()


def imported(tree) -> dict[str, tuple | str]:
    """What each imported name stands for: (house, …, module), (house, …, module, name), or the name of a model."""
    known = {}
    for node in (n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)):
        parts = (node.module or "").split(".")
        if parts[0] != "analysis" or len(parts) < 2:
            continue
        for name in node.names:
            alias = name.asname or name.name
            if parts[1] == "models":
                model = parts[2] if len(parts) > 2 else name.name
                if (ROOT / "analysis" / "models" / f"{model}.py").is_file():
                    known[alias] = model
            elif parts[1] in HOUSES:
                known[alias] = (*parts[1:], name.name)
    return known


def defined(tree) -> dict[str, list]:
    """The top-level names of a module with the code behind them."""
    found = {}
    for node in tree.body:
        targets = [node.name] if isinstance(node, (ast.FunctionDef, ast.ClassDef)) else [
            n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        for name in targets:
            found.setdefault(name, []).append(node)
    return found


def home(place: tuple) -> tuple:
    """Where a name is defined, if a package hands it on."""
    *package, name = place
    file = file_of(*package)
    stands = imported(parsed(file)).get(name) if file.name == "__init__.py" else None
    return home(stands) if stands else place


def reached(place: tuple) -> tuple[set[str], set[tuple]]:
    """The models that one top-level name uses, and the places of HOUSES that it uses."""
    *module, name = place
    if not is_module(tuple(module)):
        return set(), set()
    tree = parsed(file_of(*module))
    known, own = imported(tree), defined(tree)
    models, places = set(), set()
    for node in (n for code in own.get(name, []) for n in ast.walk(code)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            stands = known.get(node.id)
            if isinstance(stands, str):
                models.add(stands)
            elif stands and not is_module(stands):
                places.add(stands)
            elif node.id in own and node.id != name:
                places.add((*module, node.id))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            stands = known.get(node.value.id)
            if is_module(stands):
                places.add((*stands, node.attr))
    return models, places


def rests_on(place: tuple) -> set[str]:
    """All models that a measure uses, itself or through others."""
    seen, waiting, models = set(), [place], set()
    while waiting:
        here = home(waiting.pop())
        if here not in seen:
            seen.add(here)
            found, places = reached(here)
            models |= found
            waiting += places
    return models - PLAIN


def asks(code: str) -> set[tuple]:
    """Where the functions of HOUSES that code of a chapter names are defined; constants count nothing."""
    tree = ast.parse(code)
    known = imported(tree)
    named = {home((*known[n.value.id], n.attr)) for n in ast.walk(tree)
             if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and is_module(known.get(n.value.id))}
    return {place for place in named if not place[-1].isupper()}


def of_chapter(page: Path) -> set[tuple]:
    return asks("\n".join(c.source for c in jupytext.read(page, fmt="md:myst").cells if c.cell_type == "code"))


def registered() -> set[tuple]:
    return {(*m.__module__.split(".")[1:], m.__name__) for e in (*ESTIMATORS, *EXACT) for m in e.measures}


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda p: p.stem)
def test_a_chapter_rests_on_registered_estimators_alone(page):
    missing = {place: rests_on(place) for place in of_chapter(page) - registered()}
    missing = {".".join(place): sorted(models) for place, models in missing.items() if models}
    assert not missing, f"register in tests/validation/estimators.py: {missing}"


def test_what_a_measure_rests_on_is_found_through_others():
    assert rests_on(("measures", "change", "reform")) >= {"eventstudy", "interrupted"}
    assert rests_on(("measures", "wages", "components")) == {"twoway"}          # imported inside functions
    assert "bootstrap" in rests_on(("measures", "headline", "series"))          # through a constant
    assert rests_on(("measures", "population", "sizes")) == set()
    assert asks("from analysis.measures import change as c\nstudy.table(c.reform)") == {
        ("measures", "change", "reform_2014", "reform")}


def test_a_measure_of_a_package_is_followed_to_the_module_that_defines_it():
    assert asks("from analysis.measures import democracy\nstudy.table(democracy.determinants)") == {
        ("measures", "democracy", "regression", "determinants")} <= registered()
    first = home(("measures", "democracy", "first_share"))
    assert first == ("measures", "democracy", "shares", "first_share") and reached(first)[0] == {"lifetable"}
    assert ("measures", "democracy", "shares", "owners") in reached(("measures", "democracy", "acts", "choices"))[1]


def test_an_estimator_that_is_not_registered_is_noticed():
    cell = "from analysis.measures import careers\nstudy.table(careers.candidates)\nstudy.table(careers.in_stretches)"
    assert {place: rests_on(place) for place in asks(cell)} == {
        ("measures", "careers", "candidates"): set(), ("measures", "careers", "in_stretches"): set()}
    place = ("measures", "careers", "hazards")
    assert rests_on(place) == {"survival", "hidden_kinds"} and place in registered()
    assert place not in registered() - {place}


# -- the entries -----------------------------------------------------------------------------------------------

def test_every_entry_says_what_it_aims_at_and_what_its_twin_does_wrong():
    names = [e.name for e in ESTIMATORS]
    assert len(set(names)) == len(names)
    for e in ESTIMATORS:
        assert e.measures and e.mistake and e.truth in ("planted", "realised")
        assert set(e.known) <= {"bias", "coverage", "size", "error", "sign"}


def test_every_aim_is_in_the_truth_of_a_world():
    shipped = World(ROOT / "data_synthetic" / "dataset", {}, Size(3_700, *YEARS), 2026)
    for e in ESTIMATORS:
        assert e.parameter in shipped.effects.index, e.name
        assert e.parameter in shipped.planted.parameters
    assert set(NOTHING) <= set(shipped.planted.parameters)


@pytest.mark.parametrize("entry", EXACT, ids=lambda e: e.measures[0].__name__)
def test_the_tests_that_prove_a_measure_exist(entry):
    for file, name in entry.tests:
        functions = {n.name for n in parsed(Path(__file__).with_name(f"{file}.py")).body
                     if isinstance(n, ast.FunctionDef)}
        assert name in functions, f"{file}.py has no {name}"


# -- the checks themselves -------------------------------------------------------------------------------------

def trial(value, aim, error, name=ESTIMATORS[0].name, planted=True):
    import pandas as pd

    return pd.DataFrame({"seed": range(len(value)), "planted": planted, "name": name, "aim": aim, "role": "right",
                         "value": value, "low": value - 1.96 * error, "high": value + 1.96 * error})


@pytest.fixture(scope="module")
def noise():
    import numpy as np

    return np.random.default_rng(1).normal(0, 1, 200)


@pytest.mark.parametrize(("value", "error", "expected"), [
    (lambda n: 0.3 + 0.1 * n, 0.1, ""), (lambda n: 0.4 + 0.1 * n, 0.1, "bias"),
    (lambda n: 0.3 + 0.1 * n, 0.05, "coverage"), (lambda n: 0.3 + 0.1 * n, 0.05, "error"),
    (lambda n: -0.3 + 0.1 * n, 0.1, "sign"), (lambda n: 0.3 + 0.1 * n, 0.2, "")])
def test_each_check_finds_its_fault_and_no_other_where_there_is_none(noise, value, error, expected):
    faults = harness._judged("x", "right", trial(value(noise), 0.3, error).assign(name="x"))["faults"].split()
    assert (expected in faults) if expected else not faults


def test_size_is_judged_where_nothing_is_planted(noise):
    right, wrong = (harness._judged("x", "right", trial(0.1 * noise, 0.0, e, planted=False)) for e in (0.1, 0.05))
    assert "size" not in right["faults"] and right["size"] == pytest.approx(0.05, abs=0.05)
    assert "size" in wrong["faults"] and wrong["ratio"] == pytest.approx(0.5, rel=0.2)


def test_limits_leave_room_for_as_many_estimators_as_there_are():
    assert harness._reach(400) >= 3 and harness._alone() == harness.ALL_TOGETHER / len(ESTIMATORS)


def test_the_shown_file_holds_every_estimator_and_the_state_of_what_is_known():
    """`make validate` made it: each estimator fails what is known of it and nothing else, and every twin fails."""
    from analysis import validation

    shown = validation.measured()
    assert set(shown["name"]) == {e.name for e in ESTIMATORS}
    text = validation.FILE.read_text("utf-8").splitlines()[0]
    assert int(re.search(r"(\d+) worlds", text)[1]) >= 60
    for e in ESTIMATORS:
        faults = shown.loc[(shown["name"] == e.name) & (shown["role"] == "right"), "faults"].iloc[0]
        assert set(faults.split()) == set(e.known), e.name
    others = shown[shown["role"] != "right"]
    for row in others.itertuples():
        assert set(row.faults.split()) - set(next(e.known for e in ESTIMATORS if e.name == row.name)), row.name
