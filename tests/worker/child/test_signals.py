"""What it means that a signal has ended a block, or that the kernel has killed a process in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from vrdata.contract.reasons import FailureReason
from vrdata.contract.records import Failure
from vrdata_worker.child import events
from vrdata_worker.child.blocks import Block


def killed(folder: Path, kills_after: int | None, monkeypatch: pytest.MonkeyPatch) -> Failure:
    """What a block's end by signal 9 means.

    Args:
        folder: an empty folder.
        kills_after: the kernel's count after the end; 2 before it. None = it does not count.
    """
    failure = ended(folder, 9, kills_after, monkeypatch)
    assert failure is not None
    return failure


def ended(
    folder: Path, number: int, kills_after: int | None, monkeypatch: pytest.MonkeyPatch
) -> Failure | None:
    """The failure that a block's end by a signal has; other arguments as `killed`."""
    source = folder / "memory.events"
    source.write_text("oom_kill 2\n")
    monkeypatch.setattr(
        "vrdata.memory._own_source", lambda: None if kills_after is None else source
    )
    block = Block({"block": 0, "dir": str(folder), "want": 1})
    source.write_text(f"oom_kill {kills_after}\n")
    end = block.exit(
        {"block": 0, "code": None, "signal": number, "peakMemoryBytes": 0, "cpuSeconds": 0.0}
    )
    return end.failure


@pytest.mark.parametrize("number", [1, 2, 3, 15])
def test_other_signals_that_people_send_come_from_outside(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = ended(tmp_path, number, 3, monkeypatch)
    assert failure is not None
    assert failure.reason is FailureReason.DISRUPTED
    assert failure.message == f"the generator was killed by signal {number} from outside"


@pytest.mark.parametrize("number", [4, 6, 7, 8, 11, 13, 25, 31])
def test_signals_that_code_causes_itself_do_not_come_from_outside(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ended(tmp_path, number, 2, monkeypatch) is None


@pytest.mark.parametrize(
    ("kills_after", "reason", "said"),
    [
        (3, FailureReason.OUT_OF_MEMORY, "killed by signal 9: memory ran out"),
        (2, FailureReason.DISRUPTED, "from outside; memory did not run out"),
        (None, FailureReason.DISRUPTED, "this system does not report whether memory ran out"),
    ],
)
def test_signal_9_is_out_of_memory_only_if_the_kernel_counts_it(
    kills_after: int | None,
    reason: FailureReason,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failure = killed(tmp_path, kills_after, monkeypatch)
    assert failure.reason is reason
    assert said in failure.message


ENDS = {
    "exception": ({"code": 1}, {"error": {"reason": "GeneratorFailed", "message": "ffmpeg: -9"}}),
    "exit code": ({"code": 3}, None),
    "too few samples": ({"code": 0}, {"error": None}),
}


@pytest.mark.parametrize("kills_after", [2, 3])
@pytest.mark.parametrize("how", ENDS)
def test_a_generator_whose_program_the_kernel_killed_is_out_of_memory(
    how: str, kills_after: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "memory.events"
    source.write_text("oom_kill 2\n")
    monkeypatch.setattr("vrdata.memory._own_source", lambda: source)
    block = Block({"block": 0, "dir": str(tmp_path), "want": 2, "count": 2})
    source.write_text(f"oom_kill {kills_after}\n")
    exits, end = ENDS[how]
    if end is not None:
        block.report({"event": "end", "failed": None, "reported": 1} | end)
    found = block.exit(
        {"block": 0, "signal": None, "peakMemoryBytes": 0, "cpuSeconds": 0.0} | exits
    ).failure
    if kills_after == 2:
        assert found is None or found.reason is FailureReason.GENERATOR_FAILED
    else:
        assert found is not None
        assert found.reason is FailureReason.OUT_OF_MEMORY
        assert "memory ran out, and the kernel killed a process" in found.message


def test_one_kill_of_the_kernel_explains_one_invalid_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "memory.events"
    source.write_text("oom_kill 2\n")
    monkeypatch.setattr("vrdata.memory._own_source", lambda: source)
    block = Block({"block": 0, "dir": str(tmp_path), "want": 3, "count": 3})
    reasons = []
    for position, kills in enumerate((2, 3, 3)):
        source.write_text(f"oom_kill {kills}\n")
        packet = {"event": "invalid", "block": 0, "position": position, "message": "no video"}
        event = block.report(packet | {"reason": "VideoUndecodable"})
        assert isinstance(event, events.Invalid)
        reasons.append(str(event.failure.reason))
    assert reasons == ["VideoUndecodable", "OutOfMemory", "VideoUndecodable"]
