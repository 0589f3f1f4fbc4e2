"""Physical lines: every one of them is kept, decoded and split on its own, and ends in exactly one bucket.

A record is one physical line, so an unbalanced quote or an unreadable byte costs that line only.
"""

import re
from typing import NamedTuple

from analysis.intake.values import Refused

HEADER = "header"
REPEATED = "repeated_header"
BLANK = "blank"
NOT_DATA = "not_data"
DUPLICATE = "duplicate"
QUARANTINED = "quarantined"
ACCEPTED = "accepted"
BUCKETS = (HEADER, REPEATED, BLANK, NOT_DATA, DUPLICATE, QUARANTINED, ACCEPTED)

_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\ufffd]")


class Verdict(NamedTuple):
    """The bucket of one line; a reason and the column at fault for a quarantined one."""

    bucket: str
    reason: str = ""
    column: str = ""


def physical_lines(data: bytes) -> list[bytes]:
    """The lines of a file without their ends (LF or CRLF); nothing follows the last line end."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix(b"\r") for line in lines]


def decode(line: bytes, encoding: str) -> str:
    """The text of a line; Refused where a byte means nothing in this encoding, or a control character."""
    try:
        text = line.decode(encoding)
    except UnicodeDecodeError:
        raise Refused("undecodable_bytes") from None
    if _CONTROL.search(text):
        raise Refused("control_character")
    return text


def shown(line: bytes, encoding: str) -> str:
    """The text of a line for human eyes, bytes without meaning written as \\x81."""
    return line.decode(encoding, "backslashreplace")


def split(text: str, delimiter: str, quote: str) -> list[str]:
    """The fields of a line; a quoted one may hold delimiters and doubled quotes. Refused: a loose quote."""
    if not quote or quote not in text:
        return text.split(delimiter)
    fields, start = [], 0
    while True:
        if text.startswith(quote, start):
            end = start + 1
            while True:
                end = text.find(quote, end)
                if end < 0:
                    raise Refused("unbalanced_quote")
                if not text.startswith(quote, end + 1):
                    break
                end += 2
            fields.append(text[start + 1 : end].replace(quote * 2, quote))
            start = end + 1
            if start < len(text) and text[start] != delimiter:
                raise Refused("unbalanced_quote")
        else:
            end = text.find(delimiter, start)
            field = text[start:] if end < 0 else text[start:end]
            if quote in field:
                raise Refused("unbalanced_quote")
            fields.append(field)
            start += len(field)
        if start >= len(text):
            return fields
        start += 1
