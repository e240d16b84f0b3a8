"""Why an attempt or a sample fails: the closed list of reasons, with the exit code of each. Pure.

Worker, operator, local run, report, metrics and status use these names and no others.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Self


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
        meaning: one sentence for the documentation.
    """

    exit: WorkerExit
    meaning: str

    def __new__(cls, name: str, code: WorkerExit, meaning: str) -> Self:
        """A member with its exit code and its line of documentation."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.exit = code
        member.meaning = meaning
        return member

    NOT_DETERMINISTIC = (
        "NotDeterministic",
        WorkerExit.GENERATOR_FAILED,
        "A restored shard has other bytes than its commit marker; nothing is overwritten.",
    )
    PREEMPTED = (
        "Preempted",
        WorkerExit.PREEMPTED,
        "The worker was told to stop; the attempt is repeated and never counted.",
    )
    GENERATOR_FAILED = (
        "GeneratorFailed",
        WorkerExit.GENERATOR_FAILED,
        "The generator raised an exception, crashed or cannot be started.",
    )
    UNDER_PRODUCTION = (
        "UnderProduction",
        WorkerExit.UNDER_PRODUCTION,
        "The generator ended without an error before it had written every sample.",
    )
    SAMPLE_TIMEOUT = (
        "SampleTimeout",
        WorkerExit.SAMPLE_TIMEOUT,
        "The generator wrote no sample for longer than the sample timeout.",
    )
    OUT_OF_MEMORY = (
        "OutOfMemory",
        WorkerExit.OUT_OF_MEMORY,
        "The generator used more memory than its limit; a retry gets more.",
    )
    STORAGE_UNAVAILABLE = (
        "StorageUnavailable",
        WorkerExit.STORAGE_UNAVAILABLE,
        "The object store or the scratch folder cannot be used.",
    )
    CONTRACT_MISMATCH = (
        "ContractMismatch",
        WorkerExit.CONTRACT_MISMATCH,
        "The plan, the wave or the catalogue is not the one that the worker was started for.",
    )
    INVALID_OUTPUT = (
        "InvalidOutput",
        WorkerExit.INVALID_OUTPUT,
        "A sample is invalid for a reason that is not in this list.",
    )
    MISSING_FILE = (
        "MissingFile",
        WorkerExit.INVALID_OUTPUT,
        "A sample has no first_frame.png or no prompt.txt.",
    )
    UNSAFE_FILE = (
        "UnsafeFile",
        WorkerExit.INVALID_OUTPUT,
        "A file is not a regular file, or a name is not allowed or equal to another for readers.",
    )
    FILE_CHANGED = (
        "FileChanged",
        WorkerExit.INVALID_OUTPUT,
        "A file changed after it was checked: a process of the generator still writes to it.",
    )
    TOO_LARGE = (
        "TooLarge",
        WorkerExit.INVALID_OUTPUT,
        "A sample has too many files, bytes or pixels.",
    )
    DUPLICATE_ID = (
        "DuplicateId",
        WorkerExit.INVALID_OUTPUT,
        "The generator wrote two samples of one block to folders of the same name.",
    )
    EMPTY_PROMPT = (
        "EmptyPrompt",
        WorkerExit.INVALID_OUTPUT,
        "prompt.txt contains no visible text.",
    )
    PROMPT_NOT_UTF8 = ("PromptNotUtf8", WorkerExit.INVALID_OUTPUT, "prompt.txt is not UTF-8.")
    BAD_TEXT = (
        "BadText",
        WorkerExit.INVALID_OUTPUT,
        "A text file is not UTF-8, or contains control characters.",
    )
    BAD_METADATA = (
        "BadMetadata",
        WorkerExit.INVALID_OUTPUT,
        "metadata.json is too large, or not a JSON object that every reader reads.",
    )
    IMAGE_UNDECODABLE = (
        "ImageUndecodable",
        WorkerExit.INVALID_OUTPUT,
        "An image other than PNG does not decode.",
    )
    NOT_A_PNG = ("NotAPng", WorkerExit.INVALID_OUTPUT, "A .png file is not a PNG image.")
    PNG_TRUNCATED = ("PngTruncated", WorkerExit.INVALID_OUTPUT, "A PNG image does not decode.")
    VIDEO_EMPTY = ("VideoEmpty", WorkerExit.INVALID_OUTPUT, "A video has no frame.")
    VIDEO_UNDECODABLE = (
        "VideoUndecodable",
        WorkerExit.INVALID_OUTPUT,
        "A video does not decode in the format of its file name extension.",
    )
    UNKNOWN = (
        "Unknown",
        WorkerExit.GENERATOR_FAILED,
        "The attempt ended without a failure record: its pod or process is gone.",
    )

    @property
    def of_a_sample(self) -> bool:
        """Whether a generator child may report it of one sample."""
        return self is FailureReason.GENERATOR_FAILED or self.exit is WorkerExit.INVALID_OUTPUT


def parse_reason(text: object) -> FailureReason:
    """The reason of this name; UNKNOWN for every other value, for example a later version's."""
    return next((reason for reason in FailureReason if reason == text), FailureReason.UNKNOWN)
