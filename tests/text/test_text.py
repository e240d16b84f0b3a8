"""Text of others is harmless wherever it is shown, and of bounded size."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.text import decode, head, printable, printable_line, shorten, tail


def test_control_characters_are_removed_and_line_ends_stay() -> None:
    hostile = "a\x1b[2J\x1b]0;title\x07b\r\n\tc\x00\x9b\u202ed\ud800"
    assert printable(hostile) == "a[2J]0;titleb\n\tcd"
    assert printable_line(hostile) == "a[2J]0;titlebcd"


def test_removed_characters_can_be_replaced() -> None:
    assert printable("a\x1bb\n", "?") == "a?b\n"
    assert printable_line("a\x1bb\n", "?") == "a?b?"


def test_text_of_any_script_stays() -> None:
    words = "Größe 大きさ\u3000全部 prix\u00a0: 5 🎲"
    assert printable(words) == words


@given(st.text())
def test_printable_text_holds_no_control_character_and_can_be_encoded(text: str) -> None:
    made = printable(text)
    kinds = {unicodedata.category(letter) for letter in made if letter not in "\n\t"}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    made.encode()


def test_a_tail_starts_with_a_whole_line() -> None:
    assert tail("first\nsecond\nthird", 14) == "second\nthird"
    assert tail("short", 14) == "short"


@given(text=st.text().map(printable), limit=st.integers(1, 40))
def test_a_tail_is_the_end_of_the_text_within_its_bytes(text: str, limit: int) -> None:
    made = tail(text, limit)
    assert text.endswith(made)
    assert len(made.encode()) <= limit


@given(text=st.text().map(printable), limit=st.integers(3, 40))
def test_a_head_is_the_start_of_the_text_within_its_bytes(text: str, limit: int) -> None:
    made = head(text, limit)
    assert len(made.encode()) <= limit
    assert made == text or text.startswith(made.removesuffix("…"))


def test_a_shortened_text_keeps_the_start_of_its_first_line_and_its_end() -> None:
    text = "why it failed\n" + "a line of the log\n" * 100 + "the last line"
    assert shorten(text, 100).startswith("why it failed\n…\n")
    assert shorten(text, 100).endswith("\nthe last line")
    assert shorten("short", 100) == "short"


@given(text=st.text().map(printable), limit=st.integers(16, 60))
def test_a_shortened_text_is_within_its_bytes(text: str, limit: int) -> None:
    assert len(shorten(text, limit).encode()) <= limit


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_file_of_a_user_is_decoded_by_its_byte_order_mark(encoding: str) -> None:
    assert decode("größer 🎲".encode(encoding)) == "größer 🎲"


def test_text_without_a_mark_in_another_encoding_is_an_error() -> None:
    with pytest.raises(UnicodeDecodeError):
        decode("größer".encode("latin-1"))
    assert decode("größer".encode("latin-1"), "replace") == "gr\ufffd\ufffder"
