"""Text to value: what is read, and the reason where nothing is."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.intake import values
from analysis.intake.values import Refused, fold

money = values.number_reader(",", (" ", "\u00a0", "\u202f"), ("€", "EUR"))
day = values.date_reader(("%d/%m/%Y",))
LONG = "12345678901234"


def reason(read, text: str) -> str:
    with pytest.raises(Refused) as refused:
        read(text)
    assert str(refused.value) == refused.value.reason
    return refused.value.reason


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("12,34", 1234), ("12", 1200), ("12,3", 1230), ("0,00", 0), ("1 234,56", 123456), ("1\u00a0234,56", 123456),
        ("1\u202f234\u202f567,00", 123456700), ("1234,56", 123456), ("12,34 €", 1234), ("12,34€", 1234),
        ("€ 12,34", 1234), ("12,34\u00a0EUR", 1234), ("-12,34", -1234), ("−12,34", -1234), ("12,34-", -1234),
        ("12,34- €", -1234), ("(12,34)", -1234), ("(1\u00a0012,34 €)", -101234), ("(12,34) €", -1234),
        (" 12,34 ", 1234),
    ],
)
def test_an_amount_is_read_to_the_cent(text, cents):
    assert money(text) == cents


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1.234", "ambiguous_number"), ("12,345.60", "ambiguous_number"), ("1.234,50", "ambiguous_number"),
        ("1,234", "ambiguous_number"), ("12 34,00", "ambiguous_number"), ("1 2345,00", "ambiguous_number"),
        ("1'234,00", "ambiguous_number"), ("1.50 €", "ambiguous_number"), ("n.c.", "unreadable_number"),
        ("-", "unreadable_number"), ("-(12,34)", "ambiguous_number"), ("-12,34-", "ambiguous_number"),
        ("(12,34", "ambiguous_number"), ("12,34 $", "unreadable_number"), ("1e5", "unreadable_number"),
        ("٣,٠٠", "unreadable_number"), (LONG, "unreadable_number"),
    ],
)
def test_an_amount_with_two_readings_or_none_is_refused(text, why):
    assert reason(money, text) == why


@given(st.integers(-(10**14), 10**14))
def test_every_amount_survives_its_french_spelling(cents):
    euros, rest = divmod(abs(cents), 100)
    text = f"{euros:,}".replace(",", "\u202f") + f",{rest:02d}"
    assert money(f"({text})" if cents < 0 else text) == cents


@pytest.mark.parametrize("marks", [(".", (",",), ("$",)), (",", (".",), ()), (".", ("'",), ()), (",", (), ())])
def test_other_marks_are_a_matter_of_the_mapping(marks):
    decimal, thousands, _ = marks
    text = f"1{thousands[0] if thousands else ''}234{decimal}50"
    assert values.number_reader(*marks)(text) == 123450


def test_a_decimal_is_a_float_and_a_whole_number_has_no_mark():
    assert values.decimal_reader(",", (" ",), ())("7,6") == 7.6
    assert values.whole_reader()("12") == 12
    assert reason(values.whole_reader(), "1,0") == "unreadable_number"
    assert reason(values.whole_reader(), "-1") == "unreadable_number"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("03/05/04", "two_digit_year"), ("3-5-04", "two_digit_year"), ("31/02/2015", "impossible_date"),
        ("01/13/2015", "impossible_date"), ("01/01/0201", "impossible_date"), ("01/01/9999", "impossible_date"),
        ("2015-01-01", "unreadable_date"), ("mai 2015", "unreadable_date"), ("01/01/2015 x", "unreadable_date"),
        ("١/٠١/2015", "unreadable_date"),
    ],
)
def test_a_date_that_is_none_is_refused(text, why):
    assert reason(day, text) == why


def test_a_date_is_read_when_all_formats_agree():
    both = values.date_reader(("%d/%m/%Y", "%m/%d/%Y"))
    assert day(" 29/02/2016 ") == date(2016, 2, 29)
    assert both("31/12/2015") == date(2015, 12, 31)
    assert both("05/05/2015") == date(2015, 5, 5)
    assert reason(both, "01/02/2015") == "ambiguous_date"


def test_a_year_has_four_digits():
    assert values.year_reader()("1973") == 1973
    assert [reason(values.year_reader(), t) for t in ("73", "1773", "19 73")] == [
        "two_digit_year", "impossible_date", "unreadable_date",
    ]


def test_codes_that_differ_in_case_accents_and_blanks_are_one():
    read = values.code_reader({fold("étudiant"): "student"})
    assert {read(t) for t in ("étudiant ", "ETUDIANT", "e\u0301tudiant", "É tu\u00a0diant")} == {"student"}
    assert reason(read, "étudiante") == "unknown_code"


def test_keys_have_a_form_and_become_something_else():
    read = values.key_reader(re.compile(r"M\d{5}"), lambda source: hash(source))
    assert read(" m10001") == read("M10001") == hash("M10001")
    assert reason(read, "M1000") == "bad_key" and reason(read, "xM10001") == "bad_key"


def test_an_empty_cell_is_nothing_or_refused():
    assert values.cell_reader(money, nullable=True)(" \u00a0") is None
    assert reason(values.cell_reader(money, nullable=False), "") == "empty"
