"""A wrong name ends in one sentence with the nearest right one, and exit code 2."""

import pytest

from analysis.publish.book import find_book


@pytest.mark.parametrize(("arguments", "sentence"), [
    (["build", "--dataset", "sinthetic"], "There is no dataset 'sinthetic'; did you mean 'synthetic'?"),
    (["run", "incom"], "There is no chapter 'incom'; did you mean 'income'?"),
    (["build", "--set", "lastyear=2015"], "There is no parameter 'lastyear'; did you mean 'last_year'?"),
    (["run", "--set", "region=brusels"], "There is no region 'brusels'; did you mean 'brussels'?"),
    (["build", "--set", "last_year=soon"], "Parameter 'last_year' must be a whole number, not 'soon'."),
    (["build", "--set", "region"], "Give parameter 'region' a value: --set region=VALUE."),
    (["build", "--set", "last_year"], "Give parameter 'last_year' a value: --set last_year=VALUE."),
    (["build", "--set", "first_year=2010", "--set", "last_year=2009"], "The first year lies after the last year"),
    (["serve", "--dataset", "synthetic-garded"], "did you mean 'synthetic-guarded'?"),
    (["data", "check", "sinthetic"], "did you mean 'synthetic'?"),
], ids=lambda value: "-".join(value) if isinstance(value, list) else "")
def test_one_sentence(real_book, smartbook, arguments, sentence):
    done = smartbook(real_book.parent, *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("smartbook: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_names_of_the_registry(make_book, smartbook, tmp_path):
    book = make_book(one=["Words."])
    registry = tmp_path / "datasets.toml"
    registry.write_text('[secure]\nlocation = "nowhere"\n[typo]\nlocatoin = "x"\n[url]\nlocation = "postgres://h/d"\n')
    for name, sentence in (
        ("secur", "There is no dataset 'secur'; did you mean 'secure'?"),
        ("secure", "The folder of dataset 'secure' does not exist; check `location` in its entry."),
        ("typo", "There is no setting of dataset 'typo' 'locatoin'; did you mean 'location'?"),
        ("url", "Dataset 'url' is a database; say in `output` where its book may be written."),
    ):
        done = smartbook(book, "build", "--dataset", name, registry=registry)
        assert (done.returncode, done.stderr) == (2, f"smartbook: {sentence}\n")
    registry.write_text("[secure\n")
    done = smartbook(book, "build", "--dataset", "secure", registry=registry)
    assert done.returncode == 2
    assert "datasets.toml is not valid TOML" in done.stderr
    done = smartbook(book, "build", "--dataset", "secure", registry=tmp_path / "none.toml")
    assert done.returncode == 2
    assert "which is no file" in done.stderr


def test_the_book_is_found_from_a_folder_below_it(make_book):
    book = make_book(one=["Words."])
    assert find_book(book / "book" / "chapters").root == book
