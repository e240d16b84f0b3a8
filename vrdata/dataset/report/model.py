"""What the report shows. Pure; equal datasets give equal facts, except for failure texts."""

from __future__ import annotations

from vrdata.contract.groups import FailureGroup
from vrdata.model import GeneratorClass, Model


class Parameter(Model):
    """One parameter of a sample, as texts."""

    name: str
    value: str


class Card(Model):
    """One sample on the page. All texts are bounded and have no lone surrogates.

    Attributes:
        where: the data object, or the sample's folder.
        metadata: metadata.json as indented JSON.
        first: path of the first frame's picture, relative to the page; "" if it has none.
        final: as `first`.
        clip: as `first`, of an H.264 MP4 that browsers play.
        video: the video's facts, e.g. `24 frames, 8 fps, 512 x 512`.
        encoder: the encoder of the dataset's video, e.g. `x264 ultrafast qp23 yuv420p`.
        files: the sample's files with their sizes.
        notes: what the card cannot show, and why.
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
    """A generator's row: planned, existing and shown samples."""

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
    """Everything that the page shows except the cards.

    Attributes:
        finished: every shard is committed.
        dataset_hash: "" while the run is not finished.
        hermetic: how far the kernel sandboxed the generators; "" when nothing is committed.
        versions: the plan's versions of everything that can change a byte.
        unit: `sample`, or `item` if the samples are the rows of items.
        compared: what is equal in duplicates.
        duplicate_examples: pairs of a duplicate and its original, `{generator}/{sample id}`.
        failures: groups, the largest first.
        more_failures: number of groups that are not listed.
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
    hermetic: str
    versions: dict[str, str]
    generators: tuple[GeneratorRow, ...]
    unit: str
    compared: str
    duplicate_examples: tuple[tuple[str, str], ...]
    failures: tuple[FailureGroup, ...]
    more_failures: int
    cards: int
