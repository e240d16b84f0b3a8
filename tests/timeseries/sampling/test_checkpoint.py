"""A checkpoint is whole or absent, and what is not one is named."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.timeseries.sampling.checkpoint import LARGEST, read_checkpoint, write_checkpoint
from vrdata.timeseries.sampling.order import Batching
from vrdata.timeseries.sampling.sampler import StatefulSampler

STATE = StatefulSampler(10, Batching(2), fingerprint="sha256:a").state()


def test_a_checkpoint_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "at.json"
    write_checkpoint(path, STATE)
    assert read_checkpoint(path) == STATE
    assert [one.name for one in path.parent.iterdir()] == ["at.json"]


def test_a_write_that_fails_leaves_the_former_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "at.json"
    write_checkpoint(path, STATE)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_checkpoint(path, STATE.model_copy(update={"next": 4}))
    assert read_checkpoint(path) == STATE
    assert [one.name for one in tmp_path.iterdir()] == ["at.json"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such checkpoint"):
        read_checkpoint(tmp_path / "at.json")


FIELDS = json.loads(STATE.to_json())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "Expecting value"),
        (b"{", "Expecting"),
        (b"[" * 30_000, "recursion"),
        (b"\xff{}", "utf-8"),
        (b"\x80\x04N.", "pickle"),
        (b" " * (LARGEST + 1), "too large"),
        (json.dumps(FIELDS | {"version": 2}).encode(), "version"),
        (json.dumps(FIELDS | {"next": -1}).encode(), "next"),
        (json.dumps(FIELDS | {"other": 1}).encode(), "other"),
        (json.dumps({}).encode(), "epoch"),
    ],
)
def test_what_is_not_a_checkpoint_is_refused_with_its_reason(
    tmp_path: Path, content: bytes, why: str
) -> None:
    path = tmp_path / "at.json"
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="not a checkpoint") as caught:
        read_checkpoint(path)
    assert why in str(caught.value)
    assert caught.value.fix


def test_a_position_after_the_end_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="position 11 of 10"):
        StatefulSampler(10, Batching(2)).restore(STATE.model_copy(update={"next": 11}))
