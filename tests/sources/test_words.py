"""An error names a field of a run file and the option of a command together, or neither."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import vrdata.sources

FILES = sorted(Path(vrdata.sources.__file__).parent.rglob("*.py"))
OPTIONS = ("config", "split", "revision", "limit")


def texts(file: Path) -> str:
    """The lines with texts, without docstrings and comments."""
    code = re.sub(r'(?s)""".*?"""', "", file.read_text())
    lines = (re.sub(r"\{[^}]*\}", "", line) for line in code.splitlines())
    return "\n".join(line for line in lines if '"' in line)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_error_has_words_for_run_files_and_for_commands(file: Path) -> None:
    found = texts(file)
    assert re.findall(r"`(config|split|revision|include|limit|url)`", found) == []
    assert "source.url" not in found
    for option in OPTIONS:
        for place in re.finditer(rf"source\.{option}\b", found):
            assert f"--{option}" in found[place.end() : place.end() + 20]
    for place in re.finditer(r"metadata\.name", found):
        assert "--out" in found[place.start() - 20 : place.end() + 35]
    for place in re.finditer(r"(set|in) source\.include\b", found):
        assert "of a run file" in found[place.start() : place.start() + 40]
