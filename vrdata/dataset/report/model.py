"""What the report says. Pure; equal datasets give equal facts, but for what failures say."""

from __future__ import annotations

from vrdata.contract.groups import FailureGroup
from vrdata.model import GeneratorClass, Model


class Parameter(Model):
    """One parameter of a sample, as texts."""

    name: str
    value: str


class Card(Model):
    """One sample on the page. All texts are capped and hold no lone surrogate.

    Attributes:
        where: the data object, or the sample's folder.
        metadata: metadata.json as indented JSON.
        first: path of the first frame's picture, relative to the page; "" when there is none.
        final: as `first`.
        clip: as `first`, of an H.264 MP4 that browsers play.
        video: the video's facts, e.g. `24 frames, 8 fps, 512 x 512`.
        encoder: who made the dataset's video, e.g. `x264 ultrafast crf21 yuv420p`.
        files: the sample's files with their sizes.
        notes: what could not be shown, and why.
    """

    generator: str
    generator_class: GeneratorClass
    index: int
    id: str
    block: int
    seed: int
    shard: int
    where: str
    prompt: str = ""
    parameters: tuple[Parameter, ...] = ()
    metadata: str = ""
    first: str = ""
    final: str = ""
    clip: str = ""
    video: str = ""
    encoder: str = ""
    files: tuple[Parameter, ...] = ()
    notes: tuple[str, ...] = ()


class GeneratorRow(Model):
    """One generator's line: what was planned, what is there, how many samples are shown."""

    name: str
    generator_class: GeneratorClass
    planned: int
    samples: int
    failed_samples: int
    duplicates: int
    shards: int
    planned_shards: int
    bytes: int
    cards: int
    digest: str


class ReportFacts(Model):
    """Everything the page shows but the cards.

    Attributes:
        finished: every shard is committed.
        dataset_hash: "" while the run is not finished.
        versions: the plan's, of what can change a byte.
        duplicate_examples: pairs of a duplicate and its original, `{generator}/{sample id}`.
        failures: groups, the largest first.
        more_failures: groups that are not listed.
    """

    namespace: str
    run: str
    finished: bool
    plan: str
    seed: int
    format: str
    video: str
    planned: int
    samples: int
    failed_samples: int
    duplicates: int
    shards: int
    planned_shards: int
    files: int
    bytes: int
    dataset_hash: str
    architectures: tuple[str, ...]
    versions: dict[str, str]
    generators: tuple[GeneratorRow, ...]
    duplicate_examples: tuple[tuple[str, str], ...]
    failures: tuple[FailureGroup, ...]
    more_failures: int
    cards: int
