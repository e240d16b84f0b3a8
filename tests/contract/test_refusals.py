"""Refused attempts as a sandbox reports them and as users read them."""

import pytest

from vrdata.contract.refusals import MAX_COUNT, MAX_REFUSALS, Refusal, lines, most, total

CURL = Refusal("open a network connection", "curl", "examples/generate.py:12", 10)


def test_a_refusal_names_program_attempt_number_and_line() -> None:
    expected = "curl tried to open a network connection 10 times (examples/generate.py:12)"
    assert str(CURL) == expected
    assert str(Refusal("trace another process (ptrace)")) == (
        "a program tried to trace another process (ptrace)"
    )
    assert (CURL.of_network, Refusal("read /etc/shadow").of_network) == (True, False)


@pytest.mark.parametrize(
    "fields",
    [
        None,
        [],
        {},
        {"what": "", "count": 1},
        {"what": 1, "count": 1},
        {"what": "x", "count": 0},
        {"what": "x", "count": True},
        {"what": "x", "count": 1.5},
        {"what": "x", "program": ["sh"], "count": 1},
    ],
)
def test_a_malformed_report_is_ignored(fields: object) -> None:
    assert Refusal.read(fields) is None


def test_texts_of_a_generator_are_printable_and_bounded() -> None:
    fields = {"what": "x" * 10_000, "program": "\x1b[31m\n\ud800", "where": "a\nb:1"}
    read = Refusal.read(fields | {"count": 10**30})
    assert read is not None
    assert len(read.what.encode()) <= 300
    assert (read.program, read.where, read.count) == ("?[31m??", "a?b:1", MAX_COUNT)


def test_equal_attempts_are_added_or_the_largest_number_is_kept() -> None:
    other = Refusal("read /etc/shadow", "cat")
    assert total([CURL, other, CURL]) == (
        Refusal(CURL.what, CURL.program, CURL.where, 20),
        other,
    )
    assert most([other, CURL, Refusal(CURL.what, CURL.program, CURL.where, 3)]) == (other, CURL)


def test_many_kinds_are_bounded() -> None:
    many = [Refusal(f"read {number}") for number in range(1000)]
    assert len(total(many)) == MAX_REFUSALS
    shown = lines(many[:12])
    assert len(shown) == 11
    assert shown[0] == "refused: a program tried to read 0"
    assert shown[-1] == "refused: 2 more"
