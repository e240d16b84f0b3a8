"""Why shards failed: from records, from pods, grouped for the status."""

from __future__ import annotations

import json

import pytest

from vrdata.api.status import MAX_FAILURE_GROUPS, MAX_MESSAGE
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


def said(**words: object) -> bytes:
    return json.dumps(words).encode()


def pod(words: bytes = b"", **more: object) -> PodFacts:
    facts = {"name": "p", "job": "j", "index": 1, "phase": "Failed", "words": words.decode()}
    return PodFacts(**(facts | more))  # type: ignore[arg-type]


def test_a_record_tells_reason_message_and_sample() -> None:
    words = {"reason": "InvalidOutput", "message": "no video", "sample": 17, "run": "run"}
    body = said(attempt=9, log="ignored", **words)
    assert from_record(SHARD, 2, body, "run") == Failure(SHARD, 2, "InvalidOutput", "no video", 17)


def test_out_of_memory_in_the_child_has_kubernetes_word() -> None:
    assert from_record(SHARD, 2, said(reason="OutOfMemory"), "").reason == "OOMKilled"
    found = from_pod(WAVE, pod(said(reason="OutOfMemory")))
    assert found is not None
    assert found.reason == "OOMKilled"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        said(message="no reason"),
        said(reason="two words"),
        said(reason="x" * 65),
        said(reason="A", sample="first"),
        said(reason="A", sample=-1),
    ],
)
def test_a_record_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        from_record(SHARD, 2, body, "")


def test_a_pods_last_words_tell_why() -> None:
    found = from_pod(WAVE, pod(said(reason="SampleTimeout", message="600 s", sample=4)))
    assert found == Failure(SHARD, 2, "SampleTimeout", "600 s", 4)


@pytest.mark.parametrize("facts", [{"terminated": "OOMKilled"}, {"exit_code": 137}])
def test_a_killed_pod_is_out_of_memory_whatever_it_said(facts: dict[str, object]) -> None:
    found = from_pod(WAVE, pod(said(reason="GeneratorFailed"), **facts))
    assert found is not None
    assert found.reason == "OOMKilled"


def test_a_pod_that_left_its_log_is_quoted() -> None:
    found = from_pod(WAVE, pod(b"Traceback: boom"))
    assert found == Failure(SHARD, 2, "Unknown", "Traceback: boom")
    evicted = from_pod(WAVE, pod(b"", reason="Evicted"))
    assert evicted is not None
    assert evicted.reason == "Evicted"


@pytest.mark.parametrize(("code", "reason"), [(30, "StorageUnavailable"), (1, "Unknown")])
def test_plain_last_words_are_named_by_the_exit_code(code: int, reason: str) -> None:
    found = from_pod(WAVE, pod(b"cannot read the wave", exit_code=code))
    assert found == Failure(SHARD, 2, reason, "cannot read the wave")


@pytest.mark.parametrize("index", [None, 3])
def test_a_pod_of_no_index_of_the_wave_tells_nothing(index: int | None) -> None:
    assert from_pod(WAVE, pod(said(reason="A"), index=index)) is None


def test_groups_are_by_generator_and_reason_the_largest_first() -> None:
    found = group(
        [Failure(("O-b", at), 0, "InvalidOutput", f"m{at}", at) for at in (5, 3)]
        + [Failure(("O-a", 0), 0, "InvalidOutput")]
        + [Failure(("O-b", 9), 0, "OOMKilled")]
    )
    assert [(one.generator, one.reason, one.shards) for one in found] == [
        ("O-b", "InvalidOutput", 2),
        ("O-a", "InvalidOutput", 1),
        ("O-b", "OOMKilled", 1),
    ]
    assert (found[0].example_shard, found[0].sample, found[0].message) == (3, 3, "m3")


def test_groups_have_a_bound_and_their_texts_too() -> None:
    many = [Failure((f"O-{at:03}", 0), 0, "Unknown", "x\x1b" * 9000) for at in range(300)]
    found = group(many)
    assert len(found) == MAX_FAILURE_GROUPS
    assert all(len(one.message.encode()) <= MAX_MESSAGE for one in found)
    assert not any("\x1b" in one.message for one in found)
