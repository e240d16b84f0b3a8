"""Secrets that a worker gets through its pipe."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.privacy.handover import handover, take_over

VALUES = st.text(st.characters(exclude_characters="\0")).filter(
    lambda text: (
        os.fsdecode(text.encode("utf-8", "surrogateescape")) == text if _encodes(text) else False
    )
)


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


@given(st.dictionaries(st.sampled_from(["A_TOKEN", "B_KEY"]), VALUES))
def test_secrets_arrive_unchanged_on_one_line(secrets: dict[str, str]) -> None:
    line = handover(secrets)
    assert line.count(b"\n") == 1
    with pytest.MonkeyPatch.context() as patch:
        for name in ("A_TOKEN", "B_KEY"):
            patch.delenv(name, raising=False)
        pipe = io.StringIO(line.decode() + "next\n")
        take_over(pipe)
        assert {n: v for n, v in os.environ.items() if n in ("A_TOKEN", "B_KEY")} == secrets
        assert pipe.readline() == "next\n"
        for name in secrets:
            del os.environ[name]


def test_bytes_that_are_not_utf8_arrive_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "")
    take_over(io.StringIO(handover({"A_TOKEN": os.fsdecode(b"\xff\xfe")}).decode()))
    assert os.environb[b"A_TOKEN"] == b"\xff\xfe"


def test_the_end_of_the_pipe_sets_nothing() -> None:
    before = dict(os.environ)
    take_over(io.StringIO(""))
    assert dict(os.environ) == before
