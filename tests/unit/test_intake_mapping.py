"""The mapping file: the example is right, and every mistake in it is one sentence."""

from pathlib import Path

import pytest

from analysis.errors import StudyError
from analysis.intake.mapping import read_mapping

EXAMPLE = Path(__file__).resolve().parents[2] / "mappings" / "brussels-sample.toml"


def test_the_example_is_read():
    mapping = read_mapping(EXAMPLE)
    assert [t.table.name for t in mapping.tables] == [
        "workers", "clients", "activities", "contracts", "invoices", "shareholdings",
    ]
    contracts = mapping.tables[3]
    assert contracts.control.cents == 481199341
    assert contracts.names == tuple(n for n in contracts.table.names if n in contracts.names)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("[file]", "[files]", "no setting in the mapping 'files'; did you mean 'file'"),
        ("delimiter =", "delimter =", "did you mean 'delimiter'"),
        ('encoding = "cp1252"', 'encoding = "cp1253x"', "is unknown to Python"),
        ('encoding = "cp1252"', 'encoding = "utf-16"', "line ends of more than one byte"),
        ('delimiter = ";"', 'delimiter = ";;"', "must be one character"),
        ('delimiter = ";"', 'delimiter = ","', "uses the delimiter of the file as a mark"),
        ('decimal = ","', 'decimal = " "', "decimal mark that is also"),
        ("%d/%m/%Y", "%d/%m/%y", "a year has four digits"),
        ("window = [2000-01-01", "window = [2030-01-01", "a first and a last day"),
        ("fee = 0.065", "fee = 6.5", "between 0 and 1"),
        ('gender = { header = "Sexe"', 'genre = { header = "Sexe"', "no column of `workers` in the mapping 'genre'"),
        ('codes = "genders"', 'codes = "gender"', "did you mean 'genders'"),
        ('H = "man"', 'H = "men"', "level of `gender` 'men'"),
        ('X = "other"', 'X = "other"\nh = "other"', "gives 'h' two meanings"),
        ("{ header = \"CP\", form = '\\d{3}' }", '"CP"', "so that no free text enters"),
        ('{ header = "Artistique", codes = "yes_no" }', '"Artistique"', "has fixed levels"),
        ('header = "Artistique", codes = "yes_no"', 'header = "Artistique", codes = "regimes"', "of the other kind"),
        ('net_cents = "Net (€)"', 'net_cents = "Frais (€)"', "uses one header twice"),
        ('gross_cents = "Brut (€)"', "", "lacks the column `gross_cents`"),
        ("contracts = 'K\\d{6}'", "", "is an identifier; give the form of its keys"),
        ("'K\\d{6}'", "'K(\\d{6}'", "is no regular expression"),
        ('total_of = "gross_cents", year_of', 'total_of = "gros_cents", year_of', "did you mean 'gross_cents'"),
        ("(?P<year>\\d{4})", "\\d{4}", "needs both `year_of` and a group"),
        ('total = "4811993.41"', 'total = "4811993.415"', "must be euros and cents"),
        ('total = "4811993.41"', 'total = "much"', "must be euros and cents"),
        ('amount = "amount_cents" }', 'amount = "amount" }', "did you mean 'amount_cents'"),
        ('file = "parts.csv"', 'file = "../parts.csv"', "without a path"),
        ("[tables.shareholdings]", "[tables.shares]", "There is no table in the mapping 'shares'"),
        ('encoding = "cp1252"', "encoding = cp1252", "is not valid TOML"),
    ],
)
def test_a_mistake_is_one_sentence_that_says_where(tmp_path, old, new, sentence):
    text = EXAMPLE.read_text("utf-8")
    assert old in text
    (tmp_path / "m.toml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(StudyError) as error:
        read_mapping(tmp_path / "m.toml")
    assert sentence in str(error.value)


def test_a_mapping_that_is_not_there_or_not_text_is_one_sentence(tmp_path):
    with pytest.raises(StudyError, match="cannot be read"):
        read_mapping(tmp_path / "none.toml")
    (tmp_path / "m.toml").write_bytes(b"\xff")
    with pytest.raises(StudyError, match="not UTF-8"):
        read_mapping(tmp_path / "m.toml")
