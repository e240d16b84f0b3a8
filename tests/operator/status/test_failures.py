"""Why shards failed: from records and pods, grouped for the status."""

from __future__ import annotations

import json

import pytest

from vrdata.api.status import MAX_FAILURE_GROUPS, MAX_MESSAGE
from vrdata.contract.reasons import FailureReason
from vrdata.plan.waves import Wave, to_spans
from vrdata_operator.state.facts import Failure, PodFacts
from vrdata_operator.status.failures import from_pod, from_record, group

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
    assert from_record(SHARD, 2, body, "run") == Failure(
        SHARD, 2, FailureReason.INVALID_OUTPUT, "no video", 17
    )


def test_out_of_memory_in_the_child_keeps_its_reason() -> None:
    assert from_record(SHARD, 2, record(reason="OutOfMemory"), "").reason == "OutOfMemory"
    found = from_pod(WAVE, pod(record(reason="OutOfMemory")))
    assert found is not None
    assert found.reason is FailureReason.OUT_OF_MEMORY


def test_a_reason_of_another_release_is_unknown() -> None:
    found = from_record(SHARD, 2, record(reason="Tired", message="too late"), "")
    assert found == Failure(SHARD, 2, FailureReason.UNKNOWN, "too late")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        record(message="no reason"),
        record(reason="two words"),
        record(reason="x" * 65),
        record(reason="A", sample="first"),
        record(reason="A", sample=-1),
    ],
)
def test_an_invalid_record_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        from_record(SHARD, 2, body, "")


def test_a_termination_message_gives_the_failure() -> None:
    found = from_pod(WAVE, pod(record(reason="SampleTimeout", message="600 s", sample=4)))
    assert found == Failure(SHARD, 2, FailureReason.SAMPLE_TIMEOUT, "600 s", 4)


@pytest.mark.parametrize("facts", [{"terminated": "OOMKilled"}, {"exit_code": 137}])
def test_a_killed_pod_is_out_of_memory_whatever_its_termination_message(
    facts: dict[str, object],
) -> None:
    found = from_pod(WAVE, pod(record(reason="GeneratorFailed"), **facts))
    assert found is not None
    assert found.reason is FailureReason.OUT_OF_MEMORY
    assert "OOMKilled" in found.message


def test_a_pod_without_a_record_is_unknown_with_its_log() -> None:
    found = from_pod(WAVE, pod(b"Traceback: boom"))
    assert found == Failure(SHARD, 2, FailureReason.UNKNOWN, "Traceback: boom")
    evicted = from_pod(WAVE, pod(b"", reason="Evicted"))
    assert evicted is not None
    assert (evicted.reason, evicted.message) == (FailureReason.UNKNOWN, "Evicted")


@pytest.mark.parametrize(("code", "reason"), [(30, "StorageUnavailable"), (1, "Unknown")])
def test_a_plain_termination_message_gets_its_reason_from_the_exit_code(
    code: int, reason: str
) -> None:
    found = from_pod(WAVE, pod(b"cannot read the wave", exit_code=code))
    assert found == Failure(SHARD, 2, FailureReason(reason), "cannot read the wave")


@pytest.mark.parametrize("index", [None, 3])
def test_a_pod_outside_the_wave_gives_no_failure(index: int | None) -> None:
    assert from_pod(WAVE, pod(record(reason="A"), index=index)) is None


def test_failures_are_grouped_by_generator_and_reason_the_largest_group_first() -> None:
    found = group(
        [Failure(("O-b", at), 0, FailureReason.INVALID_OUTPUT, f"m{at}", at) for at in (5, 3)]
        + [Failure(("O-a", 0), 0, FailureReason.INVALID_OUTPUT)]
        + [Failure(("O-b", 9), 0, FailureReason.OUT_OF_MEMORY)]
    )
    assert [(one.generator, one.reason, one.shards) for one in found] == [
        ("O-b", "InvalidOutput", 2),
        ("O-a", "InvalidOutput", 1),
        ("O-b", "OutOfMemory", 1),
    ]
    assert (found[0].example_shard, found[0].sample, found[0].message) == (3, 3, "m3")


def test_the_number_and_the_messages_of_groups_are_bounded() -> None:
    many = [
        Failure((f"O-{at:03}", 0), 0, FailureReason.UNKNOWN, "x\x1b" * 9000) for at in range(300)
    ]
    found = group(many)
    assert len(found) == MAX_FAILURE_GROUPS
    assert all(len(one.message.encode()) <= MAX_MESSAGE for one in found)
    assert not any("\x1b" in one.message for one in found)
