"""A REFI-QDA project is read with distrust, its positions are understood, and no word of it goes anywhere."""

import io
import json
import shutil
import traceback
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from analysis.cli import app
from analysis.datasets import SHIPPED
from analysis.errors import StudyError
from analysis.intake.pseudonyms import Pseudonyms
from analysis.interviews import refi
from analysis.interviews.corpus import NAMES, import_interviews, tables
from analysis.interviews.refi import CODE_POINTS, UTF16, read_project
from data_synthetic.refi import SENTENCES, filler, write_project

PROJECT = Path(__file__).resolve().parents[2] / "data_synthetic" / "interviews.qdpx"
CANARY = "Zinnober Quastenflosser"
TEXT = f"One two three. {CANARY}. Four five six."


def guid(n):
    return f"{n:08x}-0000-4000-8000-000000000000"


def selection(start, end, code=10, user=1, name="", inside=None):
    coding = f'<Coding guid="{guid(90)}" creatingUser="{guid(user)}"><CodeRef targetGUID="{guid(code)}"/></Coding>'
    return (f'<PlainTextSelection guid="{guid(91)}" name={quoteattr(name)} startPosition="{start}" endPosition="{end}" '
            f'creatingUser="{guid(user)}">{coding if inside is None else inside}</PlainTextSelection>')


def source(n=20, body="", path=None, attributes=""):
    path = f"internal://{guid(n)}.txt" if path is None else path
    return f'<TextSource guid="{guid(n)}" name="{CANARY}" plainTextPath="{path}" {attributes}>{body}</TextSource>'


def value(variable, text, kind="TextValue"):
    return (f'<VariableValue><VariableRef targetGUID="{guid(variable)}"/><{kind}>{escape(text)}</{kind}>'
            "</VariableValue>")


def case(role="worker", held_on="2018-06-23", worker=None, of=20, n=30):
    values = (value(40, role) if role else "") + (value(41, held_on, "DateValue") if held_on else "")
    values += value(42, worker) if worker else ""
    return f'<Case guid="{guid(n)}" name="{CANARY}">{values}<SourceRef targetGUID="{guid(of)}"/></Case>'


CODES = (f'<Code guid="{guid(9)}" name="family" isCodable="false"><Code guid="{guid(10)}" name="alpha" '
         f'isCodable="true"/></Code><Code guid="{guid(11)}" name="beta" isCodable="true"/>')


def project(sources=None, cases=None, codes=CODES, more="", head=""):
    sources = source(body=selection(0, 7)) if sources is None else sources
    users = "".join(f'<User guid="{guid(n)}" name="{CANARY} {n}"/>' for n in (1, 2))
    variables = "".join(f'<Variable guid="{guid(n)}" name="{name}" typeOfVariable="Text"/>'
                        for n, name in ((40, "role"), (41, "held_on"), (42, "worker")))
    return (f'<?xml version="1.0" encoding="utf-8"?>{head}<Project xmlns="urn:QDA-XML:project:1.0" name="{CANARY}">'
            f"<Users>{users}</Users><CodeBook><Codes>{codes}</Codes></CodeBook><Variables>{variables}</Variables>"
            f"<Cases>{case() if cases is None else cases}</Cases><Sources>{sources}</Sources>{more}</Project>").encode()


def packed(files):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as box:
        for name, content in files.items():
            box.writestr(name, content)
    return stream.getvalue()


@pytest.fixture
def qdpx(tmp_path):
    """Write a project file: its XML and texts, by path."""

    def write(xml=None, texts=None, name="project.qde", **more):
        texts = {f"Sources/{guid(20)}.txt": TEXT.encode()} if texts is None else texts
        file = tmp_path / "study.qdpx"
        file.write_bytes(packed({name: project() if xml is None else xml, **texts, **more}))
        return file

    return write


@pytest.fixture
def dataset(tmp_path):
    """A dataset of workers alone, outside every work tree."""
    folder = tmp_path / "dataset"
    folder.mkdir()
    shutil.copy(SHIPPED / "workers.parquet", folder)
    return folder


def fails(match, call):
    """The call ends in one sentence that matches and holds no word of the file; returns it."""
    with pytest.raises(StudyError, match=match) as error:
        call()
    told = "".join(traceback.format_exception(error.value)) + str(error.value)
    assert not [w for w in (*CANARY.split(), "One two", "Four five") if w in told], told
    assert "\n" not in str(error.value) and str(error.value).endswith(".")
    return str(error.value)


# -- the container ---------------------------------------------------------------------------------------------

def test_what_is_no_zip_is_told(tmp_path, qdpx):
    file = qdpx()
    whole = file.read_bytes()
    for content in (b"", CANARY.encode(), whole[: len(whole) // 2], whole[:60] + b"\0" * 20 + whole[80:]):
        file.write_bytes(content)
        fails("no .qdpx or is broken", lambda: read_project(file))
    fails("does not exist", lambda: read_project(tmp_path / "nothing.qdpx"))
    fails("cannot be read", lambda: read_project(tmp_path))


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/outside.txt", "Sources/../../outside.txt", "C:/outside.txt",
                                  "Sources\\..\\..\\outside.txt", "\\outside.txt"])
def test_a_path_that_climbs_out_is_refused_before_anything_is_read(qdpx, path):
    file = qdpx(xml=b"not even XML", texts={path: b"x"})
    fails("leads out of it", lambda: read_project(file))


@pytest.mark.parametrize("path", ["internal://../../secret.txt", "relative:///../secret.txt", "absolute:///etc/secret",
                                  "internal:///etc/secret", "internal://..\\secret.txt", "file:///etc/secret"])
def test_a_text_outside_is_never_followed(tmp_path, qdpx, path):
    (tmp_path.parent / "secret.txt").write_text(CANARY)
    fails("Source 1 of 1 has its text outside", lambda: read_project(qdpx(project(source(path=path)))))


def test_two_files_of_one_path_and_no_project_at_all(qdpx):
    fails("same path", lambda: read_project(qdpx(texts={"Sources/a.txt": b"", "sources/A.TXT": b""})))
    fails("no `project.qde`", lambda: read_project(qdpx(name="inner/project.qde")))


def test_an_encrypted_file_is_told(qdpx):
    file = qdpx()
    content = bytearray(file.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    file.write_bytes(content)
    fails("encrypted", lambda: read_project(file))


def test_sizes_are_limited(qdpx, monkeypatch):
    monkeypatch.setattr(refi, "LARGEST", 10_000)
    file = qdpx(texts={f"Sources/{guid(20)}.txt": b"a" * 20_000, "Sources/film.mp4": b"b" * 50_000})
    assert file.stat().st_size < 2_000
    fails("larger than", lambda: read_project(file))
    # What nobody reads may be large.
    assert read_project(qdpx(**{"Sources/film.mp4": b"b" * 50_000})).sources


def test_a_header_that_lies_about_its_size_is_no_way_round(qdpx):
    file = qdpx(texts={f"Sources/{guid(20)}.txt": b"a" * 100_000})
    content = file.read_bytes()
    file.write_bytes(content.replace((100_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little")))
    fails("no .qdpx or is broken", lambda: read_project(file))


@settings(derandomize=True, deadline=None, max_examples=300)
@given(damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4),
       inside=st.booleans(), kept=st.sampled_from([1.0, 1.0, 0.9, 0.5]))
def test_whatever_is_damaged_is_told_in_a_sentence(damage, inside, kept):
    """Bytes are changed in the zip, or in its XML; the end may be missing."""
    def damaged(content):
        content = bytearray(content[:int(len(content) * kept)])
        for place, byte in damage:
            content[int(place * len(content))] = byte
        return bytes(content)

    xml = project(source(body=selection(0, 7, name="One two") + selection(8, 13, code=11)))
    texts = {f"sources/{guid(20)}.txt": TEXT.encode()}
    content = packed({"project.qde": damaged(xml) if inside else xml, **texts})
    content = content if inside else damaged(content)
    try:
        tables(read_project(io.BytesIO(content)))
    except StudyError as error:
        assert "\n" not in str(error) and CANARY.split()[0] not in str(error)


# -- the XML ---------------------------------------------------------------------------------------------------

BOMB = "<!DOCTYPE lolz [" + '<!ENTITY a "haha">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)) + "]>"


@pytest.mark.parametrize("head", [
    BOMB, '<!DOCTYPE p SYSTEM "file:///etc/passwd">', "<!DOCTYPE p>",
    '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>', '<!DOCTYPE p [<!ENTITY % x "y">]>'])
def test_entities_and_document_types_are_refused(qdpx, head):
    fails("declares a document type", lambda: read_project(qdpx(project(head=head))))


@pytest.mark.parametrize("xml", [
    b"", b"<Project>", b"<Project>" + CANARY.encode() + b"</Projekt>", b"\xff\xfe\x00", b"<Project>&nothing;</Project>",
    b'<?xml version="1.0" encoding="nonsense"?><Project/>'])
def test_broken_xml_is_told_by_its_line(qdpx, xml):
    fails("no valid XML", lambda: read_project(qdpx(xml)))


def test_another_document_and_a_deep_one_are_no_project(qdpx):
    fails("no REFI-QDA project", lambda: read_project(qdpx(b"<CodeBook/>")))
    fails("nests more than", lambda: read_project(qdpx(project(codes="<Code>" * 2000 + "</Code>" * 2000))))


# -- sources and passages --------------------------------------------------------------------------------------

def test_a_missing_text_is_told(qdpx):
    fails("Source 1 of 1 has no text", lambda: read_project(qdpx(texts={})))
    bare = f'<TextSource guid="{guid(20)}">{selection(0, 1)}</TextSource>'
    fails("has coded passages and no plain text", lambda: read_project(qdpx(project(bare))))


@pytest.mark.parametrize("content", [TEXT.encode("utf-16"), f"é{CANARY}".encode("cp1252"), b"\xed\xa0\x80"])
def test_a_text_that_is_not_utf_8_is_told(qdpx, content):
    fails("not UTF-8", lambda: read_project(qdpx(texts={f"Sources/{guid(20)}.txt": content})))


@pytest.mark.parametrize(("span", "sentence"), [
    ((0, len(TEXT) + 1), "outside of its text"), ((len(TEXT) + 1, len(TEXT) + 2), "outside of its text"),
    ((5, 4), "ends before it begins"), (("", 4), "no start or no end"), ((0, "x"), "no start or no end"),
    ((-1, 4), "no start or no end"), ((0, "1.5"), "no start or no end"), ((0, "9" * 40), "no start or no end")])
def test_an_offset_beyond_the_text_is_told(qdpx, span, sentence):
    fails(f"source 1 of 1.*{sentence}|{sentence}", lambda: read_project(qdpx(project(source(body=selection(*span))))))


def test_the_last_character_is_inside(qdpx):
    [read] = read_project(qdpx(project(source(body=selection(0, len(TEXT)))))).sources
    assert (read.codings[0].start, read.codings[0].end) == (0, len(TEXT))


def test_a_code_that_is_not_in_the_book_is_told(qdpx):
    fails("not in the code book", lambda: read_project(qdpx(project(source(body=selection(0, 7, code=77))))))


def test_what_programs_write_in_their_own_way(qdpx):
    """Braces and case of guids, whole documents, remarks, cases as codes, PDF, sound, names of files in any case."""
    whole = (f'<Coding guid="{guid(92)}" creatingUser="{{{guid(2).upper()}}}"><CodeRef targetGUID="{guid(11)}"/>'
             "</Coding>")
    body = selection(0, 3) + selection(4, 7, inside="") + selection(8, 13, code=31) + whole
    pdf = (f'<PDFSource guid="{guid(21)}"><PDFSelection page="1"><Coding guid="{guid(93)}"><CodeRef '
           f'targetGUID="{guid(10)}"/></Coding></PDFSelection><Representation guid="{guid(22)}" '
           f'plainTextPath="internal://{guid(22)}.txt">{selection(2, 5, code=11)}</Representation></PDFSource>')
    sound = (f'<AudioSource guid="{guid(23)}"><AudioSelection begin="0" end="9"><Coding guid="{guid(94)}">'
             f'<CodeRef targetGUID="{guid(10)}"/></Coding></AudioSelection></AudioSource>')
    inline = (f'<TextSource guid="{guid(24)}"><PlainTextContent>{TEXT}</PlainTextContent>{selection(1, 2)}'
              "</TextSource>")
    more = (f'<Notes><Note guid="{guid(60)}"><PlainTextContent>{CANARY}</PlainTextContent></Note></Notes><Sets>'
            f'<Set guid="{guid(61)}" name="{CANARY}"><MemberCode targetGUID="{guid(10)}"/><MemberSource targetGUID="'
            f'{guid(20)}"/></Set></Sets>')
    xml = project(source(body=body).replace(guid(20), f"{{{guid(20).upper()}}}", 1) + pdf + sound + inline,
                  case() + f'<Case guid="{guid(31)}" name="{CANARY}"/>', more=more)
    texts = {f"SOURCES/{guid(20)}.TXT": TEXT.encode(), f"SOURCES/{guid(22)}.TXT": b"abcdef"}
    read = read_project(qdpx(xml, texts, name="Project.qde"))
    first, second, third = read.sources
    assert [(c.code, c.user, c.start, c.end) for c in first.codings] == [
        (guid(10), guid(1), 0, 3), (guid(11), guid(2), 0, len(TEXT))]
    assert [(c.start, c.end) for c in second.codings] == [(2, 5)]
    assert [TEXT[c.start:c.end] for c in third.codings] == ["n"]
    assert read.passed == 2
    assert {c.guid: c.sources for c in read.cases} == {guid(30): {guid(20)}, guid(31): {guid(20)}}
    assert [(s.guid, s.members) for s in read.sets] == [(guid(61), (guid(10), guid(20)))]
    assert [n.text for n in read.notes] == [CANARY]
    assert [c.path for c in read.codes] == [("family",), ("family", "alpha"), ("beta",)]
    assert [c.codable for c in read.codes] == [False, True, True]
    assert list(read.users) == [guid(1), guid(2)]
    assert CANARY.split()[0] not in repr(read)


def test_codes_are_named_by_their_path_only_where_two_share_a_name(qdpx):
    codes = (f'<Code guid="{guid(9)}" name="a"><Code guid="{guid(10)}" name="same"/></Code>'
             f'<Code guid="{guid(12)}" name="b"><Code guid="{guid(11)}" name="same"/></Code>'
             f'<Code guid="{guid(13)}" name="Coke::diet Coke"/>')
    body = selection(0, 1) + selection(1, 2, code=11) + selection(2, 3, code=13) + selection(3, 4, code=12)
    _, segments = tables(read_project(qdpx(project(source(body=body), codes=codes))))
    assert segments["code"] == ["a::same", "b::same", "Coke::diet Coke", "b"]


# -- positions -------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(["a", "é", "l’", " ", "\n", "\r\n", "𝄞", "🎭", "e\u0301", "\ufeff", "中"])
# Every piece is numbered, so that no passage looks like another one.
TEXTS = st.lists(PIECES, min_size=6, max_size=30).map(lambda parts: [f"{p}{n}" for n, p in enumerate(parts)])


def counted(text, position, unit, ends):
    """The position that a program writes which counts in its own way, for a position in code points."""
    before = text[:position]
    if ends == 1:
        before = before.replace("\r\n", "\n")
    return len(before.encode("utf-16-le")) // 2 if unit == UTF16 else len(before)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(parts=TEXTS, bom=st.booleans(), unit=st.sampled_from([CODE_POINTS, UTF16]), ends=st.sampled_from([1, 2]),
       data=st.data())
def test_positions_are_understood_whoever_wrote_them(parts, bom, unit, ends, data):
    """Code points outside of the basic plane, marks at the beginning and line ends do not move a passage."""
    text = "".join(parts)
    # A mark inside the text is a character; at its beginning, it is none.
    edges = [0]
    for part in parts:
        edges.append(edges[-1] + len(part))
    if text.startswith("\ufeff"):
        text, edges = text[1:], [0, *(e - 1 for e in edges[1:])]
    spans = [(a, b) for a, b in zip(edges, edges[3:], strict=False) if len(text[a:b].split()) and a < b]
    chosen = data.draw(st.lists(st.sampled_from(spans), min_size=1, max_size=4))
    chosen = [*chosen, spans[-1]]               # behind everything that programs count differently
    body = "".join(selection(*(counted(text, p, unit, ends) for p in span), name=text[slice(*span)])
                   for span in chosen)
    content = ("\ufeff" if bom else "").encode() + text.encode()
    file = io.BytesIO(packed({"project.qde": project(source(body=body)), f"sources/{guid(20)}.txt": content}))
    read = read_project(file)
    got = [read.sources[0].text[c.start:c.end] for c in read.sources[0].codings]
    assert [g.split() for g in got] == [text[slice(*span)].split() for span in chosen]
    assert read.found == read.quotes
    if read.positions == refi.CONVENTIONS[0]:
        assert [(c.start, c.end) for c in read.sources[0].codings] == chosen


@settings(derandomize=True, deadline=None, max_examples=60)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60), data=st.data())
def test_without_quotes_positions_are_code_points(text, data):
    text = text.lstrip("\ufeff") or "a"
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    read = read_project(io.BytesIO(packed({"project.qde": project(source(body=selection(start, end))),
                                           f"sources/{guid(20)}.txt": b"\xef\xbb\xbf" + text.encode()})))
    assert read.sources[0].text == text
    assert [(c.start, c.end) for c in read.sources[0].codings] == [(start, end)]
    assert (read.positions, read.quotes) == ((CODE_POINTS, 2), 0)


# -- the tables ------------------------------------------------------------------------------------------------

def test_the_shipped_project_is_what_its_generator_makes(tmp_path):
    write_project(SHIPPED, tmp_path / "again.qdpx")
    entries = []
    for file in (PROJECT, tmp_path / "again.qdpx"):
        with zipfile.ZipFile(file) as box:
            entries.append([(e.filename, e.date_time, e.external_attr, box.read(e)) for e in box.infolist()])
    assert entries[0] == entries[1]
    assert PROJECT.stat().st_size < 200_000


def test_the_same_tables_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_project(SHIPPED, tmp_path / f"{name}.qdpx")
    assert (tmp_path / "one.qdpx").read_bytes() == (tmp_path / "two.qdpx").read_bytes()
    with pytest.raises(StudyError, match="exists"):
        write_project(SHIPPED, tmp_path / "one.qdpx")
    with pytest.raises(StudyError, match="no synthetic dataset"):
        write_project(tmp_path, tmp_path / "three.qdpx")


def test_what_the_shipped_project_says_is_invented():
    text = filler(1, 4000)
    for sentence in SENTENCES:
        text = text.replace(sentence, "")
    assert len(text) < max(map(len, SENTENCES))
    with zipfile.ZipFile(PROJECT) as box:
        texts = [box.read(n).decode("utf-8-sig") for n in box.namelist() if n.endswith(".txt")]
    assert {t[:200] for t in texts} <= {filler(n, 200) for n in range(len(SENTENCES))}


def test_an_import_gives_back_the_shipped_tables(dataset):
    done = import_interviews(PROJECT, dataset)
    for name in NAMES:
        assert (dataset / f"{name}.parquet").read_bytes() == (SHIPPED / f"{name}.parquet").read_bytes()
    assert (done.interviews, done.linked, done.coders, done.codes, done.left_out) == (48, 30, 2, 10, 0)
    assert done.found == done.quotes == done.segments
    assert sorted(p.name for p in dataset.iterdir()) == ["interviews.parquet", "segments.parquet", "workers.parquet"]


def test_interviews_are_told_from_other_sources_and_coders_by_letters(qdpx):
    other, body = source(19, selection(0, 1), path=f"internal://{guid(20)}.txt"), selection(0, 1) + selection(
        4, 7, code=11, user=2) + selection(8, 9, user=3)
    interviews, segments = tables(read_project(qdpx(project(other + source(body=body)))))
    assert interviews["interview_id"] == [1] and interviews["role"] == ["worker"]
    assert str(interviews["held_on"][0]) == "2018-06-23"
    assert list(zip(*segments.values(), strict=True)) == [
        (1, 1, "coder_a", "alpha", 0, 1), (2, 1, "coder_b", "beta", 4, 7), (3, 1, "coder_unknown", "alpha", 8, 9)]


def test_what_the_source_says_itself_goes_before_what_its_case_says(qdpx):
    own = source(body=value(41, "2020-01-02T10:00:00", "DateTimeValue") + selection(0, 1))
    interviews, _ = tables(read_project(qdpx(project(own))))
    assert str(interviews["held_on"][0]) == "2020-01-02"


def test_the_numbers_of_interviews_do_not_tell_their_order_in_the_file(qdpx):
    path = f"internal://{guid(20)}.txt"
    both = source(25, selection(0, 1), path) + source(24, selection(4, 7), path)
    interviews, segments = tables(read_project(qdpx(project(both, case("client", of=25) + case("staff", of=24, n=31)))))
    assert interviews["role"] == ["staff", "client"]
    assert list(zip(segments["interview_id"], segments["start"], strict=True)) == [(1, 4), (2, 0)]


def test_names_of_variables_and_roles_may_have_capitals(qdpx):
    xml = project(cases=case(role="Staff")).replace(b'name="role"', b'name=" Role"').replace(b'"held_on"', b'"HELD_ON"')
    interviews, _ = tables(read_project(qdpx(xml)))
    assert interviews["role"] == ["staff"]


@pytest.mark.parametrize(("cases", "sentence"), [
    (case(role=None), "No source of the project has a variable `role`"),
    (case(role=CANARY), "`role` of source 1 of 1 must be one of: worker, client, staff"),
    (case(held_on=None), "`held_on` of source 1 of 1 must be a date"),
    (case(held_on=CANARY), "`held_on` of source 1 of 1 must be a date"),
    (case(worker=CANARY), "`worker` of source 1 of 1 is no pseudonym"),
    (case(worker="999999999"), "1 interviews are linked to members whom the dataset does not have"),
])
def test_an_interview_that_says_too_little_is_told_and_nothing_is_written(qdpx, dataset, cases, sentence):
    before = sorted(p.name for p in dataset.iterdir())
    fails(sentence, lambda: import_interviews(qdpx(project(cases=cases)), dataset))
    assert sorted(p.name for p in dataset.iterdir()) == before


def test_with_the_secret_key_members_get_their_pseudonyms(qdpx):
    key = bytes(range(32))
    interviews, _ = tables(read_project(qdpx(project(cases=case(worker="M0001")))), Pseudonyms(key))
    assert interviews["worker_id"] == [Pseudonyms(key).of("workers", "M0001")]


def test_a_folder_is_written_whole_or_not_at_all(qdpx, dataset, tmp_path, monkeypatch):
    file = qdpx()
    fails("folder does not exist", lambda: import_interviews(file, tmp_path / "nowhere"))
    empty = tmp_path / "empty"
    empty.mkdir()
    fails("holds no table", lambda: import_interviews(file, empty))
    tree = tmp_path / "clone" / "data"
    tree.mkdir(parents=True)
    (tmp_path / "clone" / ".git").mkdir()
    fails("git work tree", lambda: import_interviews(file, tree))
    import_interviews(file, dataset)
    content = {p.name: p.read_bytes() for p in dataset.iterdir()}
    fails("already; say --replace", lambda: import_interviews(PROJECT, dataset))
    from analysis.interviews import corpus

    def broken(table, columns, folder, write=corpus.write_table):
        if table.name == "segments":
            raise OSError(28, "No space left on device")
        return write(table, columns, folder)

    monkeypatch.setattr(corpus, "write_table", broken)
    fails("cannot be written to", lambda: import_interviews(PROJECT, dataset, replace=True))
    assert {p.name: p.read_bytes() for p in dataset.iterdir()} == content
    monkeypatch.undo()
    (dataset / "segments").mkdir()
    fails("part files", lambda: import_interviews(PROJECT, dataset, replace=True))


# -- the text never leaves its file ----------------------------------------------------------------------------

def test_no_word_of_the_project_is_written_or_said(qdpx, dataset):
    body = selection(0, 40, name=TEXT[:40]) + selection(15, 38, code=11, user=2, name=CANARY)
    more = f'<Notes><Note guid="{guid(60)}"><PlainTextContent>{CANARY}</PlainTextContent></Note></Notes>'
    file = qdpx(project(source(body=body), more=more))
    done = CliRunner().invoke(app, ["interviews", "import", str(file), "--into", str(dataset)])
    assert done.exit_code == 0, done.output
    assert "2 coded passages by 2 coders" in done.output
    assert pq.read_table(dataset / "segments.parquet").to_pydict()["start"] == [0, 15]
    words = {*CANARY.split(), "One two", "Four five", guid(20), guid(30)}
    for path in dataset.iterdir():
        content = path.read_bytes()
        seen = [w for w in words for encoded in (w.encode(), w.encode("utf-16-le")) if encoded in content]
        assert path.name == "workers.parquet" or not seen, (path.name, seen)
    assert not [w for w in words if w in done.output]


def test_the_command_line_exports_only_what_is_invented(tmp_path, monkeypatch):
    done = CliRunner().invoke(app, ["interviews", "export", "synthetic", "--out", str(tmp_path / "a.qdpx")])
    assert done.exit_code == 0 and (tmp_path / "a.qdpx").is_file()
    folder = tmp_path / "real"
    shutil.copytree(SHIPPED, folder)
    (folder / "dataset.json").write_text(json.dumps({"synthetic": False}))
    with pytest.raises(StudyError, match="only an invented world"):
        write_project(folder, tmp_path / "b.qdpx")
    assert not (tmp_path / "b.qdpx").exists()
