"""Whether a shard may drop the samples that have failed.

A shard that reads sources drops items that would certainly fail again in any attempt: an attempt
that only finds this out costs as much as one that drops them. Other failures may be chance, so the
last attempt drops them.
"""

from __future__ import annotations

from vrdata.contract.records import Failure
from vrdata.contract.recurs import Recurs
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.generate.block import BlockState


def certain_failures(state: BlockState) -> int:
    """How many samples of a block would certainly fail again."""
    return sum(map(_is_certain, state.failures))


def refusal(state: BlockState, failed: int, allowed: int) -> ShardFailedError | None:
    """The error of a shard with too many failed samples.

    Args:
        state: of the block whose sample has failed last.
        failed: failed samples of the shard.
        allowed: how many it may drop.
    """
    first = state.cause
    return ShardFailedError.of(first) if failed > allowed and first is not None else None


def refusal_of_items(
    state: BlockState, failed: int, certain: int, allowed: int, allowed_certain: int
) -> ShardFailedError | None:
    """As `refusal`, for the items of a source.

    Args:
        state: of the block whose item has failed last.
        failed: failed items of the shard.
        certain: how many of them would certainly fail again.
        allowed: how many the shard may drop, of any kind.
        allowed_certain: how many of those that would fail again.
    """
    if failed - certain > allowed:
        by_chance = (one for one in state.failures if not _is_certain(one))
        cause = next(by_chance, state.cause)
        return ShardFailedError.of(cause) if cause is not None else None
    error = refusal(state, failed, max(allowed, allowed_certain))
    if error is not None:
        error.lasting = True
    return error


def _is_certain(failure: Failure) -> bool:
    return failure.reason.recurs is Recurs.SEEDED
