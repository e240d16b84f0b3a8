"""Verify a dataset from its bytes: nothing is trusted unread."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from vrdata.bounded.parallel import in_order
from vrdata.dataset import layout
from vrdata.dataset.checks.problems import (
    RESTORE,
    RESTORE_DATA,
    Problem,
    problem,
    remove_first,
)
from vrdata.dataset.commits import RUN_AGAIN
from vrdata.dataset.finish.card import card
from vrdata.dataset.finish.duplicates import RunDuplicates
from vrdata.dataset.finish.summary import DatasetSummary
from vrdata.dataset.hashes import DatasetHasher
from vrdata.dataset.plans import load_plan
from vrdata.dataset.reader import load_model
from vrdata.dataset.verify.indexes import check_indexes
from vrdata.dataset.verify.sample.decode import Decoder
from vrdata.dataset.verify.shard import ShardCheck
from vrdata.dataset.verify.strays import SampleFiles, stray_problems
from vrdata.dataset.verify.verdict import Tally, VerifyReport, decoding_level
from vrdata.errors import InvalidInputError
from vrdata.plan.planned import Plan, Shard
from vrdata.store.port import ObjectNotFoundError, ObjectStore

Progress = Callable[[int, int], None]


def verify(
    store: ObjectStore,
    *,
    decode: bool = True,
    deep: bool = False,
    jobs: int = 2,
    progress: Progress = lambda _done, _all: None,
) -> VerifyReport:
    """Check every shard of a run.

    Every data object is read once, from start to end. Memory for each job: one file of a
    sample, 8 MiB of an archive, 1 MiB of a marker.

    Args:
        store: the run's store.
        decode: also decode every PNG, and every video's first frame.
        deep: decode every frame of every video.
        jobs: number of shards checked concurrently.
        progress: called with the number of checked shards and of all shards.

    Raises:
        NotFoundError: there is no run.
        InvalidInputError: the plan is damaged.
        StorageError: the store cannot be used.
        VrdataError: a package for decoding is not installed.
    """
    plan = load_plan(store)
    decoder = Decoder(deep=deep) if decode or deep else None
    tally = Tally()
    planned = list(plan.all_shards())
    names = (planned.name for planned in plan.generators)
    with (
        DatasetHasher() as hasher,
        SampleFiles(plan) as files,
        RunDuplicates(names) as duplicates,
    ):
        check = ShardCheck(store, plan, decoder, hasher, files, duplicates)
        committed, strays = stray_problems(store, plan)
        tally.problems.merge(strays)
        tally.problems.extend(_missing(plan, committed))
        present = [shard for shard in planned if shard in committed]
        results = in_order(present, lambda shard: check.check(*shard), jobs)
        for done, (manifest, findings) in enumerate(results, start=1):
            if manifest is not None:
                tally.counts["shards"] += 1
                tally.generators[manifest.generator] += findings.samples
            tally.add(findings)
            progress(done, len(planned))
        tally.problems.extend(files.strays(store))
        digest = hasher.hexdigest()
        tally.add_duplicates(*duplicates.find())
    finished = store.head(layout.SUCCESS) is not None
    whole = not tally.problems.counts
    tally.problems.extend(_summary_problems(store, plan, tally, digest, finished=finished))
    index, index_problems = (
        check_indexes(store, plan, digest, whole=whole) if finished else ("not written yet", ())
    )
    tally.problems.extend(index_problems)
    return tally.report(
        VerifyReport(
            ok=False,
            kind="run",
            output=store.url,
            plan=plan.hash,
            finished=finished,
            expected_shards=len(planned),
            dataset_hash=digest,
            decoded=decoding_level(decode=decode, deep=deep),
            index=index,
        )
    )


def _missing(plan: Plan, committed: set[Shard]) -> Iterator[Problem]:
    for generator, shard in plan.missing_shards(committed):
        where = layout.commit_key(generator, shard)
        yield problem("MissingShard", where, f"the shard is not committed; {RESTORE}")


def _summary_problems(
    store: ObjectStore, plan: Plan, tally: Tally, digest: str, *, finished: bool
) -> Iterator[Problem]:
    if not finished:
        yield problem("NotFinished", layout.SUCCESS, _why_not_finished(plan, tally))
        return
    whole = not tally.problems.counts
    if whole and not tally.counts["samples"]:
        message = f"0 samples: all {tally.counts['failed']} failed and were dropped"
        yield problem("NoSamples", layout.DATASET, message)
    if store.get(layout.SUCCESS).decode("utf-8", "replace").strip() != digest:
        advice = remove_first(layout.SUCCESS) if whole else RESTORE_DATA
        message = f"it differs from the dataset hash of the data, {digest}; {advice}"
        yield problem("HashMismatch", layout.SUCCESS, message)
    try:
        summary = load_model(store, layout.DATASET, DatasetSummary)
    except (ObjectNotFoundError, InvalidInputError) as error:
        yield problem(
            "DamagedSummary", layout.DATASET, f"{error.why or 'it is missing'}; {RESTORE}"
        )
        return
    matches = True
    for kind, name, stored, found in (
        ("HashMismatch", "datasetHash", summary.dataset_hash, digest),
        ("DamagedSummary", "plan", summary.plan, plan.hash),
        ("DamagedSummary", "samples", summary.samples, tally.counts["samples"]),
        ("DamagedSummary", "failedSamples", summary.failed_samples, tally.counts["failed"]),
        ("DamagedSummary", "shards", summary.shards, tally.counts["shards"]),
        ("DamagedSummary", "duplicates", summary.duplicates, tally.duplicates),
    ):
        if stored != found:
            matches = False
            advice = RESTORE if whole else RESTORE_DATA
            message = f"{name} is {stored}, the data has {found}; {advice}"
            yield problem(kind, layout.DATASET, message)
    if whole and matches:  # else the files or the summary that the card derives from are wrong
        yield from _card_problems(store, summary, tally)


def _why_not_finished(plan: Plan, tally: Tally) -> str:
    """Why there is no `_SUCCESS`: with every shard committed, the failure policy forbids it."""
    committed = tally.counts["shards"] == sum(planned.shards for planned in plan.generators)
    failed = tally.counts["failed"]
    if not committed or not failed:
        return f"the run is not finished; {RUN_AGAIN}"
    if not tally.counts["samples"]:
        return (
            f"every sample failed ({failed}): fix the generator, then run the file with another "
            "metadata.name"
        )
    return (
        f"more samples failed ({failed}) than failurePolicy.maxFailedSamples allowed: set it to "
        f"{failed} and {RUN_AGAIN}; or fix the generator and use another metadata.name"
    )


def _card_problems(store: ObjectStore, summary: DatasetSummary, tally: Tally) -> Iterator[Problem]:
    if summary.file_names != tally.file_names.sorted():
        message = f"fileNames differ from the names of the samples' files; {RESTORE}"
        yield problem("DamagedSummary", layout.DATASET, message)
    try:
        stored = store.get(layout.CARD)
    except ObjectNotFoundError:
        yield problem("DamagedSummary", layout.CARD, f"it is missing; {RESTORE}")
        return
    if stored != card(summary):
        message = f"it is not the dataset card of {layout.DATASET}; {RESTORE}"
        yield problem("DamagedSummary", layout.CARD, message)
