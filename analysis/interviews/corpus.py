"""The tables `interviews` and `segments` of a dataset, made of a REFI-QDA project without a word of it.

An interview is a text source that has the variable `role` (worker, client, staff), by itself or through its case; other
sources are left out. It needs the date `held_on` too, and may have `worker`: the key of the member in the records, or,
where no secret key is given, the pseudonym itself. Interviews are numbered in the order of their guids, which says
nothing about anybody, and coders by letters in the order of the users.
"""

import os
import re
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import ascii_lowercase

from analysis.errors import StudyError
from analysis.intake.pseudonyms import Pseudonyms
from analysis.intake.validate import open_tables
from analysis.interviews.refi import Code, Project, Source, read_project
from analysis.place import outside_git
from analysis.schema import TABLES, write_table

NAMES = ("interviews", "segments")
UNKNOWN = "coder_unknown"


@dataclass(frozen=True)
class Imported:
    """What an import did, in numbers: `linked` interviews of a member, `left_out` sources that are no interviews."""

    interviews: int
    linked: int
    segments: int
    codes: int
    coders: int
    left_out: int
    passed: int
    positions: tuple[str, int]
    quotes: int
    found: int

    def lines(self) -> list[str]:
        """The same in sentences."""
        unit, ends = self.positions
        return [
            f"{self.interviews} interviews, {self.linked} of them of a member in the dataset; "
            f"{self.left_out} sources without `role` are left out",
            f"{self.segments} coded passages by {self.coders} coders with {self.codes} codes; "
            f"{self.passed} codings of pictures, sound or video are left out",
            f"positions read as {unit}, a line end of two characters as {ends}; "
            f"{self.found} of {self.quotes} quotes stand where they should",
        ]


def import_interviews(file: Path, folder: Path, key: bytes | None = None, replace: bool = False) -> Imported:
    """Write the tables `interviews` and `segments` of the project `file` into the dataset `folder`.

    Both are complete before either takes its name, and nothing is written where there is an error.
    `key` is the secret of the pseudonyms of the dataset. StudyError, in a sentence without a word of the file, where
    the project is broken or says too little, where the folder holds these tables already and `replace` is not set,
    lies in a git work tree, or lacks a member to whom an interview is linked.
    """
    folder = Path(folder).resolve()
    if not folder.is_dir():
        raise StudyError("The dataset folder does not exist; give the folder that import or simulate has made.")
    if not outside_git(folder):
        raise StudyError("The dataset folder lies inside a git work tree, from where it could be published; give one "
                         "outside.")
    taken = [name for name in NAMES if (folder / name).exists() or (folder / f"{name}.parquet").exists()]
    if taken and not replace:
        raise StudyError(f"The dataset holds a table `{taken[0]}` already; say --replace to write it anew.")
    if parts := [name for name in taken if (folder / name).exists()]:
        raise StudyError(f"Table `{parts[0]}` of the dataset is in part files; remove its folder first.")
    project = read_project(file)
    interviews, segments = tables(project, Pseudonyms(key) if key else None)
    _members_known(folder, interviews["worker_id"])
    try:
        with tempfile.TemporaryDirectory(prefix=".interviews-", dir=folder) as part:
            written = [write_table(TABLES[name], columns, Path(part))
                       for name, columns in zip(NAMES, (interviews, segments), strict=True)]
            for path in written:
                os.replace(path, folder / path.name)
    except OSError as error:
        raise StudyError(f"The dataset folder cannot be written to ({error.strerror}); check its rights.") from None
    return Imported(
        len(interviews["interview_id"]), sum(w is not None for w in interviews["worker_id"]),
        len(segments["segment_id"]), len(set(segments["code"])), len(set(segments["coder"])),
        len(project.sources) - len(interviews["interview_id"]), project.passed, project.positions, project.quotes,
        project.found)


def tables(project: Project, pseudonyms: Pseudonyms | None = None) -> tuple[dict, dict]:
    """The columns of `interviews` and of `segments`, name → list."""
    of_case = {guid: case.values for case in project.cases for guid in case.sources}
    values = {s.guid: of_case.get(s.guid, {}) | s.values for s in project.sources}
    place = {s.guid: f"source {n} of {len(project.sources)}" for n, s in enumerate(project.sources, 1)}
    chosen = sorted((s for s in project.sources if "role" in values[s.guid]), key=lambda s: s.guid)
    if not chosen:
        raise StudyError("No source of the project has a variable `role`; give the case of each interview the "
                         "variables `role` (worker, client or staff) and `held_on` (its date).")
    held = [_interview(n, values[s.guid], place[s.guid], pseudonyms) for n, s in enumerate(chosen, 1)]
    names = TABLES["interviews"].names
    segments = _segments(project, chosen)
    return ({name: [row[name] for row in held] for name in names},
            {name: [row[i] for row in segments] for i, name in enumerate(TABLES["segments"].names)})


def _interview(number: int, values: dict, what: str, pseudonyms: Pseudonyms | None) -> dict:
    roles = TABLES["interviews"].column("role").levels
    role = values["role"].lower()
    if role not in roles:
        raise StudyError(f"The variable `role` of {what} must be one of: {', '.join(roles)}.")
    try:
        held_on = date.fromisoformat(values.get("held_on", "")[:10])
    except ValueError:
        raise StudyError(f"The variable `held_on` of {what} must be a date, as 2018-06-23.") from None
    worker = values.get("worker")
    if worker is not None and pseudonyms:
        worker = pseudonyms.of("workers", worker)
    elif worker is not None:
        if not re.fullmatch(r"\d{1,18}", worker):
            raise StudyError(f"The variable `worker` of {what} is no pseudonym; give the secret key of the dataset "
                             "with --key-file.")
        worker = int(worker)
    return {"interview_id": number, "worker_id": worker, "held_on": held_on, "role": role}


def _segments(project: Project, chosen: list[Source]) -> list[tuple]:
    """One row per coding of the chosen sources, in the order of the interviews and of the file."""
    letters = (*ascii_lowercase, *map(str, range(len(ascii_lowercase) + 1, len(project.users) + 1)))
    coders = {guid: f"coder_{letter}" for guid, letter in zip(project.users, letters, strict=False)}
    names = code_names(project.codes)
    rows = ((n, coders.get(c.user, UNKNOWN), names[c.code], c.start, c.end)
            for n, source in enumerate(chosen, 1) for c in source.codings)
    return [(i, *row) for i, row in enumerate(rows, 1)]


def code_names(codes: tuple[Code, ...]) -> dict[str, str]:
    """The name of each code, guid → name: its own, or its whole path where another code has the same."""
    own = [c.path[-1] for c in codes]
    return {c.guid: c.path[-1] if own.count(c.path[-1]) == 1 else "::".join(c.path) for c in codes}


def _members_known(folder: Path, workers: list) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    linked = pa.array(sorted({w for w in workers if w is not None}), pa.int64())
    present = open_tables(folder)
    if not len(linked):
        return
    if "workers" not in present:
        raise StudyError("The dataset has no table `workers`, to which the interviews are linked; import it first.")
    known = present["workers"].select("worker_id").to_pyarrow()["worker_id"]
    lost = len(linked) - pc.sum(pc.is_in(linked, value_set=pc.unique(known))).as_py()
    if lost:
        raise StudyError(f"{lost} interviews are linked to members whom the dataset does not have; give the secret key "
                         "with which it was imported, or put `worker` right.")
