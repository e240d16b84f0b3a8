"""Why an attempt or a sample fails: the closed list of reasons, with the exit code of each. Pure.

Worker, operator, local run, report, metrics and status use these names and no others.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Self

from vrdata.contract.recurs import Recurs


class WorkerExit(IntEnum):
    """Exit codes of a worker process."""

    COMMITTED = 0
    PREEMPTED = 10
    GENERATOR_FAILED = 20
    INVALID_OUTPUT = 21
    UNDER_PRODUCTION = 22
    SAMPLE_TIMEOUT = 23
    OUT_OF_MEMORY = 24
    STORAGE_UNAVAILABLE = 30
    CONTRACT_MISMATCH = 40


class FailureReason(StrEnum):
    """One reason, spelled as in records, status, metrics and reports.

    Attributes:
        exit: the exit code of a worker that ends for this reason.
        recurs: whether the next attempt fails in the same way.
        meaning: one sentence for the documentation.
    """

    exit: WorkerExit
    recurs: Recurs
    meaning: str

    def __new__(cls, name: str, code: WorkerExit, recurs: Recurs, meaning: str) -> Self:
        """A member with its exit code, and its text in the documentation."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.exit, member.recurs, member.meaning = code, recurs, meaning
        return member

    NOT_DETERMINISTIC = (
        "NotDeterministic",
        WorkerExit.GENERATOR_FAILED,
        Recurs.ALWAYS,
        "A restored shard has other bytes than its commit marker; nothing is overwritten.",
    )
    PREEMPTED = ("Preempted", WorkerExit.PREEMPTED, Recurs.OUTSIDE, "The worker was told to stop.")
    DISRUPTED = (
        "Disrupted",
        WorkerExit.STORAGE_UNAVAILABLE,  # not PREEMPTED: the Job would repeat it without a limit
        Recurs.OUTSIDE,
        "The attempt's pod was deleted or lost, or one of its processes was killed from outside.",
    )
    GENERATOR_FAILED = (
        "GeneratorFailed",
        WorkerExit.GENERATOR_FAILED,
        Recurs.SEEDED,
        "The generator raised an exception, exited with an error or cannot be imported.",
    )
    GENERATOR_CRASHED = (
        "GeneratorCrashed",
        WorkerExit.GENERATOR_FAILED,
        Recurs.MAYBE,
        "A signal, a time limit, a full disk or an I/O error ended the generator.",
    )
    UNDER_PRODUCTION = (
        "UnderProduction",
        WorkerExit.UNDER_PRODUCTION,
        Recurs.SEEDED,
        "The generator ended without an error before it had written every sample.",
    )
    SAMPLE_TIMEOUT = (
        "SampleTimeout",
        WorkerExit.SAMPLE_TIMEOUT,
        Recurs.MAYBE,
        "The generator wrote no sample for longer than the sample timeout.",
    )
    OUT_OF_MEMORY = (
        "OutOfMemory",
        WorkerExit.OUT_OF_MEMORY,
        Recurs.MAYBE,
        "The generator or its pod (`OOMKilled`) used too much memory; a retry gets more.",
    )
    STORAGE_UNAVAILABLE = (
        "StorageUnavailable",
        WorkerExit.STORAGE_UNAVAILABLE,
        Recurs.OUTSIDE,
        "The object store or the scratch folder cannot be used.",
    )
    SOURCE_UNAVAILABLE = (
        "SourceUnavailable",
        WorkerExit.STORAGE_UNAVAILABLE,
        Recurs.OUTSIDE,
        "The source of a converter does not answer, or rejects the token or the keys.",
    )
    SOURCE_CHANGED = (
        "SourceChanged",
        WorkerExit.GENERATOR_FAILED,  # not CONTRACT_MISMATCH: other shards have other files
        Recurs.ALWAYS,
        "A file of the source is missing, or is not the one that the run began with.",
    )
    SOURCE_NOT_FOUND = (
        "SourceNotFound",
        WorkerExit.GENERATOR_FAILED,
        Recurs.ALWAYS,
        "The source of a converter does not exist, or lacks what the run names.",
    )
    INVALID_SOURCE = (
        "InvalidSource",
        WorkerExit.GENERATOR_FAILED,
        Recurs.ALWAYS,
        "The items of a source cannot be listed, for example because a table is damaged.",
    )
    OUTPUT_CHANGED = (
        "OutputChanged",
        WorkerExit.STORAGE_UNAVAILABLE,
        Recurs.OUTSIDE,
        "An object of the run was deleted or damaged while the run needed it; it is restored.",
    )
    CONTRACT_MISMATCH = (
        "ContractMismatch",
        WorkerExit.CONTRACT_MISMATCH,
        Recurs.ALWAYS,
        "The plan, the wave or the catalogue is not the one that the worker was started for.",
    )
    OUTPUT_CONFLICT = (
        "OutputConflict",
        WorkerExit.CONTRACT_MISMATCH,
        Recurs.ALWAYS,
        "The output contains objects of another plan, or a `_SUCCESS` of other data.",
    )
    INCOMPLETE_RUN = (
        "IncompleteRun",
        WorkerExit.STORAGE_UNAVAILABLE,
        Recurs.MAYBE,
        "Finalisation found a shard whose commit marker or data object is missing or damaged.",
    )
    DAMAGED_MARKER = (
        "DamagedMarker",
        WorkerExit.GENERATOR_FAILED,
        Recurs.ALWAYS,
        "The shard's commit marker is damaged. Delete it; the shard is then generated again.",
    )
    NOT_HERMETIC = (
        "NotHermetic",
        WorkerExit.CONTRACT_MISMATCH,
        Recurs.ALWAYS,
        "The profile has `hermetic: Kernel`, and the worker's kernel cannot sandbox generators.",
    )
    INVALID_OUTPUT = (
        "InvalidOutput",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "A sample is invalid for a reason that is not in this list.",
    )
    INVALID_ITEM = (
        "InvalidItem",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "A converter rejects an item, or the item's bytes cannot be read.",
    )
    SKIPPED_ITEM = (
        "SkippedItem",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "The script of a pipeline wrote no sample for an item.",
    )
    MISSING_FILE = (
        "MissingFile",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "A sample has no first_frame.png or no prompt.txt, or lacks a file of its pipeline.",
    )
    UNSAFE_FILE = (
        "UnsafeFile",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "A file is not a regular file, or its name is not allowed or collides with another one.",
    )
    FILE_CHANGED = (
        "FileChanged",
        WorkerExit.INVALID_OUTPUT,
        Recurs.MAYBE,
        "A file changed after it was checked: a process of the generator still writes to it.",
    )
    TOO_LARGE = (
        "TooLarge",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "A sample has too many files, bytes or pixels.",
    )
    DUPLICATE_ID = (
        "DuplicateId",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "The generator wrote two samples of one block to the same folder.",
    )
    EMPTY_PROMPT = (
        "EmptyPrompt",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "prompt.txt contains no visible text.",
    )
    PROMPT_NOT_UTF8 = (
        "PromptNotUtf8",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "prompt.txt is not UTF-8.",
    )
    BAD_TEXT = (
        "BadText",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "A text file is not UTF-8, or contains control characters.",
    )
    BAD_METADATA = (
        "BadMetadata",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "metadata.json is too large, or not a JSON object that every reader accepts.",
    )
    IMAGE_UNDECODABLE = (
        "ImageUndecodable",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "An image other than PNG does not decode.",
    )
    NOT_A_PNG = (
        "NotAPng",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "A .png file is not a PNG image.",
    )
    PNG_TRUNCATED = (
        "PngTruncated",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "A PNG image does not decode.",
    )
    VIDEO_EMPTY = ("VideoEmpty", WorkerExit.INVALID_OUTPUT, Recurs.SEEDED, "A video has no frame.")
    VIDEO_UNDECODABLE = (
        "VideoUndecodable",
        WorkerExit.INVALID_OUTPUT,
        Recurs.SEEDED,
        "A video does not decode in the format of its file name extension.",
    )
    UNKNOWN = (
        "Unknown",
        WorkerExit.GENERATOR_FAILED,
        Recurs.MAYBE,
        "A reason that this version of vrdata does not know.",
    )

    @property
    def charged(self) -> bool:
        """Whether an attempt that fails for this reason counts against `failurePolicy.retries`."""
        return self.recurs is not Recurs.OUTSIDE

    @property
    def of_a_sample(self) -> bool:
        """Whether a generator child may report it of one sample."""
        known = (
            FailureReason.GENERATOR_FAILED,
            FailureReason.GENERATOR_CRASHED,
            FailureReason.UNDER_PRODUCTION,  # of a walk with fewer items
        )
        return self in known or self.exit is WorkerExit.INVALID_OUTPUT


def parse_reason(text: object) -> FailureReason:
    """The reason of this name; UNKNOWN for every other value, for example a later version's."""
    return next((reason for reason in FailureReason if reason == text), FailureReason.UNKNOWN)
