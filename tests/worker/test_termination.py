"""A pod's termination message is the failure record, in as many bytes as Kubernetes keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vrdata.contract.pod import TERMINATION_BYTES, read_termination_message
from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata.plan.planned import Shard
from vrdata.text import printable
from vrdata_worker.pod import _emit


@pytest.mark.parametrize(
    "message", ["short", "x" * 9000, "\x1b[31mred\n" * 1000, "ä" * 4000, '"\\' * 3000]
)
def test_a_record_fits_with_the_start_and_the_end_of_its_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    log = tmp_path / "termination-log"
    log.touch()
    monkeypatch.setenv("VRDATA_TERMINATION_LOG", str(log))
    failure = Failure(
        reason=FailureReason.GENERATOR_FAILED, message=message, sample=4, traceback="trace\n" * 900
    )
    _emit(failure.of(Shard("O-1_maze", 3), 1, "uid"))
    assert log.stat().st_size <= TERMINATION_BYTES
    written = json.loads(log.read_text())
    assert written["kind"] == "ShardFailure"
    assert (written["reason"], written["sample"], written["run"]) == ("GeneratorFailed", 4, "uid")
    clean = printable(message)
    assert written["message"][:2] == clean[:2]
    assert written["message"][-2:] == clean[-2:]
    found = read_termination_message(log.read_text())
    assert found is not None
    assert (found.reason, found.sample) == (failure.reason, 4)


@pytest.mark.parametrize("text", ["", "Traceback: boom", "[]", '{"message": "no reason"}'])
def test_another_text_is_not_a_failure(text: str) -> None:
    assert read_termination_message(text) is None
