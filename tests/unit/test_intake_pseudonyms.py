"""Pseudonyms and the place where they are written."""

import re

import pytest

from analysis.errors import StudyError
from analysis.intake.pseudonyms import Pseudonyms
from analysis.place import new_folder, outside_git

KEY = bytes(range(32))


def test_a_pseudonym_depends_on_the_secret_the_table_and_the_key_and_nothing_else():
    one = Pseudonyms(KEY)
    given = one.of("workers", "M10001")
    assert given == Pseudonyms(KEY).of("workers", "M10001") == one.of("workers", "M10001")
    assert len({given, one.of("clients", "M10001"), one.of("workers", "M10002"),
                Pseudonyms(KEY[:16]).of("workers", "M10001"), Pseudonyms().of("workers", "M10001")}) == 5


def test_pseudonyms_fill_63_bits():
    given = [Pseudonyms(KEY).of("workers", str(i)) for i in range(2000)]
    assert len(set(given)) == 2000 and max(given) < 2**63 and min(given) > 0
    assert max(given) > 2**62


def test_a_collision_stops_the_import_without_naming_the_key(monkeypatch):
    class Same:
        def digest(self):
            return b"12345678"

    monkeypatch.setattr("analysis.intake.pseudonyms.blake2b", lambda *_, **__: Same())
    both = Pseudonyms(KEY)
    both.of("workers", "M10001")
    both.of("clients", "M10001")
    with pytest.raises(StudyError, match="same pseudonym") as error:
        both.of("workers", "M10002")
    assert "M1000" not in str(error.value)


@pytest.mark.parametrize("size", [0, 15, 65])
def test_a_secret_has_16_to_64_bytes(size):
    with pytest.raises(StudyError, match=f"has {size} bytes"):
        Pseudonyms(bytes(size))


def test_a_folder_in_a_git_work_tree_is_seen_through_links(tmp_path):
    (tmp_path / "tree" / "deep").mkdir(parents=True)
    assert outside_git(tmp_path / "tree" / "deep" / "new")
    (tmp_path / "tree" / ".git").write_text("gitdir: elsewhere")
    (tmp_path / "link").symlink_to(tmp_path / "tree" / "deep")
    assert not outside_git(tmp_path / "tree" / "deep" / "new")
    assert not outside_git(tmp_path / "link" / "new")
    assert outside_git(tmp_path)


def test_a_folder_appears_complete_or_not_at_all(tmp_path):
    with pytest.raises(KeyError), new_folder(tmp_path / "out") as folder:
        (folder / "x").touch()
        raise KeyError
    assert list(tmp_path.iterdir()) == []
    with new_folder(tmp_path / "out") as folder:
        (folder / "x").touch()
        assert not (tmp_path / "out").exists()
    assert (tmp_path / "out" / "x").is_file()
    assert re.search("7..$", oct((tmp_path / "out").stat().st_mode)) and (tmp_path / "out").stat().st_mode & 0o77 == 0


def test_a_place_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StudyError, match="cannot be made"), new_folder(tmp_path / "file" / "out"):
        pass
