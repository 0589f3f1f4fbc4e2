"""Physical lines and fields."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.intake.lines import decode, physical_lines, shown, split
from analysis.intake.values import Refused


def test_a_line_ends_where_the_file_says():
    assert physical_lines(b"") == []
    assert physical_lines(b"a\r\nb\nc") == [b"a", b"b", b"c"]
    assert physical_lines(b"a\n\nb\r\n") == [b"a", b"", b"b"]
    assert physical_lines(b"a\rb\n") == [b"a\rb"]


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", [""]), ("a;b", ["a", "b"]), (";", ["", ""]), ('"a;b";c', ["a;b", "c"]), ('"a";', ["a", ""]),
        ('a;"say ""x"""', ["a", 'say "x"']), ('"";""', ["", ""]), (';"a";', ["", "a", ""]),
    ],
)
def test_fields(text, fields):
    assert split(text, ";", '"') == fields


@pytest.mark.parametrize("text", ['a;"b', 'a;b"', 'a;"b"c;d', '"', 'a;"""', 'a;"b;c', 'x"y"'])
def test_a_loose_quote_is_refused(text):
    with pytest.raises(Refused, match="unbalanced_quote"):
        split(text, ";", '"')
    assert split(text, ";", "") == text.split(";")


@given(st.lists(st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"])), min_size=1, max_size=6))
def test_what_a_csv_writer_writes_comes_back(fields):
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="").writerow(fields)
    assert split(buffer.getvalue(), ";", '"') == fields


def test_bytes_and_characters_that_mean_nothing_are_refused():
    assert decode(b"12 \x80\t", "cp1252") == "12 €\t"
    for line, encoding, reason in (
        (b"a\x81", "cp1252", "undecodable_bytes"), (b"\xe9", "utf-8", "undecodable_bytes"),
        (b"a\x00", "cp1252", "control_character"), (b"a\rb", "cp1252", "control_character"),
        (b"12 \x80", "latin-1", "control_character"), ("\ufffd".encode(), "utf-8", "control_character"),
    ):
        with pytest.raises(Refused, match=reason):
            decode(line, encoding)
    assert shown(b"son\x81live \xe9", "cp1252") == "son\\x81live é"
