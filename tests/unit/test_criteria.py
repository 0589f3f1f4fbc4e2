"""The registered criteria are complete, and do not change without an entry in their log."""

import ast
import copy
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

import pytest

from analysis import criteria
from analysis.errors import StudyError
from analysis.measures import careers, change, misuse, thresholds, wages
from analysis.measures.change.registered import Registered
from analysis.models import twoway
from analysis.verdict import promises
from analysis.verdict.criteria import goalposts

KINDS = {"detectors": misuse.Detectors, "bunching": thresholds.Registered, "wages": wages.Registered,
         "wages.fit": twoway.Setting, "change": Registered, "careers": careers.Registered}
# Numbers that a measure may hold: units, what a table shows, and what keeps people from being told.
OWN = {"FEWEST_UNITS", "CLASSES", "RARE", "YEAR", "Z", "SEARCHED_DIGITS", "BEFORE", "CAUSES", "VAGUE", "AT_HOURS",
       "LACK_100"}


@dataclass(frozen=True)
class Two:
    """Parameters of a file made for a test."""

    gap: int
    ends: tuple[int, ...]
    rounds: int = 3


def written(folder: Path, text: str) -> Path:
    file = folder / "criteria.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_change_needs_a_new_entry_in_the_log():
    registered = criteria.read()
    entries = registered["log"]
    assert entries[-1]["digest"] == criteria.digest(registered), "add an entry; `smartbook criteria` says the digest"
    assert [e["date"] for e in entries] == sorted(e["date"] for e in entries)
    assert len({e["digest"] for e in entries}) == len(entries)


def test_the_digest_is_of_what_is_said_and_not_of_how_it_is_written(tmp_path):
    registered = criteria.read()
    text = criteria.FILE.read_text("utf-8")
    same = written(tmp_path, "# another comment\n\n" + text.replace(" = ", "  =  "))
    assert criteria.digest(criteria.read(same)) == criteria.digest(registered)
    for path in (("space", "security", "pay", "best"), ("detectors", "chain_days", "strict"),
                 ("wages", "span", "value")):
        other = copy.deepcopy(registered)
        *sections, last = path
        part = other
        for name in sections:
            part = part[name]
        part[last] += 0.01
        assert criteria.digest(other) != criteria.digest(registered)


def test_a_broken_file_is_one_sentence(tmp_path):
    with pytest.raises(StudyError, match=r"criteria\.toml is not valid TOML"):
        criteria.read(written(tmp_path, "[space\n"))


def test_every_dimension_has_its_reason_and_two_goalposts():
    frame = goalposts()
    assert set(frame["index"]) == {"security", "autonomy"}
    assert frame["dimension"].is_unique
    assert (frame["why"].str.len() > 10).all()
    assert (frame["worst"] != frame["best"]).all()


# -- parameters -------------------------------------------------------------------------------------------------

GOOD = '[two]\ngap = { value = 14, strict = 20, what = "days" }\nends = { value = [1, 2], what = "both" }\n'


def test_a_section_is_a_data_class(tmp_path):
    file = written(tmp_path, GOOD)
    assert criteria.parameters("two", Two, file=file) == Two(14, (1, 2))
    assert criteria.parameters("two", Two, "strict", file) == Two(20, (1, 2))
    inner = written(tmp_path, GOOD + GOOD.replace("[two]", "[two.inner]").replace("14", "15"))
    assert criteria.parameters("two", Two, file=inner).gap == 14
    assert criteria.parameters("two.inner", Two, file=inner).gap == 15


@pytest.mark.parametrize(("text", "said"), [
    (GOOD.replace("gap", "gab"), r"no parameter of \[two\] in criteria\.toml 'gab'; did you mean 'gap'\?"),
    (GOOD + "rounds = { value = 3 }\n", r"no parameter of \[two\] in criteria\.toml 'rounds'"),
    (GOOD.replace("gap = { value", "gap = { valeu"), r"\[two\] of criteria\.toml lacks `gap`; add it as `\{ value = "),
    ("[two]\nends = { value = [1, 2] }\n", r"\[two\] of criteria\.toml lacks `gap`"),
    (GOOD.replace("14", '"many"'), r"`gap` in \[two\] of criteria\.toml is no number"),
    (GOOD.replace("[1, 2]", "[]"), r"`ends` in \[two\] of criteria\.toml is no number"),
    (GOOD.replace("[1, 2]", "[1, true]"), r"`ends` in \[two\] of criteria\.toml is no number"),
    ("[two]\ngap = 14\n", r"`gap` in \[two\] of criteria\.toml is to be written `\{ value = "),
    ("[three]\n", r"criteria\.toml lacks the section \[two\]"),
])
def test_what_is_wrong_with_a_section_is_one_sentence(tmp_path, text, said):
    with pytest.raises(StudyError, match=said) as error:
        criteria.parameters("two", Two, file=written(tmp_path, text))
    assert "\n" not in str(error.value)


def test_what_a_section_says_can_be_shown(tmp_path):
    frame = criteria.listed("two", written(tmp_path, GOOD))
    assert frame.to_dict("list") == {"parameter": ["gap", "ends"], "what": ["days", "both"], "strict": ["20", ""],
                                     "value": ["14", "1, 2"]}


@pytest.mark.parametrize("section", KINDS)
def test_every_parameter_is_in_the_file_and_says_what_it_is(section):
    kind, frame = KINDS[section], criteria.listed(section)
    assert set(frame["parameter"]) == {f.name for f in fields(kind) if f.default is MISSING}
    assert (frame["what"].str.len() > 8).all() and frame["what"].is_unique
    for s in ("strict", "loose"):
        assert section != "detectors" or (frame[s] != "").sum() == 16


def sources(module) -> list[Path]:
    """The file of a module, or all those of a package."""
    file = Path(module.__file__)
    return sorted(file.parent.glob("*.py")) if file.name == "__init__.py" else [file]


def test_no_registered_number_stands_in_code():
    for file in (f for module in (careers, change, misuse, thresholds, wages) for f in sources(module)):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.Assign):
                names = {n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)}
                numbers = [n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant)
                           and isinstance(n.value, int | float) and not isinstance(n.value, bool)]
                assert not numbers or names <= OWN, f"{file}: {names} {numbers}"
    for kind in KINDS.values():
        held = {f.name for f in fields(kind) if f.default is not MISSING}
        assert held <= {"block", "tolerance", "iterations"}, kind


@pytest.fixture
def told(monkeypatch):
    """What is said of the promises after a change of them."""
    def say(change):
        changed = copy.deepcopy(criteria.read())
        change(changed["promises"])
        monkeypatch.setattr(criteria, "read", lambda: changed)
        promises.registered.cache_clear()
        with pytest.raises(StudyError) as error:
            promises.registered()
        return str(error.value)

    yield say
    monkeypatch.undo()
    promises.registered.cache_clear()


@pytest.mark.parametrize(("change", "said"), [
    (lambda p: p["clients"].pop("margin"), "[promises.clients] of criteria.toml lacks `margin`"),
    (lambda p: p["clients"].update(margn=0.1), "did you mean 'margin'"),
    (lambda p: p["clients"].update(margin="wide"), "a margin above 0"),
    (lambda p: p["clients"].update(margin=0), "a margin above 0"),
    (lambda p: p["clients"].update(side="securty"), "did you mean 'security'"),
    (lambda p: p["clients"].update(basis=["invoise"]), "did you mean 'invoice'"),
    (lambda p: p["clients"].update(basis=["invoice", "half", "pay"]), "one or two bases"),
    (lambda p: p["clients"]["benchmarks"].pop(), "two benchmarks"),
    (lambda p: p["clients"].pop("benchmarks"), "two benchmarks"),
    (lambda p: p["clients"]["benchmarks"][0].update(past=True), "one of the three"),
    (lambda p: p["clients"]["benchmarks"][0].update(vale=1), "did you mean 'value'"),
    (lambda p: p.pop("now"), "[promises] of criteria.toml lacks `now`"),
    (lambda p: p.update(now=[2019, 2016]), "in this order"),
    (lambda p: p.update(clouds=p.pop("clients")), "no indicator in [promises]")])
def test_a_promise_that_is_written_wrongly_is_one_sentence(told, change, said):
    assert said in told(change)
