"""Generator text is harmless wherever it is shown, and bounded."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from vrdata.text import plain, tail


def test_control_characters_go_and_lines_stay() -> None:
    hostile = "a\x1b[2J\x1b]0;title\x07b\r\n\tc\x00\x9b\u202ed\ud800"
    assert plain(hostile) == "a[2J]0;titleb\n\tcd"


def test_words_of_any_script_stay() -> None:
    words = "Größe 大きさ\u3000全部 prix\u00a0: 5 🎲"
    assert plain(words) == words


@given(st.text())
def test_plain_text_is_printable_and_can_be_written(text: str) -> None:
    made = plain(text)
    kinds = {unicodedata.category(letter) for letter in made if letter not in "\n\t"}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    made.encode()


def test_a_tail_begins_with_a_whole_line() -> None:
    assert tail("first\nsecond\nthird", 14) == "second\nthird"
    assert tail("short", 14) == "short"


@given(text=st.text().map(plain), limit=st.integers(1, 40))
def test_a_tail_is_the_end_of_the_text_within_its_bytes(text: str, limit: int) -> None:
    made = tail(text, limit)
    assert text.endswith(made)
    assert len(made.encode()) <= limit
