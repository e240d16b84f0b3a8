"""The one record of a failure, which the worker writes and everyone else reads."""

from __future__ import annotations

import json

import pytest

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import MAX_MESSAGE_BYTES, Failure, FailureRecord
from vrdata.plan.planned import Shard

SHARD = Shard("O-maze", 1)
# A record as vrdata wrote it before reasons had their own exit codes in one list.
EARLIER = {
    "apiVersion": "vrdata.dev/v1alpha1",
    "kind": "ShardFailure",
    "generator": "O-maze",
    "shard": 1,
    "attempt": 2,
    "exitCode": 21,
    "reason": "InvalidOutput",
    "message": "EmptyPrompt: prompt.txt holds no text",
    "sample": 17,
    "traceback": "",
    "run": "uid",
}


def read(**fields: object) -> FailureRecord:
    return FailureRecord.read(json.dumps(fields).encode(), SHARD, 2)


def test_a_record_is_read_back_as_it_was_written() -> None:
    failure = Failure(reason=FailureReason.EMPTY_PROMPT, message="no text", sample=17)
    record = failure.of(SHARD, 2, "uid")
    assert FailureRecord.read(record.to_json(), SHARD, 2) == record
    assert record.key == SHARD


def test_a_record_has_the_json_fields_of_earlier_versions() -> None:
    record = Failure(reason=FailureReason.INVALID_OUTPUT, message="m", sample=17).of(SHARD, 2, "u")
    written = json.loads(record.to_json())
    assert written.keys() == EARLIER.keys() | {"retry"}
    assert written["exitCode"] == 21


def test_a_record_of_an_earlier_version_is_read() -> None:
    record = read(**EARLIER)
    assert (record.reason, record.sample, record.run) == ("InvalidOutput", 17, "uid")
    assert record.message == EARLIER["message"]


def test_the_key_of_a_record_wins_over_its_content() -> None:
    record = read(**EARLIER | {"generator": "O-other", "shard": 9, "attempt": 9})
    assert (record.key, record.attempt) == (SHARD, 2)


def test_a_reason_of_a_later_version_is_unknown_and_keeps_its_message() -> None:
    record = read(**EARLIER | {"reason": "BoredGenerator", "message": "yawns", "newField": 1})
    assert (record.reason, record.message) == (FailureReason.UNKNOWN, "yawns")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"message": "no reason"}',
        b'{"reason": 5}',
        b'{"reason": "Unknown", "sample": "first"}',
        b'{"reason": "Unknown", "sample": -1}',
        b'{"reason": "Unknown", "kind": "ShardDifference"}',
    ],
)
def test_a_damaged_record_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match="validation error"):
        FailureRecord.read(body, SHARD, 2)


def test_texts_of_a_record_are_printable_and_bounded() -> None:
    failure = Failure(
        reason=FailureReason.GENERATOR_FAILED, message="why\n" + "\x1b[2Jx\ud800" * 9000
    )
    assert failure.message.startswith("why\n")
    assert "\x1b" not in failure.message
    assert len(failure.message.encode()) <= MAX_MESSAGE_BYTES
