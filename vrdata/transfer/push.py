"""Push a finished run to the Hugging Face Hub: checked, resumable, without overwriting anything."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from vrdata.dataset import layout
from vrdata.dataset.commits import iter_commits, read_head
from vrdata.dataset.finish.card import card
from vrdata.dataset.finish.summary import DatasetSummary, require_finished
from vrdata.dataset.plans import load_plan
from vrdata.errors import OutputConflictError
from vrdata.sources.hub.upload import HubUpload, digest_of
from vrdata.store.port import ObjectStore
from vrdata.transfer.card.columns import columns_of_run
from vrdata.transfer.card.hubcard import hub_card
from vrdata.transfer.shards import ShardFile, fetch, shard_file

COMMIT_FILES, COMMIT_BYTES = 50, 2 * 2**30
"""Most files and bytes of one commit: an interrupted push repeats at most one."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """The result of a push, or its progress.

    Attributes:
        url: of the dataset's page.
        files: all files of the dataset.
        uploaded: files that the Hub did not have; in a dry run, those that it lacks.
        skipped: files that the Hub had.
        bytes: of the uploaded files.
        commit: the last commit; "" if nothing was uploaded.
        kept: files of the Hub with other contents, which were not changed.
    """

    url: str
    files: int = 0
    uploaded: int = 0
    skipped: int = 0
    bytes: int = 0
    commit: str = ""
    kept: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The JSON form."""
        return asdict(self) | {"kept": list(self.kept)}


def push(
    run: ObjectStore,
    target: HubUpload,
    *,
    dry_run: bool = False,
    report: Callable[[Pushed], None] = lambda _: None,
) -> Pushed:
    """Upload a run as Parquet files, then its card and dataset.json. A new dataset is private.

    Shards in another format are converted one after the other. Memory: a row group.

    Args:
        run: the run's own store.
        target: the dataset.
        dry_run: read and compare, convert and write nothing.
        report: called with the result so far after each commit.

    Raises:
        NotFoundError: the run is not finished.
        OutputConflictError: the dataset has other data.
        StorageError, SourceAccessError, SourceUnavailableError: run or Hub cannot be used;
            complete commits stay, and the same push continues after them.
    """
    summary = require_finished(run)
    existing = target.digests()
    shards = [shard_file(read_head(run, *shard)) for shard in iter_commits(run)]
    texts = _texts(run, summary, shards)
    _require_same(target, existing, shards, texts[layout.DATASET])
    own = digest_of(texts[layout.CARD])
    kept = (layout.CARD,) if existing.get(layout.CARD, own) != own else ()
    missing = [one for one in shards if one.key not in existing or not (one.digest or dry_run)]
    last = {name: body for name, body in texts.items() if name not in existing}
    skipped = len(shards) - len(missing) + len(texts) - len(last)
    result = Pushed(target.page, len(shards) + len(texts), skipped=skipped, kept=kept)
    size = sum(map(len, last.values()))
    if dry_run:
        size += sum(one.size for one in missing)
        return _plus(result, uploaded=len(missing) + len(last), size=size)
    if missing or last:
        target.create()
    for group in _groups(missing):
        result = _add(run, target, group, existing, result)
        report(result)
    if last:
        commit = target.add(last, f"Describe {summary.run}")
        result = _plus(result, uploaded=len(last), size=size, commit=commit)
    return result


def _plus(
    result: Pushed, *, uploaded: int = 0, skipped: int = 0, size: int = 0, commit: str = ""
) -> Pushed:
    return replace(
        result,
        uploaded=result.uploaded + uploaded,
        skipped=result.skipped + skipped,
        bytes=result.bytes + size,
        commit=commit or result.commit,
    )


def _texts(run: ObjectStore, summary: DatasetSummary, shards: list[ShardFile]) -> dict[str, bytes]:
    """What describes the dataset, by path."""
    tables = card(summary.model_copy(update={"format": "parquet"}))
    columns = columns_of_run(run, summary, shards)
    return {
        layout.DATASET: run.get(layout.DATASET),
        layout.CARD: hub_card(tables, summary, load_plan(run), columns),
    }


def _require_same(
    target: HubUpload, existing: dict[str, str], shards: list[ShardFile], facts: bytes
) -> None:
    """Refuse a dataset that has files of another run: loaders would mix both."""
    wanted = {one.key: one.digest for one in shards}
    for path, digest in existing.items():
        known = wanted.get(path)
        other = path.startswith(layout.TABLES) and (known is None or known not in {"", digest})
        if other or (path == layout.DATASET and digest != digest_of(facts)):
            raise _conflict(target, path)


def _conflict(target: HubUpload, path: str) -> OutputConflictError:
    return OutputConflictError(
        f"{target.url} contains other data",
        why=f"its {path} is not that of the run",
        fix="push to a dataset of another name, or delete the files there",
    )


def _groups(missing: list[ShardFile]) -> Iterator[list[ShardFile]]:
    group: list[ShardFile] = []
    for one in missing:
        size = sum(other.size for other in group) + one.size
        if group and (len(group) == COMMIT_FILES or size > COMMIT_BYTES):
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _add(
    run: ObjectStore,
    target: HubUpload,
    group: list[ShardFile],
    existing: dict[str, str],
    result: Pushed,
) -> Pushed:
    """One commit with the files that the Hub lacks; they are checked on this machine first."""
    with tempfile.TemporaryDirectory(prefix="vrdata-push-") as scratch:
        files: dict[str, Path | bytes] = {}
        size = 0
        for number, one in enumerate(group):
            folder = Path(scratch, str(number))
            folder.mkdir()
            found = fetch(run, one, folder)
            stored = existing.get(one.key)
            if stored is not None and stored != f"sha256:{found.sha256}":
                raise _conflict(target, one.key)
            if stored is None:
                files[one.key] = found.path
                size += found.size
        if not files:
            return _plus(result, skipped=len(group))
        first, last = next(iter(files)), next(reversed(files))
        message = f"Add {first}" + (f" to {last}" if last != first else "")
        commit = target.add(files, message)
        skipped = len(group) - len(files)
        return _plus(result, uploaded=len(files), skipped=skipped, size=size, commit=commit)
