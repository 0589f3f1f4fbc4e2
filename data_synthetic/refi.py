"""The interviews of a synthetic world as a REFI-QDA project, as a program for qualitative analysis would write it.

What people say in it is one neutral text, over and over; what is coded in it, by whom and where, is that of the tables
`interviews` and `segments`. An import gives these back. Half of the texts begin with a byte-order mark.
"""

import json
import zipfile
from itertools import count
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pyarrow.parquet as pq

from analysis.errors import StudyError

MADE = (2026, 1, 1, 0, 0, 0)    # of every file in the zip, so that the same tables give the same bytes
NAMESPACE = "urn:QDA-XML:project:1.0"
# Code points outside of the basic plane and line ends of two characters, on which programs differ.
SENTENCES = (
    "This text is invented and says nothing.\r\n", "It stands where an interview would be. ",
    "Ces mots sont inventés, l’un après l’autre. ", "Deze woorden zijn verzonnen. ", "A clef, 𝄞, and a mask, 🎭. ",
    "The next sentence is another one. ", "Then it begins again.\r\n")
TAIL = 40       # characters after the last passage
QUOTE = 24      # characters of a passage that a program keeps as its name
FAMILIES = {    # the code book as a tree
    "security": ("income_security", "continuity", "social_protection"),
    "autonomy": ("client_dependence", "schedule_autonomy", "pay_negotiation"),
    "cooperative": ("belonging", "participation"),
}


def write_project(dataset: Path, out: Path) -> None:
    """Write the interviews of the synthetic dataset folder `dataset` as the project file `out`, which must be new.

    The same tables give the same files inside. StudyError where the dataset is not a synthetic one with interviews.
    """
    if out.exists():
        raise StudyError(f"{out} exists; give a new file or remove it first.")
    try:
        about = json.loads((dataset / "dataset.json").read_text("utf-8"))
        held, coded = (pq.read_table(dataset / f"{name}.parquet").to_pylist() for name in ("interviews", "segments"))
    except (OSError, ValueError):
        raise StudyError(f"{dataset} is no synthetic dataset with interviews; make one with `smartbook data simulate`."
                         ) from None
    if about.get("synthetic") is not True:
        raise StudyError(f"{dataset} is not marked as synthetic; only an invented world may be exported.")
    part = out.with_name(f".{out.name}.part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as box:
        for name, content in files(held, coded).items():
            entry = zipfile.ZipInfo(name, MADE)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            box.writestr(entry, content)
    part.rename(out)


def files(held: list[dict], coded: list[dict]) -> dict[str, bytes]:
    """The files of the project, path → bytes, from rows of `interviews` and of `segments`."""
    new = map("{:08x}-0000-4000-8000-000000000000".format, count(1)).__next__
    coders = {name: new() for name in sorted({s["coder"] for s in coded})}
    names = sorted({s["code"] for s in coded})
    codes, tree = _code_book(names, new)
    variables = {name: new() for name in ("role", "held_on", "worker")}
    sources = {i["interview_id"]: new() for i in sorted(held, key=lambda i: i["interview_id"])}
    texts, parts = {}, []
    for interview, guid in sources.items():
        passages = [s for s in coded if s["interview_id"] == interview]
        text = filler(interview, max((s["end"] for s in passages), default=0) + TAIL)
        texts[f"Sources/{guid}.txt"] = (("\ufeff" if interview % 2 else "") + text).encode()
        parts.append(_source(guid, f"Interview {interview}", text, passages, coders, codes, new))
    cases = [_case(i, sources[i["interview_id"]], variables, new) for i in held]
    users = "".join(f"<User guid={_q(guid)} name={_q(name)}/>" for name, guid in coders.items())
    kinds = {"role": "Text", "held_on": "Date", "worker": "Text"}
    declared = "".join(f"<Variable guid={_q(guid)} name={_q(name)} typeOfVariable={_q(kinds[name])}/>"
                       for name, guid in variables.items())
    note = "<PlainTextContent>An invented note.</PlainTextContent>"
    members = "".join(f"<MemberSource targetGUID={_q(guid)}/>" for guid in sources.values())
    project = (
        f'<?xml version="1.0" encoding="utf-8"?>\n<Project xmlns={_q(NAMESPACE)} name="Synthetic interviews" '
        f'origin="smartbook">\n<Users>{users}</Users>\n<CodeBook><Codes>{tree}</Codes></CodeBook>\n'
        f"<Variables>{declared}</Variables>\n<Cases>{''.join(cases)}</Cases>\n<Sources>{''.join(parts)}</Sources>\n"
        f"<Notes><Note guid={_q(new())} name=\"Note\">{note}</Note></Notes>\n"
        f'<Sets><Set guid={_q(new())} name="All interviews">{members}</Set></Sets>\n</Project>\n')
    return {"project.qde": project.encode(), **texts}


def filler(number: int, length: int) -> str:
    """`length` characters of the same few sentences, which begin at another one in each interview."""
    turn = number % len(SENTENCES)
    cycle = "".join(SENTENCES[turn:] + SENTENCES[:turn])
    return (cycle * (length // len(cycle) + 1))[:length]


def _code_book(names: list[str], new) -> tuple[dict[str, str], str]:
    """The guid of each code, and the tree of codes: families with their codes, then the codes of no family."""
    codes, parts = {name: new() for name in names}, []
    for family, members in FAMILIES.items():
        inside = "".join(_code(name, codes[name]) for name in members if name in codes)
        parts.append(_code(family, new(), inside, codable=False))
    inside = {name for members in FAMILIES.values() for name in members}
    return codes, "".join(parts + [_code(name, guid) for name, guid in codes.items() if name not in inside])


def _code(name: str, guid: str, inside: str = "", codable: bool = True) -> str:
    return f"<Code guid={_q(guid)} name={_q(name)} isCodable={_q(str(codable).lower())}>{inside}</Code>"


def _case(interview: dict, source: str, variables: dict[str, str], new) -> str:
    kinds = {"role": "TextValue", "held_on": "DateValue", "worker": "TextValue"}
    known = {"role": interview["role"], "held_on": interview["held_on"], "worker": interview["worker_id"]}
    values = "".join(
        f"<VariableValue><VariableRef targetGUID={_q(variables[name])}/><{kinds[name]}>{value}</{kinds[name]}>"
        "</VariableValue>" for name, value in known.items() if value is not None)
    return (f"<Case guid={_q(new())} name=\"Case {interview['interview_id']}\">{values}"
            f"<SourceRef targetGUID={_q(source)}/></Case>\n")


def _source(guid: str, name: str, text: str, passages: list[dict], coders: dict, codes: dict, new) -> str:
    selections = "".join(
        f"<PlainTextSelection guid={_q(new())} name={_q(' '.join(text[s['start']:s['end']][:QUOTE].split()))} "
        f'startPosition="{s["start"]}" endPosition="{s["end"]}" creatingUser={_q(coders[s["coder"]])}>'
        f"<Coding guid={_q(new())} creatingUser={_q(coders[s['coder']])}><CodeRef targetGUID={_q(codes[s['code']])}/>"
        "</Coding></PlainTextSelection>\n" for s in passages)
    return (f"<TextSource guid={_q(guid)} name={_q(name)} plainTextPath=\"internal://{guid}.txt\">\n{selections}"
            "</TextSource>\n")


_q = quoteattr
