"""No cell of fewer than ten people is shown, whatever the table."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import MissingData, StudyError
from analysis.guard import K_WORKERS, SafeTable, protect

ROWS = st.lists(st.tuples(st.integers(0, 40), st.one_of(st.none(), st.floats(-1e9, 1e9))), min_size=1, max_size=12)


def result(rows):
    return pd.DataFrame({"year": range(len(rows)), "workers": [n for n, _ in rows], "pay": [v for _, v in rows],
                         "label": [f"v{v}" for _, v in rows]})


@settings(derandomize=True, deadline=None)
@given(ROWS)
def test_small_rows_keep_their_keys_alone(rows):
    safe = protect(result(rows), ("year",), "workers", "confidential", guarded=True)
    shown = safe.frame
    for (count, value), (_, row) in zip(rows, shown.iterrows(), strict=True):
        if count < K_WORKERS:
            assert row["suppressed"]
            assert row[["workers", "pay", "label"]].isna().all()
        else:
            assert row["workers"] == count
            assert row["label"] == f"v{value}"
    assert safe.suppressed == sum(n < K_WORKERS for n, _ in rows)


@settings(derandomize=True, deadline=None)
@given(ROWS)
def test_nothing_of_a_small_row_is_in_any_form_of_the_table(rows):
    secret = [(n, 987_654_321.125 + i) for i, (n, _) in enumerate(rows) if n < K_WORKERS]
    if not secret:
        return
    safe = protect(result(secret), ("year",), "workers", "confidential", guarded=True)
    for form in (safe.csv(), safe._repr_html_(), repr(safe), str(safe.frame.to_dict())):
        assert "98765" not in form.replace(",", "")


def test_people_are_counted_and_not_rows():
    """Fifty contracts of one worker are one worker: a measure that counts rows is refused by its own count."""
    frame = pd.DataFrame({"year": [2001], "workers": [1], "contracts": [50], "pay": [5000.0]})
    assert protect(frame, ("year",), "workers", "confidential", guarded=True).at("contracts", year=2001).number is None


def test_a_result_that_does_not_count_people_is_refused():
    frame = pd.DataFrame({"year": [2001], "pay": [5000.0]})
    with pytest.raises(StudyError, match="number of people"):
        protect(frame, ("year",), "workers", "confidential", guarded=True)


def test_an_unknown_count_is_a_small_one():
    frame = pd.DataFrame({"year": [1, 2], "workers": [None, 12], "pay": [1.0, 2.0]})
    safe = protect(frame, ("year",), "workers", "confidential", guarded=True)
    assert list(safe.frame["suppressed"]) == [True, False]


def test_the_synthetic_world_is_shown_whole_unless_asked():
    frame = pd.DataFrame({"year": [1], "workers": [2], "pay": [7.0]})
    assert protect(frame, ("year",), "workers", "synthetic", guarded=False).at("pay", year=1).number == 7.0
    assert protect(frame, ("year",), "workers", "synthetic", guarded=True).at("pay", year=1).number is None


def test_at_gives_one_value_or_the_reason():
    frame = pd.DataFrame({"year": [1, 1, 2], "workers": [20, 30, 3], "pay": [1.0, 2.0, 3.0]})
    safe = protect(frame, ("year",), "workers", "confidential", guarded=True)
    assert safe.at("pay", year=2).reason == "not shown: fewer than 10 workers"
    assert safe.at("pay", year=3).reason == "not in this dataset"
    with pytest.raises(StudyError, match="2 rows match"):
        safe.at("pay", year=1)
    with pytest.raises(StudyError, match="did you mean 'pay'"):
        safe.at("pya", year=2)


def test_a_measure_without_its_data_says_so(monkeypatch):
    from analysis import open_study

    def needs_more(panels):
        raise MissingData("This dataset has no table 'dreams'.")

    table = open_study("synthetic").table(needs_more)
    assert isinstance(table, SafeTable)
    assert table.absent == "This dataset has no table 'dreams'."
    assert table.at("anything").reason == "not in this dataset"
    assert table.where(year=1).absent


def test_every_measure_of_a_guarded_dataset_passes_the_rule():
    """The whole catalogue under the rule: no row with fewer than ten people has a value left."""
    from analysis import open_study
    from analysis.measures import catalogue
    from analysis.policy import levers, summary
    from analysis.verdict import indices, scorecard, space

    study, counted = open_study("synthetic-guarded"), 0
    more = catalogue.of(space, indices, scorecard, summary, *levers.MODULES)
    for name, measure in (catalogue.everything() | more).items():
        table = study.table(measure, **catalogue.by_trade(measure))
        if table.count != "rows":           # of an inventory of tables, which describes nobody
            shown = table.frame[~table.frame["suppressed"]]
            assert (shown[table.count] >= K_WORKERS).all(), name
            counted += 1
    assert counted >= 150


def test_a_study_can_leave_couriers_out():
    from analysis import open_study
    from analysis.measures import population

    study = open_study("synthetic", "everywhere")
    both = study.table(population.workers_by_year).where(year=2016)
    without = study.table(population.workers_by_year, couriers=False).where(year=2016, couriers="all workers")
    assert without.at("workers").number == both.at("workers", couriers="without couriers").number
    assert without.at("workers").number < both.at("workers", couriers="all workers").number


@pytest.mark.parametrize("workers", [[20, 30], [20, 3]])
def test_truth_values_pass_or_are_emptied_as_others(workers):
    frame = pd.DataFrame({"year": [2001, 2002], "workers": workers, "flag": [True, False]})
    safe = protect(frame, ("year",), "workers", "confidential", guarded=True)
    assert [None if pd.isna(v) else bool(v) for v in safe.frame["flag"]] == [True, None if workers[1] < 10 else False]
