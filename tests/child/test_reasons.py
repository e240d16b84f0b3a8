"""The reasons that a child sends are names of the contract's list."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import vrdata_child
from vrdata.contract.reasons import FailureReason
from vrdata_child.raised import describe
from vrdata_child.sample.invalid import SampleInvalidError

CALL = re.compile(r'SampleInvalidError\(\s*"([A-Za-z0-9]+)"')


def sent_reasons() -> set[str]:
    """The reasons of all samples that the child's sources call invalid."""
    folder = Path(vrdata_child.__file__).parent
    sources = (path.read_text() for path in folder.rglob("*.py"))
    return {reason for source in sources for reason in CALL.findall(source)}


def test_every_reason_of_an_invalid_sample_is_in_the_contract() -> None:
    allowed = {str(reason) for reason in FailureReason if reason.of_a_sample}
    assert len(sent_reasons()) > 8
    assert sent_reasons() <= allowed


def test_an_exception_is_described_by_its_reason_and_not_by_its_text() -> None:
    assert describe(MemoryError("too much"))["reason"] == FailureReason.OUT_OF_MEMORY
    assert describe(ValueError("MemoryError"))["reason"] == FailureReason.GENERATOR_FAILED
    invalid = describe(SampleInvalidError("VideoEmpty", "no frame"))
    assert (invalid["reason"], invalid["message"]) == ("VideoEmpty", "no frame")


def test_a_limit_of_a_block_is_the_generators_own_and_a_full_disk_is_not() -> None:
    for number in (errno.EMFILE, errno.EFBIG, errno.EAGAIN):
        error = OSError(number, os.strerror(number))
        assert describe(error)["reason"] == FailureReason.GENERATOR_FAILED
    assert "at most" in describe(OSError(errno.EMFILE, "x"))["message"]
    full = describe(OSError(errno.ENOSPC, "No space left on device"))
    assert full["reason"] == FailureReason.GENERATOR_CRASHED
