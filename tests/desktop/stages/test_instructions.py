"""The instruction of a recording: a text, the file beside it, or the title of a window."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest

from support.cli import Ran, called
from support.desktop.made import write_sessions
from vrdata.desktop.recordings.folder import read_instruction


def run(*arguments: object, code: int = 0) -> Ran:
    done = called("desktop", *arguments)
    assert done.code == code, done.err
    return done


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ((), ["Do it", "Do it"]),
        (("--instruction_from", "sidecar"), ["Open a file", "Do it"]),
        (("--instruction_from", "window"), ["Editor", "Editor"]),
    ],
)
def test_instructions_come_from_the_text_the_sidecar_or_the_window(
    options: tuple[str, ...], wanted: list[str], tmp_path: Path
) -> None:
    write_sessions(tmp_path / "in", ["a.mcap", "b.mcap"], seconds=0.5)
    (tmp_path / "in/a.instruction.txt").write_text("Open a file\n")
    run("events", "-tr", tmp_path / "in", "-o", tmp_path / "e", "--test_percent", 0)
    run("bins", "-i", tmp_path / "e", "-o", tmp_path / "b")
    run("sequences", "-i", tmp_path / "b", "-o", tmp_path / "s", "--instruction", "Do it", *options)
    found = datasets.load_from_disk(str(tmp_path / "s"))
    assert found["train"]["instruction"] == wanted


def test_an_instruction_that_is_no_text_is_named_with_its_file(tmp_path: Path) -> None:
    write_sessions(tmp_path / "in", ["a.mcap", "b.mcap"], seconds=0.5)
    (tmp_path / "in/a.instruction.txt").write_bytes("Öffne".encode("latin-1"))
    done = run("events", "-tr", tmp_path / "in", "-o", tmp_path / "e", code=4)
    file = tmp_path / "in/a.instruction.txt"
    assert f"a.mcap: {file} is not UTF-8 text: byte 0 is invalid" in done.err


@pytest.mark.parametrize("start", ["", "x", "xy", "xyz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_long_instruction_is_cut_between_characters(
    tmp_path: Path, start: str, encoding: str
) -> None:
    text = start + "\U0001f5b1" * 40_000
    (tmp_path / "a.instruction.txt").write_text(text, encoding=encoding)
    found = read_instruction(tmp_path / "a.instruction.txt")
    assert found
    assert len(found) > 10_000
    assert text.startswith(found)
