"""A pod's last words are one JSON object that fits what Kubernetes keeps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vrdata.contract.pod import TERMINATION_BYTES
from vrdata.contract.worker import ShardOutcome
from vrdata_worker.pod import _emit


@pytest.mark.parametrize(
    "message", ["short", "x" * 9000, "\x1b[31mred\n" * 1000, "ä" * 4000, '"\\' * 3000]
)
def test_the_end_of_a_message_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    log = tmp_path / "termination-log"
    log.touch()
    monkeypatch.setenv("VRDATA_TERMINATION_LOG", str(log))
    _emit(
        ShardOutcome(
            generator="O-1_maze",
            shard=3,
            attempt=0,
            exit_code=20,
            reason="GeneratorFailed",
            message=message,
        )
    )
    assert log.stat().st_size <= TERMINATION_BYTES
    said = json.loads(log.read_text())
    assert said["reason"] == "GeneratorFailed"
    assert said["message"]
    assert message.endswith(said["message"])
