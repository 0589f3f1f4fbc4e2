"""Text to value, one function per kind of column; whatever has more than one reading, or none, is refused.

A reader takes the text of one cell and gives its value, or raises `Refused` with a reason code. The text
itself never enters an error.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from functools import cache, lru_cache

Reader = Callable[[str], object]

_TWO_DIGIT_YEAR = re.compile(r"[0-9]{1,2}([/.\- ])[0-9]{1,2}\1[0-9]{2}")
_DATE_SHAPE = {"%d": "[0-9]{1,2}", "%m": "[0-9]{1,2}", "%Y": "[0-9]{4}"}
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_MOST_DIGITS = 13  # of euros; cents still fit into int64


class Refused(ValueError):
    """A cell or a line that cannot be read without guessing; carries a reason code and nothing else."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason


@lru_cache(100_000)
def fold(text: str) -> str:
    """The form in which texts are compared: without case, accents and blanks."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in plain if not c.isspace() and not unicodedata.combining(c))


def number_reader(decimal: str, thousands: tuple[str, ...], currency: tuple[str, ...]) -> Reader:
    """Reads a number of at most two decimals as an integer of hundredths: an amount as cents.

    Known signs: minus before or after, parentheses. `ambiguous_number`: digits and separators that these
    marks do not explain (`1.234`, `12,345.60`); `unreadable_number`: anything else.
    """
    coin = f"(?:{'|'.join(map(re.escape, currency))})?" if currency else ""
    groups = f"|[0-9]{{1,3}}(?:[{re.escape(''.join(thousands))}][0-9]{{3}})+" if thousands else ""
    form = re.compile(
        rf"{coin}\s*(?P<open>\()?\s*(?P<minus>[-−])?\s*{coin}\s*"
        rf"(?P<whole>[0-9]+{groups})(?:{re.escape(decimal)}(?P<part>[0-9]+))?"
        rf"\s*{coin}\s*(?P<after>[-−])?\s*(?P<close>\))?\s*{coin}"
    )
    anything_like = re.compile(r"[0-9][0-9.,'’\s]*")
    dress = re.compile(rf"[-−()\s]|{coin}" if coin else r"[-−()\s]")

    def read(text: str) -> int:
        text = text.strip()
        found = form.fullmatch(text)
        if not found or not _one_sign(found) or len(found["part"] or "") > 2:
            likely = anything_like.fullmatch(dress.sub("", text))
            raise Refused("ambiguous_number" if likely else "unreadable_number")
        whole = found["whole"] if found["whole"].isdecimal() else re.sub("[^0-9]", "", found["whole"])
        if len(whole) > _MOST_DIGITS:
            raise Refused("unreadable_number")
        hundredths = int(whole + (found["part"] or "").ljust(2, "0"))
        return -hundredths if found["open"] or found["minus"] or found["after"] else hundredths

    return read


def _one_sign(found: re.Match) -> bool:
    """Whether parentheses are a pair and at most one sign is there."""
    signs = [s for s in ("open", "minus", "after") if found[s]]
    return len(signs) <= 1 and bool(found["open"]) == bool(found["close"])


def decimal_reader(*marks) -> Reader:
    """Reads a number of at most two decimals as a float."""
    hundredths = number_reader(*marks)
    return cache(lambda text: hundredths(text) / 100)


def whole_reader() -> Reader:
    """Reads an integer without any separator."""

    @cache
    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,13}", text.strip()):
            raise Refused("unreadable_number")
        return int(text)

    return read


def year_reader() -> Reader:
    """Reads a year of four digits."""

    @cache
    def read(text: str) -> int:
        text = text.strip()
        if re.fullmatch("[0-9]{2}", text):
            raise Refused("two_digit_year")
        if not re.fullmatch("[0-9]{4}", text):
            raise Refused("unreadable_date")
        if not _FIRST_YEAR <= int(text) <= _LAST_YEAR:
            raise Refused("impossible_date")
        return int(text)

    return read


def date_reader(formats: tuple[str, ...]) -> Reader:
    """Reads a date in one of `formats`.

    `two_digit_year` (03/05/04), `impossible_date` (31/02/2015, or a year outside 1900–2100), `ambiguous_date`
    (two formats read two dates), `unreadable_date`.
    """
    shapes = [re.compile(re.sub("%[dmY]", lambda m: _DATE_SHAPE[m[0]], re.escape(f))) for f in formats]

    @cache
    def read(text: str) -> date:
        text = text.strip()
        fitting = [f for f, shape in zip(formats, shapes, strict=True) if shape.fullmatch(text)]
        if not fitting:
            raise Refused("two_digit_year" if _TWO_DIGIT_YEAR.fullmatch(text) else "unreadable_date")
        days = {day for f in fitting if (day := _day(text, f))}
        if len(days) > 1:
            raise Refused("ambiguous_date")
        if not days:
            raise Refused("impossible_date")
        return days.pop()

    return read


def _day(text: str, form: str) -> date | None:
    try:
        day = datetime.strptime(text, form).date()
    except ValueError:
        return None
    return day if _FIRST_YEAR <= day.year <= _LAST_YEAR else None


def code_reader(codes: dict[str, object]) -> Reader:
    """Reads a code of a closed list, whatever its case, accents and blanks; `codes` is folded already."""

    @cache
    def read(text: str) -> object:
        try:
            return codes[fold(text)]
        except KeyError:
            raise Refused("unknown_code") from None

    return read


def form_reader(form: re.Pattern) -> Reader:
    """Reads a text of a fixed form as it is, without blanks around it."""

    @cache
    def read(text: str) -> str:
        text = text.strip()
        if not form.fullmatch(text):
            raise Refused("unknown_form")
        return text

    return read


def key_reader(form: re.Pattern, pseudonym: Callable[[str], int]) -> Reader:
    """Reads a source key of a fixed form as its pseudonym; the same key whatever its case and blanks."""

    @cache
    def read(text: str) -> int:
        plain = "".join(text.split()).upper()
        if not form.fullmatch(plain):
            raise Refused("bad_key")
        return pseudonym(plain)

    return read


def cell_reader(read: Reader, nullable: bool) -> Reader:
    """`read` for the cells that hold something; an empty one is None, or Refused where it must be filled."""

    def cell(text: str) -> object:
        if text and not text.isspace():
            return read(text)
        if nullable:
            return None
        raise Refused("empty")

    return cell
