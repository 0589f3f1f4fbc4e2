"""The registered criteria are complete, and do not change without an entry in their log."""

import copy

import pytest

from analysis.errors import StudyError
from analysis.verdict import criteria


def test_a_change_needs_a_new_entry_in_the_log():
    registered = criteria.read()
    entries = registered["log"]
    assert entries[-1]["digest"] == criteria.digest(registered), "add an entry; `smartbook criteria` says the digest"
    assert [e["date"] for e in entries] == sorted(e["date"] for e in entries)
    assert len({e["digest"] for e in entries}) == len(entries)


def test_the_digest_is_of_what_is_said_and_not_of_how_it_is_written(tmp_path):
    registered = criteria.read()
    text = criteria.FILE.read_text("utf-8")
    (tmp_path / "same.toml").write_text("# another comment\n\n" + text.replace(" = ", "  =  "), "utf-8")
    assert criteria.digest(criteria.read(tmp_path / "same.toml")) == criteria.digest(registered)
    other = copy.deepcopy(registered)
    other["space"]["security"]["pay"]["best"] += 0.01
    assert criteria.digest(other) != criteria.digest(registered)


def test_a_broken_file_is_one_sentence(tmp_path):
    (tmp_path / "criteria.toml").write_text("[space\n", "utf-8")
    with pytest.raises(StudyError, match=r"criteria\.toml is not valid TOML"):
        criteria.read(tmp_path / "criteria.toml")


def test_every_dimension_has_its_reason_and_two_goalposts():
    frame = criteria.goalposts()
    assert set(frame["index"]) == {"security", "autonomy"}
    assert frame["dimension"].is_unique
    assert (frame["why"].str.len() > 10).all()
    assert (frame["worst"] != frame["best"]).all()
