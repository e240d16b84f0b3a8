"""Verify sample folders without vrdata's own objects: the layout of the present pipeline.

Samples are folders `{domain}_task/{sample id}/`, usually below `questions/{generator}/`, or other
folders that contain a frame; or such folders inside `.tar.gz` archives.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from vrdata.bounded.parallel import in_order
from vrdata.dataset.finish.duplicates import DuplicateFinder
from vrdata.dataset.formats.archive import MAX_FILE, Archive, DamagedArchiveError
from vrdata.dataset.hashes import DatasetHasher
from vrdata.dataset.plans import NAME_A_RUN
from vrdata.dataset.verify.folders import ARCHIVE, base_of, in_task, split_path, units
from vrdata.dataset.verify.sample.check import Findings, check_file, check_names
from vrdata.dataset.verify.sample.content_hash import FRAMES, PROMPT, content_hash
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
    base = base_of(store)
    decoder = Decoder(deep=deep) if decode or deep else None
    with DatasetHasher() as hasher, DuplicateFinder() as duplicates:
        check = _TreeCheck(store, base, decoder, hasher, duplicates)
        for found in in_order(units(store, base), check, jobs):
            tally.add(found.findings)
            tally.counts["shards"] += found.archives
            tally.generators.update(found.generators)
            progress(tally.counts["samples"], 0)
        digest = hasher.hexdigest()
        if decoder:
            tally.add_duplicates(*duplicates.find())
    if not tally.counts["samples"] and not tally.problems.counts:
        raise NotFoundError(
            f"there is no dataset in {store.url}",
            why="it contains neither a run of vrdata, nor folders {domain}_task/{sample}/, nor a "
            "folder with first_frame.png",
            fix=f"{NAME_A_RUN}; or name a folder with samples",
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


class _TreeCheck:
    def __init__(
        self,
        store: ObjectStore,
        base: str,
        decoder: Decoder | None,
        hasher: DatasetHasher,
        duplicates: DuplicateFinder,
    ) -> None:
        self._store = store
        self._base = base
        self._decoder = decoder
        self._hasher = hasher
        self._duplicates = duplicates

    def __call__(self, objects: list[ObjectInfo]) -> _Found:
        found = _Found(Findings(), Counter())
        if objects[0].key.endswith(ARCHIVE):
            self._archive(objects[0], found)
        else:
            self._folder(objects, found)
        return found

    def _folder(self, objects: list[ObjectInfo], found: _Found) -> None:
        parts: dict[str, bytes] = {}
        for info in objects:
            path = self._base + info.key
            parts[path.rpartition("/")[2]] = b""
            if info.size > MAX_FILE:
                message = f"its {info.size} bytes are more than {MAX_FILE}"
                found.findings.note("UnreadableFile", path, message)
                continue
            try:
                body = self._store.get(info.key)
            except _UNREADABLE as error:
                found.findings.note("UnreadableFile", path, error.why or error.what)
                continue
            self._file(path, path, body, found, parts)
        path = self._base + objects[0].key
        self._sample(path, path, parts, found)

    def _archive(self, info: ObjectInfo, found: _Found) -> None:
        found.archives = 1
        members = Archive(self._store, info.key, info.size).members()
        try:
            for folder, files in groupby(members, lambda member: member.name.rpartition("/")[0]):
                if not in_task(f"{folder}/x"):
                    continue
                parts: dict[str, bytes] = {}
                for member in files:
                    parts[member.name.rpartition("/")[2]] = b""
                    where = f"{info.key}:{member.name}"
                    self._file(member.name, where, member.body, found, parts)
                path = f"{folder}/x"
                self._sample(path, f"{info.key}:{path}", parts, found)
        except _UNREADABLE as error:
            found.findings.note("DamagedArchive", info.key, error.why or error.what)

    def _file(
        self, path: str, where: str, body: bytes, found: _Found, parts: dict[str, bytes]
    ) -> None:
        """Check a file; `parts` gets what the content hash of its sample needs of it."""
        _, sample, name = split_path(path)
        digest = hashlib.sha256(body).hexdigest()
        self._hasher.add(sample, name, digest)
        pixels = check_file(
            name,
            body,
            where=where,
            findings=found.findings,
            decoder=self._decoder,
            pixels=name in FRAMES,
        )
        parts[name] = body if name == PROMPT else pixels.encode()

    def _sample(self, path: str, where: str, parts: dict[str, bytes], found: _Found) -> None:
        generator, sample, _ = split_path(path)
        found.findings.samples += 1
        found.generators[generator] += 1
        check_names(parts, where=where.rpartition("/")[0], findings=found.findings)
        known = [parts[name] for name in (*FRAMES, PROMPT) if name in parts]
        if self._decoder and parts.get(FRAMES[0]) and all(known):
            first, final = (parts.get(frame, b"").decode() for frame in FRAMES)
            content = content_hash(first, final, parts.get(PROMPT, b""))
            name = f"{generator}/{sample}".strip("/").replace("\n", " ")
            self._duplicates.add(content, 0, 0, name)
