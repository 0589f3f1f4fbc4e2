"""A REFI-QDA project (`.qdpx`), which NVivo, ATLAS.ti, MAXQDA, QualCoder and others write, read with distrust.

The file is a zip with one XML file and the texts. Nothing is unpacked to disk and no path of the file is followed
outside it. Entities of XML are refused, sizes are limited, and no message holds a word of the file: a source is called
by its place. Passages have their positions in code points of the text without its byte-order mark, a line end of two
characters counting as two; programs that count otherwise are found out by the quotes that they keep beside positions.
"""

import lzma
import re
import struct
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers.expat import ExpatError, ParserCreate

from analysis.errors import StudyError

LARGEST = 256 * 2**20       # bytes of one file inside, and of all that are read
DEEPEST = 100               # elements inside each other
SHORTEST_QUOTE = 3          # characters of a name that may be a quote
# What reading a damaged zip can raise, by the place of the damage.
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, ValueError, OverflowError)
NO_ZIP = "The project file is no .qdpx or is broken (its zip cannot be read); export it again."
CODE_POINTS, UTF16 = "code points", "UTF-16 units"
CONVENTIONS = tuple((unit, ends) for unit in (CODE_POINTS, UTF16) for ends in (2, 1))   # characters of a \r\n
VALUES = ("TextValue", "DateValue", "DateTimeValue", "IntegerValue", "FloatValue", "BooleanValue")


@dataclass(frozen=True)
class Code:
    """One code of the code book; `path` are the names from the top down to its own."""

    guid: str
    path: tuple[str, ...]
    codable: bool = True


@dataclass(frozen=True)
class Coding:
    """A passage given a code by a user: guids, and positions in the text, the end exclusive."""

    code: str
    user: str
    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """A text with its codings, in the order of the file. `values`: variables, name in small letters → text."""

    guid: str
    text: str = field(repr=False)
    codings: tuple[Coding, ...]
    values: dict = field(repr=False)


@dataclass(frozen=True)
class Case:
    """Somebody or something that sources are about. `values`: variables, name → text; `sources`: their guids."""

    guid: str
    name: str = field(repr=False)
    values: dict = field(repr=False)
    sources: frozenset[str]


@dataclass(frozen=True)
class Note:
    """A memo of the researchers."""

    guid: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class Set:
    """A named group: guids of codes, sources and notes."""

    guid: str
    name: str = field(repr=False)
    members: tuple[str, ...]


@dataclass(frozen=True)
class Project:
    """All that is read of a project file.

    `users`: guid → name, in the order of the file. `positions` says how they were counted; `found` of `quotes` passages
    that keep a quote begin with it when they are read so. `passed`: codings of pictures, sound and video, which have
    no text.
    """

    users: dict = field(repr=False)
    codes: tuple[Code, ...]
    sources: tuple[Source, ...]
    cases: tuple[Case, ...]
    notes: tuple[Note, ...]
    sets: tuple[Set, ...]
    positions: tuple[str, int] = CONVENTIONS[0]
    quotes: int = 0
    found: int = 0
    passed: int = 0


def read_project(file: Path) -> Project:
    """Read a `.qdpx`. StudyError says in one sentence, without a word of the file, what is wrong with it."""
    try:
        box = zipfile.ZipFile(file)
    except FileNotFoundError:
        raise StudyError("The project file does not exist; give the path of a .qdpx file.") from None
    except OSError as error:
        raise StudyError(f"The project file cannot be read ({error.strerror}); check its path and rights.") from None
    except (*BROKEN, NotImplementedError):
        raise StudyError(NO_ZIP) from None
    with box:
        inside = Inside(box)
        return _project(_tree(inside.read(inside.project)), inside)


# -- the zip ---------------------------------------------------------------------------------------------------

class Inside:
    """The files of the zip by path, in whatever case they are written; each is read once, into memory."""

    def __init__(self, box: zipfile.ZipFile):
        self._box, self._left = box, LARGEST
        self._entries = {}
        for entry in box.infolist():
            path = entry.filename.replace("\\", "/")
            if path.startswith("/") or re.match(r"[A-Za-z]:", path) or ".." in path.split("/"):
                raise StudyError("A path in the project file leads out of it; do not trust this file.")
            if path.lower() in self._entries:
                raise StudyError("Two files in the project file have the same path; export the project again.")
            self._entries[path.lower()] = entry
        self.project = next((p for p in self._entries if re.fullmatch(r"[^/]+\.qde", p)), None)
        if self.project is None:
            raise StudyError("The project file has no `project.qde` at its top; export it as REFI-QDA (.qdpx).")

    def __contains__(self, path: str) -> bool:
        return path.lower() in self._entries

    def read(self, path: str) -> bytes:
        """The bytes of one file. A header that lies about its size cannot make more of them than it says."""
        entry = self._entries[path.lower()]
        if entry.file_size > self._left:
            raise StudyError(f"What the project file holds is larger than {LARGEST // 2**20} MB; this is no text.")
        self._left -= entry.file_size
        try:
            return self._box.read(entry)
        except (*BROKEN, OSError):
            raise StudyError(NO_ZIP) from None
        except (RuntimeError, NotImplementedError):
            raise StudyError("The project file is encrypted, or packed in an unknown way; export it again without "
                             "a password.") from None


# -- the XML ---------------------------------------------------------------------------------------------------

def _tree(data: bytes) -> Element:
    """The XML of a project, by local names. A document type is refused: entities can blow up a small file."""
    builder, depth = TreeBuilder(), 0
    parser = ParserCreate(namespace_separator="}")
    parser.buffer_text = True

    def start(tag, attributes):
        nonlocal depth
        depth += 1
        if depth > DEEPEST:
            raise StudyError(f"`project.qde` nests more than {DEEPEST} elements; this is no project.")
        builder.start(_local(tag), {_local(name): value for name, value in attributes.items()})

    def end(tag):
        nonlocal depth
        depth -= 1
        builder.end(_local(tag))

    def refuse(*_):
        raise StudyError("`project.qde` declares a document type or entities, which no project needs; do not trust "
                         "this file.")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (ExpatError, LookupError, ValueError):
        raise StudyError(f"`project.qde` is no valid XML (line {parser.ErrorLineNumber}); export the project again."
                         ) from None
    root = builder.close()
    if root.tag != "Project":
        raise StudyError("`project.qde` holds no REFI-QDA project; export the project again.")
    return root


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _guid(text: str | None) -> str:
    """A guid in one spelling: programs differ in braces and case."""
    return (text or "").strip().strip("{}").lower()


def _target(element: Element, name: str) -> str:
    """The guid to which the child `name` points."""
    child = element.find(name)
    return "" if child is None else _guid(child.get("targetGUID"))


# -- the project -----------------------------------------------------------------------------------------------

def _project(root: Element, inside: Inside) -> Project:
    users = {_guid(u.get("guid")): u.get("name") or "" for u in root.iterfind("Users/User")}
    codes = tuple(c for top in root.iterfind("CodeBook/Codes/Code") for c in _codes(top, ()))
    names = {_guid(v.get("guid")): (v.get("name") or "").strip().lower() for v in root.iterfind("Variables/Variable")}
    cases = {_guid(c.get("guid")): c for c in root.iterfind("Cases/Case")}
    elements, passed = _texts(root)
    texts = [_text(e, n, len(elements), inside) for n, (_, e) in enumerate(elements, 1)]
    positions, quotes, found = _convention(elements, texts)
    place = Places({c.guid for c in codes}, set(cases), positions)
    read = [place.of(e, text, f"source {n} of {len(elements)}")
            for n, ((_, e), text) in enumerate(zip(elements, texts, strict=True), 1)]
    sources = tuple(
        Source(_guid(owner.get("guid")), text, codings, _values(owner, names) | _values(e, names))
        for (owner, e), text, (codings, _) in zip(elements, texts, read, strict=True))
    about = {guid: {s.guid for s, (_, of) in zip(sources, read, strict=True) if guid in of} for guid in cases}
    return Project(
        users, codes, sources,
        tuple(Case(guid, e.get("name") or "", _values(e, names),
                   frozenset(about[guid] | {_guid(r.get("targetGUID")) for r in e.iterfind("SourceRef")}))
              for guid, e in cases.items()),
        tuple(Note(_guid(e.get("guid")), _text(e, n, 0, inside)) for n, e in enumerate(root.iterfind("Notes/Note"), 1)),
        tuple(Set(_guid(e.get("guid")), e.get("name") or "",
                  tuple(_guid(m.get("targetGUID")) for m in e if m.tag.startswith("Member")))
              for e in root.iterfind("Sets/Set")),
        positions, quotes, found, passed)


def _codes(element: Element, above: tuple[str, ...]) -> Iterator[Code]:
    path = (*above, element.get("name") or "")
    yield Code(_guid(element.get("guid")), path, element.get("isCodable") != "false")
    for child in element.iterfind("Code"):
        yield from _codes(child, path)


def _values(element: Element, names: dict) -> dict:
    """The variables that have a value here, name → text."""
    out = {}
    for value in element.iterfind("VariableValue"):
        text = next((child.text or "" for child in value if child.tag in VALUES), "").strip()
        if text:
            out[names.get(_target(value, "VariableRef"), "")] = text
    return out


def _texts(root: Element) -> tuple[list[tuple[Element, Element]], int]:
    """The sources that have a text, each with the element that holds it; and how many codings the others have."""
    found, passed = [], 0
    for source in root.iterfind("Sources/*"):
        text = source if source.tag == "TextSource" else source.find("Representation")
        if text is not None:
            found.append((source, text))
        passed += sum(1 for _ in source.iter("Coding")) - (0 if text is None else sum(1 for _ in text.iter("Coding")))
    return found, passed


def _text(element: Element, number: int, of: int, inside: Inside) -> str:
    """The text of a source (of a note, where there are none of them), without its byte-order mark."""
    what = f"Source {number} of {of}" if of else f"Note {number}"
    inline, path = element.find("PlainTextContent"), element.get("plainTextPath")
    if inline is not None:
        return (inline.text or "").removeprefix("\ufeff")
    if path is None:
        if of and element.find("PlainTextSelection") is not None:
            raise StudyError(f"{what} has coded passages and no plain text; export the project with its texts.")
        return ""
    scheme, _, name = path.rpartition("://")
    name = name.replace("\\", "/")
    if scheme not in ("internal", "") or name.startswith("/") or ".." in name.split("/"):
        raise StudyError(f"{what} has its text outside of the project file, where nothing is read; export the project "
                         "with its sources inside.")
    full = next((p for p in (f"sources/{name}", name) if p in inside), None)
    if full is None:
        raise StudyError(f"{what} has no text in the project file; export the project with its sources inside.")
    try:
        return inside.read(full).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StudyError(f"The text of {what[0].lower()}{what[1:]} is not UTF-8; export the project again.") from None


# -- positions -------------------------------------------------------------------------------------------------

def _edges(text: str, convention: tuple[str, int]) -> list[int] | None:
    """The position of each code point of `text`, and of its end, in this convention; None where it is its own."""
    unit, ends = convention
    if (unit == CODE_POINTS or text.isascii()) and (ends == 2 or "\r\n" not in text):
        return None
    widths = [2 if unit == UTF16 and ord(c) > 0xFFFF else 1 for c in text]
    if ends == 1:
        for i, (a, b) in enumerate(pairwise(text), 1):
            if a == "\r" and b == "\n":
                widths[i] = 0
    return list(accumulate(widths, initial=0))


def _at(edges: list[int] | None, position: int, length: int) -> int:
    """The code point at `position`; −1 where there is none."""
    if edges is None:
        return position if 0 <= position <= length else -1
    i = bisect_right(edges, position) - 1
    return i if i >= 0 and edges[i] == position else -1


def _numbers(selection: Element) -> tuple[int, int] | None:
    """Start and end as written; None where they are no numbers."""
    start, end = selection.get("startPosition", ""), selection.get("endPosition", "")
    return (int(start), int(end)) if re.fullmatch(r"\d{1,12}", start) and re.fullmatch(r"\d{1,12}", end) else None


def _convention(elements, texts: list[str]) -> tuple[tuple[str, int], int, int]:
    """How the program that wrote this file counts: the convention in which most quotes stand where they should.

    Among equals, the one in which most are whole passages; then the first of CONVENTIONS, also where no passage keeps a
    quote. Also: quotes, and those found.
    """
    hits, whole, quotes = dict.fromkeys(CONVENTIONS, 0), dict.fromkeys(CONVENTIONS, 0), 0
    for (_, element), text in zip(elements, texts, strict=True):
        edges = {convention: _edges(text, convention) for convention in CONVENTIONS}
        for selection in element.iterfind("PlainTextSelection"):
            quote = " ".join((selection.get("name") or "").rstrip(". …").split())
            numbers = _numbers(selection)
            if len(quote) < SHORTEST_QUOTE or numbers is None:
                continue
            quotes += 1
            for convention, known in edges.items():
                start, end = (_at(known, p, len(text)) for p in numbers)
                passage = " ".join(text[start:end].rstrip(". …").split()) if 0 <= start <= end else ""
                hits[convention] += passage.startswith(quote)
                whole[convention] += passage == quote
    best = max(CONVENTIONS, key=lambda c: (hits[c], whole[c]))
    return best, quotes, hits[best]


@dataclass(frozen=True)
class Places:
    """Turns the selections of a source into codings, by the guids of codes and cases and by how positions count."""

    codes: set[str]
    cases: set[str]
    convention: tuple[str, int]

    def of(self, element: Element, text: str, what: str) -> tuple[tuple[Coding, ...], set[str]]:
        """The codings of one source, and the cases to which its passages point, as NVivo lets them.

        A passage without a code is a remark. A coding of the source as a whole is one of all its text.
        """
        edges, author = _edges(text, self.convention), element.get("creatingUser")
        codings, cases = [], set()
        for part in element:
            if part.tag == "Coding":
                marks, (start, end), by = [part], (0, len(text)), author
            elif part.tag == "PlainTextSelection":
                marks, by = part.findall("Coding"), part.get("creatingUser") or author
                start, end = self._span(part, edges, len(text), what)
            else:
                continue
            for mark in marks:
                code = _target(mark, "CodeRef")
                if code in self.cases:
                    cases.add(code)
                elif code in self.codes:
                    codings.append(Coding(code, _guid(mark.get("creatingUser") or by), start, end))
                else:
                    raise StudyError(f"A passage of {what} has a code that is not in the code book; export the project "
                                     "again with its code book.")
        return tuple(codings), cases

    @staticmethod
    def _span(selection: Element, edges, length: int, what: str) -> tuple[int, int]:
        numbers = _numbers(selection)
        if numbers is None:
            raise StudyError(f"A passage of {what} has no start or no end in whole numbers; export the project again.")
        start, end = (_at(edges, position, length) for position in numbers)
        if start < 0 or end < 0:
            raise StudyError(f"A passage of {what} begins or ends outside of its text, which has {length} characters; "
                             "export the project again, with the texts that were coded.")
        if start > end:
            raise StudyError(f"A passage of {what} ends before it begins; export the project again.")
        return start, end
