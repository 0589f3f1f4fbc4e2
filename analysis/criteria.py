"""The registered criteria: book/criteria.toml, what was decided before the confidential records were opened."""

import hashlib
import json
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path

from analysis.errors import StudyError, unknown

FILE = Path(__file__).resolve().parents[1] / "book" / "criteria.toml"
DIGEST = 12     # characters shown of the digest
SETS = ("strict", "value", "loose")
FORM = "`{ value = …, what = \"…\" }`"


def read(file: Path = FILE) -> dict:
    """The criteria as they stand in the file; StudyError where it is no TOML."""
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{file.name} is not valid TOML: {error}.") from None


def digest(criteria: dict) -> str:
    """What the criteria say, in twelve characters: SHA-256 of everything but the log, whatever the layout."""
    said = {name: part for name, part in criteria.items() if name != "log"}
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST]


def log():
    """The log of the criteria as a frame: date, what was decided, digest."""
    import pandas as pd

    return pd.DataFrame(read()["log"]).astype({"date": "str"})


def parameters(section: str, kind: type, of: str = "value", file: Path = FILE):
    """A section of the file as a data class `kind`, whose fields are its names; lists are tuples.

    A field with a default is no registered parameter. `of` chooses the set: an entry without it gives its `value`.
    StudyError names what is missing, unknown or no number.
    """
    entries = _entries(section, file)
    named = {f.name for f in fields(kind) if f.default is MISSING}
    for name in entries:
        if name not in named:
            raise unknown(f"parameter of [{section}] in {file.name}", name, named)
    for name in sorted(named - set(entries)):
        raise StudyError(f"[{section}] of {file.name} lacks `{name}`; add it as {FORM}.")
    return kind(**{name: _number(section, name, entry.get(of, entry["value"]), file)
                   for name, entry in entries.items()})


def listed(section: str, file: Path = FILE):
    """The parameters of a section as a frame of texts: parameter, what, and strict, value, loose where they stand."""
    import pandas as pd

    rows = [{"parameter": name, "what": entry.get("what", ""), **{s: _text(entry[s]) for s in SETS if s in entry}}
            for name, entry in _entries(section, file).items()]
    frame = pd.DataFrame(rows)
    return frame[["parameter", "what", *(s for s in SETS if s in frame)]].fillna("")


def _entries(section: str, file: Path) -> dict[str, dict]:
    """The entries of a section, without the sections inside it."""
    found = read(file)
    for part in section.split("."):
        if part not in found:
            raise StudyError(f"{file.name} lacks the section [{section}].")
        found = found[part]
    for name, entry in found.items():
        if not isinstance(entry, dict):
            raise StudyError(f"`{name}` in [{section}] of {file.name} is to be written {FORM}.")
    return {name: entry for name, entry in found.items() if "value" in entry}


def _number(section, name, value, file):
    if isinstance(value, list) and value:
        return tuple(_number(section, name, part, file) for part in value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise StudyError(f"`{name}` in [{section}] of {file.name} is no number, and no list of numbers.")
    return value


def _text(value) -> str:
    return ", ".join(map(_text, value)) if isinstance(value, list) else f"{value:g}"
