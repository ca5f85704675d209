"""A file that is written durably is the old one or the new one, whole, and its name is sure."""

import stat
from pathlib import Path

import pytest

from edge.durable import write_new, write_whole


def test_a_written_file_is_whole_its_owners_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "made" / "key.pem"
    for content in (b"old", b"new"):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_cut_before_it_takes_its_place_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    write_whole(path, b"old")

    def cut(fresh: Path) -> None:
        assert (fresh.read_bytes(), stat.S_IMODE(fresh.stat().st_mode)) == (b"new", 0o640)
        raise OSError("power")

    with pytest.raises(OSError, match="power"):
        write_whole(path, b"new", mode=0o640, before=cut)
    assert path.read_bytes() == b"old"
    write_whole(path, b"new", mode=0o640)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o640)


def test_what_is_to_be_new_replaces_nothing_not_even_a_link_to_nowhere(tmp_path: Path) -> None:
    path, link = tmp_path / "token", tmp_path / "link"
    write_new(path, b"first")
    link.symlink_to(tmp_path / "nowhere")
    for taken in (path, link):
        with pytest.raises(FileExistsError):
            write_new(taken, b"second")
    assert path.read_bytes() == b"first"
    assert link.is_symlink()
