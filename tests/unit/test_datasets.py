"""Datasets are found by name, described truly, and kept out of git."""

import shutil

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis import datasets, open_study
from analysis.errors import MissingData, StudyError
from analysis.measures import income


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """Write `datasets.toml` and make it the one in force."""

    def write(text):
        (tmp_path / "datasets.toml").write_text(text, "utf-8")
        monkeypatch.setenv("SMARTBOOK_DATASETS", str(tmp_path / "datasets.toml"))

    return write


@pytest.fixture
def copy(tmp_path, registry):
    """The shipped dataset under another name, in a folder of its own."""
    folder = tmp_path / "secure"
    shutil.copytree(datasets.SHIPPED, folder)
    registry(f'[copy]\nlocation = "{folder}"\n')
    return folder


def test_the_shipped_dataset_is_synthetic_and_open():
    found = datasets.find("synthetic")
    assert found.synthetic and not found.guarded
    assert found.present == tuple(datasets.TABLES)
    assert datasets.find("synthetic-guarded").guarded


def test_any_other_dataset_is_guarded_and_writes_beside_itself(copy):
    found = datasets.find("copy")
    assert found.guarded
    assert found.output == copy.parent / "secure-book"


def test_a_dataset_is_synthetic_only_if_it_says_so(copy):
    (copy / "dataset.json").unlink()
    assert open_study("copy").origin == "confidential"


def test_part_files_are_one_table(copy):
    before = open_study("copy", "everywhere").table(income.annual_gross).frame
    whole = pq.read_table(copy / "contracts.parquet")
    (copy / "contracts.parquet").unlink()
    (copy / "contracts").mkdir()
    for n, start in enumerate(range(0, len(whole), 50_000)):
        pq.write_table(whole.slice(start, 50_000), copy / "contracts" / f"part-{n}.parquet")
    assert open_study("copy", "everywhere").table(income.annual_gross).frame.equals(before)


def test_a_database_answers_as_the_folder_does(tmp_path, registry):
    connection = ibis.duckdb.connect(tmp_path / "server.duckdb")
    for name in datasets.TABLES:
        connection.create_table(name, datasets.find("synthetic").table(name).to_pyarrow())
    connection.disconnect()
    registry(f'[server]\nlocation = "duckdb://{tmp_path}/server.duckdb"\noutput = "{tmp_path}/book"\n')
    there, here = open_study("server", "everywhere"), open_study("synthetic", "everywhere")
    columns = ["year", "workers", "p50", "mean"]
    there, here = there.table(income.annual_gross), here.table(income.annual_gross)
    shown = ~there.frame["suppressed"]
    assert there.frame.loc[shown, columns].astype(float).equals(here.frame.loc[shown, columns].astype(float))


def test_a_database_that_does_not_answer_is_one_sentence_without_its_password(tmp_path, registry):
    url = f"duckdb:///{tmp_path}/no/such/folder/user:secret.duckdb"
    registry(f'[server]\nlocation = "{url}"\noutput = "{tmp_path}/book"\n')
    with pytest.raises(StudyError, match="cannot be opened") as error:
        datasets.find("server")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        ("", "synthetik", "did you mean 'synthetic'"),
        ('[mine]\nlocation = "."', "mime", "did you mean 'mine'"),
        ("[mine]\n", "mine", "has no `location`"),
        ('[mine]\nlocaton = "x"', "mine", "did you mean 'location'"),
        ('[mine]\nlocation = "nowhere"', "mine", "does not exist"),
        ('[mine]\nlocation = "postgresql://host/db"', "mine", "say in `output`"),
        ("[mine\n", "mine", "not valid TOML"),
        ('[mine]\nlocation = "."', "mine", "lacks the required table `workers`"),
    ],
)
def test_what_is_wrong_is_one_sentence(registry, text, name, sentence):
    registry(text)
    with pytest.raises(StudyError, match=sentence) as error:
        datasets.find(name)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("inside", ["location", "output"])
def test_nothing_of_a_dataset_may_lie_in_a_git_work_tree(tmp_path, copy, registry, inside):
    tree = tmp_path / "tree"
    (tree / ".git").mkdir(parents=True)
    places = {"location": copy, "output": tmp_path / "book"}
    if inside == "location":
        places["location"] = copy.rename(tree / "data")
    else:
        places["output"] = tree / "book"
    registry("[copy]\n" + "".join(f'{k} = "{v}"\n' for k, v in places.items()))
    with pytest.raises(StudyError, match="git work tree"):
        datasets.find("copy")


def test_the_fingerprint_sees_one_changed_value(copy):
    before = datasets.find("copy").fingerprint()
    assert datasets.find("copy").fingerprint() == before
    table = pq.read_table(copy / "contracts.parquet")
    pay = table["gross_cents"].to_pylist()
    pay[7] += 1
    pq.write_table(table.set_column(table.schema.get_field_index("gross_cents"), "gross_cents", pa.array(pay)),
                   copy / "contracts.parquet")
    assert datasets.find("copy").fingerprint() != before


def test_an_absent_column_is_null_and_an_absent_table_says_so(copy):
    table = pq.read_table(copy / "workers.parquet").drop_columns(["education"])
    pq.write_table(table, copy / "workers.parquet")
    (copy / "expenses.parquet").unlink()
    found = datasets.find("copy")
    assert not found.has("workers.education") and found.has("workers.gender")
    assert int(found.table("workers").education.count().execute()) == 0
    with pytest.raises(MissingData, match="no table 'expenses'"):
        found.table("expenses")
    with pytest.raises(MissingData, match="does not record 'education'"):
        found.need("workers.gender", "workers.education")
    study = open_study("copy")
    assert study.table(income.annual_gross, by="education").absent
    with pytest.raises(StudyError, match="did you mean 'gender'"):
        study.table(income.annual_gross, by="gendr")


def test_a_required_column_that_is_absent_is_an_error_of_the_dataset(copy):
    table = pq.read_table(copy / "contracts.parquet").drop_columns(["days"])
    pq.write_table(table, copy / "contracts.parquet")
    with pytest.raises(StudyError, match="lacks the column `days`"):
        open_study("copy").table(income.annual_gross)


def test_a_study_refuses_what_it_does_not_know():
    with pytest.raises(StudyError, match="did you mean 'brussels'"):
        open_study("synthetic", "brusels")
    with pytest.raises(StudyError, match="swap them"):
        open_study("synthetic", "brussels", 2020, 2001)
    with pytest.raises(StudyError, match="P0, P1, P2"):
        open_study("synthetic").table(income.annual_gross, population="P9x")
