"""The planted truth as tables to show: whole for a synthetic world, a sentence for any other dataset."""

import json
from datetime import date

import pytest

from analysis import datasets, open_study
from analysis.errors import StudyError
from analysis.planted import SECTIONS, planted


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_has_a_row_for_each_entry(section):
    truth = json.loads((datasets.SHIPPED / "truth.json").read_text("utf-8"))
    table = open_study("synthetic").planted(section)
    assert len(table.frame) == len(truth[section]) > 10 and table.origin == "synthetic"


def test_effects_are_written_for_reading():
    effects = planted(str(datasets.SHIPPED), "effects").set_index("parameter")
    assert (effects.loc["effect_share_rate", "set"], effects.loc["effect_share_rate", "found"]) == (
        "0 (null)", "0.000 ± 0.000")
    assert effects.loc["effect_public_pay", "set"] == "−0.120" and effects.loc["sorting", "set"] == "–"
    assert "±" in effects.loc["effect_public_pay", "found"] and effects.loc["effect_public_pay", "instead"] == "–"


def test_nobody_knows_the_truth_of_another_dataset(tmp_path, monkeypatch, panels_of):
    location = panels_of([{"start_on": date(2010, 1, 4), "end_on": date(2010, 1, 4)}]).dataset.location
    (tmp_path / "datasets.toml").write_text(f'[secure]\nlocation = "{location}"\n')
    monkeypatch.setenv("SMARTBOOK_DATASETS", str(tmp_path / "datasets.toml"))
    table = open_study("secure").planted("patterns")
    assert table.frame is None and table.absent == (
        "Nothing is planted in this dataset: its truth is what the study asks for.")


def test_an_unknown_section_names_the_nearest():
    with pytest.raises(StudyError, match="did you mean 'effects'"):
        planted(str(datasets.SHIPPED), "efects")
