"""Write what a finished run gets beside its shards: summary, index, report, `_SUCCESS`."""

from __future__ import annotations

from vrdata.dataset.finalise import finalise, succeed
from vrdata.dataset.summary import DatasetSummary
from vrdata.local.run import Prepared


def write_outputs(prepared: Prepared, *, detect: bool) -> DatasetSummary:
    """Finalise the run.

    Raises:
        VrdataError: as `finalise`.
    """
    summary = finalise(prepared.store, prepared.plan, rehash=detect)
    succeed(prepared.store, summary)
    return summary
