"""One table of texts for the child, which normalises them, and for `vrdata verify`."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.generators.samples import write_sample
from vrdata.dataset.verify.sample.texts import text_problem
from vrdata_child.hermetic.folders import find_samples
from vrdata_child.sample.finish import finish_sample
from vrdata_child.sample.invalid import SampleInvalidError

INVISIBLE = [
    "",
    " \n\t",
    "\ufeff",
    "\ufeff\ufeff\n",
    "\u200b\u200c\u200d\u2060",
    "\u00a0\u2003\u3000",
    "\u00ad\u061c\u202e",
    "\u2028\u2029\x85\v\f",
    "\u115f\u3164\uffa0\u2800",
    "\ufe0f\U000e0100\u034f",
    "\U000e0041",
]
TEXTS = {
    "a mark": ("\ufeffMove it.\r\n".encode(), "Move it.\n"),
    "two marks": (b"\xef\xbb\xbf\xef\xbb\xbfMove", "Move"),
    "a mark inside": ("a\ufeffb".encode(), "a\ufeffb"),
    "UTF-16": ("Bewege é 😀\r".encode("utf-16"), "Bewege é 😀\n"),
    "UTF-16, big endian": (b"\xfe\xff\x00A", "A"),
    "UTF-32": ("Bewege é".encode("utf-32"), "Bewege é"),
    "separators": ("a\u2028b\u2029c\x85d\ve\ff\tg".encode(), "a\u2028b\u2029c\x85d\ve\ff\tg"),
    "decomposed": ("e\u0301".encode(), "e\u0301"),
    "emoji": ("\U0001f469\u200d\U0001f680".encode(), "\U0001f469\u200d\U0001f680"),
    "right to left": ("\u200f\u05e9\u05dc".encode(), "\u200f\u05e9\u05dc"),
}
CONTROLS = ["\0", "\x07", "\x1b[31m", "\x7f", "\x9d"]


def finished(folder: Path, name: str, body: bytes) -> bytes:
    """The bytes that are stored for a file of a sample."""
    block = write_sample(folder, "maze")
    (found,) = find_samples(folder / "out")
    (found.path / name).write_bytes(body)
    finish_sample(found, 0, block)
    return (folder / "done/000000" / name).read_bytes()


def reason(folder: Path, name: str, body: bytes) -> str:
    with pytest.raises(SampleInvalidError) as caught:
        finished(folder, name, body)
    return caught.value.reason


@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("name", ["prompt.txt", "hint.txt", "hint.TXT", "speech.transcript"])
def test_a_text_is_stored_as_utf_8_without_a_mark(tmp_path: Path, name: str, case: str) -> None:
    body, expected = TEXTS[case]
    stored = finished(tmp_path, name, body)
    assert stored == expected.encode()
    assert text_problem(name, stored) is None


@pytest.mark.parametrize("text", INVISIBLE)
def test_a_prompt_without_visible_text_is_empty_everywhere(tmp_path: Path, text: str) -> None:
    assert reason(tmp_path, "prompt.txt", text.encode()) == "EmptyPrompt"
    found = text_problem("prompt.txt", text.encode())
    assert found is not None
    assert found[0] == "BadPrompt"


def test_another_text_may_be_empty(tmp_path: Path) -> None:
    assert finished(tmp_path, "hint.txt", b"") == b""
    assert text_problem("hint.txt", b"") is None


@pytest.mark.parametrize("control", CONTROLS)
def test_a_control_character_is_refused_everywhere(tmp_path: Path, control: str) -> None:
    body = f"Move {control} it".encode()
    assert reason(tmp_path, "hint.txt", body) == "BadText"
    assert text_problem("hint.txt", body) is not None
    assert text_problem("prompt.txt", body) is not None


@pytest.mark.parametrize(
    ("name", "expected"), [("prompt.txt", "PromptNotUtf8"), ("hint.txt", "BadText")]
)
@pytest.mark.parametrize("body", [b"caf\xe9", b"\xff\xfe\x00\xd8", b"\xed\xa0\x80"])
def test_bytes_that_are_not_text_are_refused(
    tmp_path: Path, name: str, expected: str, body: bytes
) -> None:
    assert reason(tmp_path, name, body) == expected
    assert text_problem(name, body) is not None


def test_files_that_are_not_texts_keep_their_bytes(tmp_path: Path) -> None:
    body = b"\xef\xbb\xbfa;b\r\n\xff\0"
    assert finished(tmp_path, "table.csv", body) == body
