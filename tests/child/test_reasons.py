"""The reasons that a child sends are names of the contract's list."""

from __future__ import annotations

import re
from pathlib import Path

import vrdata_child
from vrdata.contract.reasons import FailureReason
from vrdata_child.block import describe
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
