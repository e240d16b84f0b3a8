"""Which files of a generator's folder are copied, and which are refused."""

import os
from pathlib import Path

import pytest

from vrdata.errors import InvalidInputError
from vrdata_generators.adapter.digest import files_digest, generator_digest
from vrdata_generators.adapter.source import copying
from vrdata_generators.adapter.source.copying import copy_repository


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    for name in ("src/a.py", "assets/font.ttf", "data/words.txt", "README.md"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_history_caches_and_outputs_are_not_copied(source: Path, tmp_path: Path) -> None:
    for name in (
        ".git/config",
        "src/__pycache__/a.pyc",
        "samples/x/first_frame.png",
        "data/questions/x_task/x_0000/prompt.txt",
        "venv/bin/python",
    ):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    copied = copy_repository(source, tmp_path / "copy")
    expected = ["README.md", "assets/font.ttf", "data/words.txt", "src/a.py"]
    assert files(tmp_path / "copy") == expected
    assert copied.files == 4


def test_a_samples_folder_with_code_is_copied(source: Path, tmp_path: Path) -> None:
    (source / "samples").mkdir()
    (source / "samples/__init__.py").write_text("")
    copy_repository(source, tmp_path / "copy")
    assert "samples/__init__.py" in files(tmp_path / "copy")


def test_a_link_inside_the_folder_is_replaced_by_its_file(source: Path, tmp_path: Path) -> None:
    (source / "link.py").symlink_to("src/a.py")
    copy_repository(source, tmp_path / "copy")
    assert not (tmp_path / "copy/link.py").is_symlink()
    assert (tmp_path / "copy/link.py").read_text() == "src/a.py"


@pytest.mark.parametrize("target", ["/etc/passwd", "../secret", "missing", ".git/config"])
def test_a_link_out_of_the_folder_is_refused(source: Path, tmp_path: Path, target: str) -> None:
    (tmp_path / "secret").write_text("s")
    (source / ".git").mkdir()
    (source / ".git/config").write_text("token")
    (source / "link").symlink_to(target)
    with pytest.raises(InvalidInputError, match="cannot be copied"):
        copy_repository(source, tmp_path / "copy")


def test_a_linked_folder_is_refused(source: Path, tmp_path: Path) -> None:
    (source / "again").symlink_to("src")
    with pytest.raises(InvalidInputError, match="cannot be copied"):
        copy_repository(source, tmp_path / "copy")


def test_a_pipe_is_refused(source: Path, tmp_path: Path) -> None:
    os.mkfifo(source / "pipe")
    with pytest.raises(InvalidInputError, match="cannot be copied"):
        copy_repository(source, tmp_path / "copy")


@pytest.mark.parametrize(("name", "limit"), [("MAX_FILES", 3), ("MAX_BYTES", 10)])
def test_too_many_files_or_bytes_are_refused(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    monkeypatch.setattr(copying, name, limit)
    with pytest.raises(InvalidInputError, match="too large"):
        copy_repository(source, tmp_path / "copy")


def test_the_digest_changes_with_a_byte_a_name_and_a_version(source: Path) -> None:
    first = files_digest(source)
    assert files_digest(source) == first
    (source / "src/a.py").write_text("changed")
    second = files_digest(source)
    (source / "src/a.py").rename(source / "src/b.py")
    third = files_digest(source)
    assert len({first, second, third}) == 3
    assert generator_digest(first, ["a==1"]) != generator_digest(first, ["a==2"])
    assert generator_digest(first, ["a==1", "b==2"]) == generator_digest(first, ["b==2", "a==1"])


def test_the_digest_ignores_compiled_files_and_times(source: Path) -> None:
    before = files_digest(source)
    (source / "src/__pycache__").mkdir()
    (source / "src/__pycache__/a.pyc").write_text("x")
    os.utime(source / "src/a.py", (1, 1))
    assert files_digest(source) == before
