"""Verify sample folders without vrdata's own objects: the layout of the present pipeline.

Samples are folders `{domain}_task/{sample id}/`, usually below `questions/{generator}/`; or such
folders inside `.tar.gz` archives.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby

from vrdata.bounded.parallel import in_order
from vrdata.dataset.formats.archive import MAX_FILE, Archive, DamagedArchiveError
from vrdata.dataset.hashes import DatasetHasher
from vrdata.dataset.verify.sample.check import Findings, check_file, check_names
from vrdata.dataset.verify.sample.decode import Decoder
from vrdata.dataset.verify.verdict import Tally, VerifyReport, decoding_level
from vrdata.errors import NotFoundError
from vrdata.store.port import (
    DigestMismatchError,
    KeyConflictError,
    ObjectInfo,
    ObjectNotFoundError,
    ObjectStore,
)

_SAMPLE = re.compile(r"(?:(?:.*/)?([^/]+)/)?[^/]+_task/([^/]+)/([^/]+)")
_UNREADABLE = (DamagedArchiveError, DigestMismatchError, KeyConflictError, ObjectNotFoundError)


@dataclass(slots=True)
class _Found:
    """One sample folder, or one archive of them."""

    findings: Findings
    generators: Counter[str]
    archives: int = 0


def verify_tree(
    store: ObjectStore,
    *,
    decode: bool = True,
    deep: bool = False,
    jobs: int = 2,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> VerifyReport:
    """Check every sample folder below a root: required files, prompts, metadata, media.

    There are no checksums, so this finds damaged files, not changed ones.

    Args:
        store: the root.
        decode: also decode every PNG, and every video's first frame.
        deep: decode every frame of every video.
        jobs: number of samples or archives checked concurrently.
        progress: called with the number of checked samples, and 0 for the unknown total.

    Raises:
        NotFoundError: there is no sample folder.
        StorageError: the store cannot be used.
        VrdataError: a package for decoding is not installed.
    """
    tally = Tally()
    with DatasetHasher() as hasher:
        check = _TreeCheck(store, Decoder(deep=deep) if decode or deep else None, hasher)
        for found in in_order(_units(store), check, jobs):
            tally.add(found.findings)
            tally.counts["shards"] += found.archives
            tally.generators.update(found.generators)
            progress(tally.counts["samples"], 0)
        digest = hasher.hexdigest()
    if not tally.counts["samples"] and not tally.problems.counts:
        raise NotFoundError(
            f"there is no dataset in {store.url}",
            why="it contains neither a run of vrdata nor folders {domain}_task/{sample}/",
            fix="name the folder of a run, {root}/{namespace}/{run}, or one with questions/",
        )
    return tally.report(
        VerifyReport(
            ok=False,
            kind="tree",
            output=store.url,
            dataset_hash=digest,
            decoded=decoding_level(decode=decode, deep=deep),
        )
    )


def _units(store: ObjectStore) -> Iterator[list[ObjectInfo]]:
    """Lists of the objects of one sample folder, or of one archive; one listing."""
    for folder, objects in groupby(store.list_after(""), lambda info: info.key.rpartition("/")[0]):
        if _SAMPLE.fullmatch(f"{folder}/x"):
            yield list(objects)
        else:
            yield from ([info] for info in objects if info.key.endswith(".tar.gz"))


class _TreeCheck:
    def __init__(self, store: ObjectStore, decoder: Decoder | None, hasher: DatasetHasher) -> None:
        self._store = store
        self._decoder = decoder
        self._hasher = hasher

    def __call__(self, objects: list[ObjectInfo]) -> _Found:
        found = _Found(Findings(), Counter())
        if objects[0].key.endswith(".tar.gz"):
            self._archive(objects[0], found)
        else:
            self._folder(objects, found)
        return found

    def _folder(self, objects: list[ObjectInfo], found: _Found) -> None:
        names = []
        for info in objects:
            names.append(info.key.rpartition("/")[2])
            if info.size > MAX_FILE:
                message = f"its {info.size} bytes are more than {MAX_FILE}"
                found.findings.note("UnreadableFile", info.key, message)
                continue
            try:
                body = self._store.get(info.key)
            except _UNREADABLE as error:
                found.findings.note("UnreadableFile", info.key, error.why or error.what)
                continue
            self._file(info.key, info.key, body, found)
        self._sample(objects[0].key, objects[0].key, names, found)

    def _archive(self, info: ObjectInfo, found: _Found) -> None:
        found.archives = 1
        members = Archive(self._store, info.key, info.size).members()
        try:
            for folder, files in groupby(members, lambda member: member.name.rpartition("/")[0]):
                if not _SAMPLE.fullmatch(f"{folder}/x"):
                    continue
                names = []
                for member in files:
                    names.append(member.name.rpartition("/")[2])
                    self._file(member.name, f"{info.key}:{member.name}", member.body, found)
                path = f"{folder}/x"
                self._sample(path, f"{info.key}:{path}", names, found)
        except _UNREADABLE as error:
            found.findings.note("DamagedArchive", info.key, error.why or error.what)

    def _file(self, path: str, where: str, body: bytes, found: _Found) -> None:
        _, sample, name = _parts(path)
        digest = hashlib.sha256(body).hexdigest()
        self._hasher.add(sample, name, digest)
        check_file(name, body, where=where, findings=found.findings, decoder=self._decoder)

    def _sample(self, path: str, where: str, names: list[str], found: _Found) -> None:
        generator, _, _ = _parts(path)
        found.findings.samples += 1
        found.generators[generator] += 1
        check_names(names, where=where.rpartition("/")[0], findings=found.findings)


def _parts(path: str) -> tuple[str, str, str]:
    """Generator ("" when the path does not name it), sample id and file name."""
    match = _SAMPLE.fullmatch(path)
    if match is None:
        raise ValueError(path)
    return match[1] or "", match[2], match[3]
