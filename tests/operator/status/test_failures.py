"""Why shards failed: from records and pods."""

from __future__ import annotations

import json

import pytest

from support.operator.failures import failed_attempt
from vrdata.contract.messages import ShardProgress
from vrdata.contract.reasons import FailureReason
from vrdata.plan.waves import Wave, to_spans
from vrdata_operator.state.facts import PodFacts
from vrdata_operator.status.failures import from_pod, from_record

SHARD = ("O-maze", 1)
WAVE = Wave(
    plan="sha256:p",
    wave=0,
    generator_class="O",
    attempt=2,
    memory_bytes=1,
    spans=to_spans([("O-maze", at) for at in range(3)]),
)


def record(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def pod(message: bytes = b"", **more: object) -> PodFacts:
    facts = {"name": "p", "job": "j", "index": 1, "phase": "Failed"}
    facts |= {"termination_message": message.decode()}
    return PodFacts(**(facts | more))  # type: ignore[arg-type]


def test_a_record_gives_reason_message_and_sample() -> None:
    fields = {"reason": "InvalidOutput", "message": "no video", "sample": 17, "run": "run"}
    body = record(attempt=9, log="ignored", **fields)
    assert from_record(SHARD, 2, body, "run") == failed_attempt(
        SHARD, 2, FailureReason.INVALID_OUTPUT, "no video", 17, "run"
    )


def test_out_of_memory_in_the_child_keeps_its_reason() -> None:
    assert from_record(SHARD, 2, record(reason="OutOfMemory"), "").reason == "OutOfMemory"
    found = from_pod(WAVE, pod(record(reason="OutOfMemory")))
    assert found is not None
    assert found.reason is FailureReason.OUT_OF_MEMORY


def test_a_reason_of_another_release_is_unknown() -> None:
    found = from_record(SHARD, 2, record(reason="Tired", message="too late"), "")
    assert found == failed_attempt(SHARD, 2, FailureReason.UNKNOWN, "too late")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        record(message="no reason"),
        record(reason=5),
        record(reason="Unknown", sample="first"),
        record(reason="Unknown", sample=-1),
    ],
)
def test_an_invalid_record_is_rejected(body: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        from_record(SHARD, 2, body, "")


def test_a_termination_message_gives_the_failure() -> None:
    found = from_pod(WAVE, pod(record(reason="SampleTimeout", message="600 s", sample=4)))
    assert found == failed_attempt(SHARD, 2, FailureReason.SAMPLE_TIMEOUT, "600 s", 4)


def test_a_pod_that_the_kubelet_calls_oom_killed_is_out_of_memory_whatever_it_left() -> None:
    left = record(reason="GeneratorFailed")
    found = from_pod(WAVE, pod(left, terminated="OOMKilled", exit_code=137))
    assert found is not None
    assert found.reason is FailureReason.OUT_OF_MEMORY
    assert found.message.startswith("the pod used more memory than its limit, 0 MiB")
    assert "OOMKilled" not in found.message


def test_a_pod_that_failed_without_a_record_is_unknown_with_its_log() -> None:
    found = from_pod(WAVE, pod(b"Traceback: boom", exit_code=1))
    assert found == failed_attempt(SHARD, 2, FailureReason.UNKNOWN, "Traceback: boom")


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"reason": "Evicted"}, "Evicted"),
        ({"reason": "NodeLost"}, "NodeLost"),
        ({"exit_code": 137}, "the pod ended with exit code 137 and left no termination message"),
        ({"exit_code": 143}, "the pod ended with exit code 143 and left no termination message"),
        ({"exit_code": 1, "disrupted": True, "reason": "Terminated"}, "Terminated"),
    ],
)
def test_a_pod_that_was_ended_from_outside_without_a_record_is_disrupted(
    facts: dict[str, object], message: str
) -> None:
    found = from_pod(WAVE, pod(**facts))
    assert found is not None
    assert found.reason is FailureReason.DISRUPTED
    assert found.message.startswith(message)


PROGRESS = ShardProgress(generator="O-maze", shard=7, samples=1).to_json() + b"\n"


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (PROGRESS * 2, "the pod ended with exit code 137 and left no termination message"),
        (PROGRESS[9:] + PROGRESS, "the pod ended with exit code 137"),
        (PROGRESS + b"Killed\n", "Killed"),
        (b"Traceback: boom\n" + PROGRESS, "Traceback: boom"),
    ],
)
def test_messages_of_a_worker_are_not_the_reason_of_its_end(log: bytes, message: str) -> None:
    killed = from_pod(WAVE, pod(log, exit_code=137))
    assert killed is not None
    assert killed.message.startswith(message)
    out_of_memory = from_pod(WAVE, pod(log, exit_code=137, terminated="OOMKilled"))
    assert out_of_memory is not None
    assert "ShardProgress" not in out_of_memory.message


def test_a_killed_pod_keeps_its_own_record() -> None:
    found = from_pod(WAVE, pod(record(reason="GeneratorFailed"), exit_code=137))
    assert found is not None
    assert found.reason is FailureReason.GENERATOR_FAILED


@pytest.mark.parametrize(("code", "reason"), [(30, "StorageUnavailable"), (1, "Unknown")])
def test_a_plain_termination_message_gets_its_reason_from_the_exit_code(
    code: int, reason: str
) -> None:
    found = from_pod(WAVE, pod(b"cannot read the wave", exit_code=code))
    assert found == failed_attempt(SHARD, 2, FailureReason(reason), "cannot read the wave")


@pytest.mark.parametrize("index", [None, 3])
def test_a_pod_outside_the_wave_gives_no_failure(index: int | None) -> None:
    assert from_pod(WAVE, pod(record(reason="A"), index=index)) is None
