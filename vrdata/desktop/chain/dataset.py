"""The dataset of a stage from the rows of its finished run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa

from vrdata import __version__
from vrdata.desktop.chain.columns import COUNTS, MEDIA
from vrdata.desktop.chain.stored import StageRun
from vrdata.desktop.cores.splits import test_names
from vrdata.desktop.recordings.folder import MediaCheck
from vrdata.desktop.stages.events import TEST, TRAIN
from vrdata.desktop.stages.facts import FACTS_FILE, LISTED
from vrdata.desktop.stages.result import StageResult
from vrdata.desktop.tables.schemas import BINS, EVENTS, SEQUENCES
from vrdata.desktop.tables.writing import DatasetWriter

_SCHEMAS = {"events": EVENTS, "bins": BINS, "sequences": SEQUENCES}
_NAME, _METADATA = "file_path", "metadata"


@dataclass(frozen=True)
class RunRequest:
    """What becomes of a finished run.

    Attributes:
        output: folder of the dataset.
        recordings: the folder of the recordings on this machine; None = their paths stay those in
            the source.
        test_share: of the recordings; 0 = no test split.
        seed: of the choice.
        overwrite: replace an existing dataset.
    """

    output: Path
    recordings: Path | None
    test_share: Fraction
    seed: int
    overwrite: bool

    def path_of(self, name: str) -> str:
        """The path of a recording, or of a media file, that the run names."""
        return name if self.recordings is None else str(self.recordings.absolute() / name)


def write_run(
    run: StageRun, request: RunRequest, report: Callable[[dict[str, Any]], None]
) -> StageResult:
    """Write the rows of a run as the dataset that the command of the stage writes.

    Args:
        run: finished.
        request: what to do.
        report: called with the facts of each recording.

    Raises:
        VrdataError: the run is damaged, or its store cannot be used.
        OSError: the dataset cannot be written.
    """
    facts = list(run.facts())
    names = [str(one[_NAME]) for one in facts]
    chosen = test_names(names, request.test_share, request.seed)
    splits = [TEST if name in chosen else TRAIN for name in names]
    schema = _SCHEMAS[run.stage]
    with DatasetWriter(request.output, schema, overwrite=request.overwrite) as writer:
        for split in sorted(set(splits), reverse=True):  # train, test
            writer.split(split)
        for name, split, batches in zip(names, splits, run.recordings(), strict=True):
            for batch in batches:
                writer.split(split).add_batch(_placed(batch, schema, request.path_of(name)))
        known = [_known(one, split, request) for one, split in zip(facts, splits, strict=True)]
        known.sort(key=lambda one: bool(one["split"] == TEST))
        for one in known:
            report(one)
        lines = [{key: one[key] for key in one if key != COUNTS} for one in known]
        writer.note(FACTS_FILE, lines)
        result = _result(run, request, known, writer.rows())
        writer.finish(_provenance(run, request) | result.to_dict())
    return result


def _placed(batch: pa.RecordBatch, schema: pa.Schema, path: str) -> pa.RecordBatch:
    """The columns of a stage, with the path of the recording as it is here."""
    columns = {name: batch.column(name) for name in schema.names}
    paths = pa.repeat(pa.scalar(path), batch.num_rows)
    if _NAME in columns:
        columns[_NAME] = paths
    else:
        metadata = columns[_METADATA]
        fields = list(metadata.type)
        parts = dict(zip((one.name for one in fields), metadata.flatten(), strict=True))
        parts[_NAME] = paths
        columns[_METADATA] = pa.StructArray.from_arrays(list(parts.values()), fields=fields)
    return pa.RecordBatch.from_arrays(
        [columns[field.name].cast(field.type) for field in schema], schema=schema
    )


def _known(facts: dict[str, Any], split: str, request: RunRequest) -> dict[str, Any]:
    """A line of `recordings.jsonl`: what the run knows, and which media files are missing here."""
    media = facts.pop(MEDIA, None) or {}
    placed = {_NAME: request.path_of(str(facts[_NAME])), "split": split}
    check = MediaCheck()
    if request.recordings is not None:
        for name, number in media.items():
            check.see(request.path_of(name), number)
    return facts | placed | {"missing_media": dict(list(check.missing.items())[:LISTED])}


def _result(
    run: StageRun, request: RunRequest, known: Sequence[dict[str, Any]], rows: dict[str, int]
) -> StageResult:
    return StageResult(
        request.output,
        rows,
        len(known),
        sum(one.failed_samples for one in run.summary.generators),
        sum(bool(one.get("lost_ranges")) for one in known),
        sum(bool(one.get("missing_media")) for one in known),
    )


def _provenance(run: StageRun, request: RunRequest) -> dict[str, Any]:
    return {
        "program": f"vrdata {__version__}",
        "stage": run.stage,
        "options": list(run.planned.args),
        "dataset_hash": run.summary.dataset_hash,
        "test_share": str(request.test_share),
        "seed": request.seed,
    }
