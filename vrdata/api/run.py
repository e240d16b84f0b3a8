"""GenerationRun: what to make. Written by users; never names an image, account or command."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from vrdata.api.metadata import Metadata, Name
from vrdata.api.rules import (
    folders_not_reserved,
    name_not_reserved,
    range_below,
    unique_names,
)
from vrdata.api.selection import INDEX_LIMIT, MAX_SAMPLES, NO_PIPELINE, GeneratorSelection
from vrdata.model import API_VERSION, Model, OutputFormat, VideoMode

MAX_GENERATORS = 1000
MAX_SEED = 2**53 - 1  # the largest integer that every JSON reader keeps exactly (RFC 8259, 6)
PREFIX = r"^[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*$"
OPTIONAL_PREFIX = rf"^$|{PREFIX}"


class OutputSpec(Model):
    """How the data is written."""

    format: OutputFormat = Field(
        default="webdataset",
        description="webdataset (tar shards), tar (tar.gz in folders), files, or parquet (tables). "
        "Default: webdataset.",
    )
    video: VideoMode = Field(
        default="h264",
        description="h264 (plays in every browser) or asIs (the file of the generator, unchanged). "
        "Default: h264.",
    )
    prefix: Annotated[str, AfterValidator(folders_not_reserved)] = Field(
        default="",
        max_length=200,
        pattern=OPTIONAL_PREFIX,
        description="Folder between the namespace and the run, not inside another run. "
        "Default: none. "
        "Example: experiments/november.",
    )


class DedupSpec(Model):
    """Removal of samples with equal content."""

    enabled: bool = Field(
        default=False,
        description="Must be false: this release counts duplicates and does not replace them. "
        "Default: false.",
    )
    on_exhausted: Literal["Fail", "Keep", "Drop"] = Field(
        default="Fail",
        description="What to do when no distinct sample is found: Fail, Keep or Drop. It has no "
        "effect in this release. Default: Fail.",
    )


class FailurePolicy(Model):
    """How many failures a run survives."""

    max_failed_samples: int = Field(
        default=0,
        ge=0,
        le=MAX_SAMPLES,
        description="Number of samples that may fail. Default: 0. Example: 10.",
    )
    retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="Number of retries of a failed shard. Interrupted attempts, for "
        "example by a deleted pod or an outage of the storage, are not charged. A failure that "
        "would certainly occur again is not retried. Default: 2.",
    )


class GenerationRunSpec(Model):
    """What to make, and how failures are treated."""

    profile: str = Field(
        default="default",
        min_length=1,
        max_length=63,
        description="Name of the GenerationProfile. Default: default.",
    )
    seed: int = Field(
        default=42, ge=0, le=MAX_SEED, description="The run's seed. Default: 42. Example: 7."
    )
    samples: int | None = Field(
        default=None,
        ge=1,
        le=MAX_SAMPLES,
        description="Samples of each generator without its own number. Example: 1000.",
    )
    generators: tuple[GeneratorSelection, ...] = Field(
        min_length=1,
        max_length=MAX_GENERATORS,
        description="The generators, each once. Example: [{name: O-maze, samples: 100}].",
    )
    shard_size: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Samples of one shard, rounded to whole blocks. Default: at most 512 samples, "
        "256 MiB or 10 minutes. Example: 300.",
    )
    parallelism: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="Number of concurrent shards. Default: what the profile or the machine allows. "
        "Example: 8.",
    )
    output: OutputSpec = Field(
        default=OutputSpec(), description="How the data is written. Example: {format: files}."
    )
    dedup: DedupSpec = Field(
        default=DedupSpec(), description="Duplicates. Example: {enabled: false}."
    )
    failure_policy: FailurePolicy = Field(
        default=FailurePolicy(), description="Failures. Example: {maxFailedSamples: 10}."
    )
    allow_nondeterministic: bool = Field(
        default=False,
        description="Allow generators without a seed flag; their data cannot be generated again. "
        "Default: false.",
    )
    suspend: bool = Field(default=False, description="Start no new shard. Default: false.")
    active_deadline_seconds: int | None = Field(
        default=None,
        ge=1,
        le=31_536_000,
        description="Seconds after which the run is ended; they restart when a suspended run is "
        "resumed. Default: none. Example: 86400.",
    )
    ttl_seconds_after_finished: int | None = Field(
        default=None,
        ge=0,
        le=31_536_000,
        description="Seconds after which the finished object is deleted; the data is kept. "
        "Default: never. Example: 604800.",
    )
    queue_name: str = Field(
        default="",
        max_length=63,
        description="Queue of the cluster's batch scheduler. Default: none. Example: gpu.",
    )

    @model_validator(mode="after")
    def _names_are_unique(self) -> GenerationRunSpec:
        unique_names([item.name for item in self.generators])
        return self

    @model_validator(mode="after")
    def _every_generator_has_samples(self) -> GenerationRunSpec:
        without = [
            item.name
            for item in self.generators
            if item.samples is None and item.source is None and re.search(NO_PIPELINE, item.name)
        ]
        if without and self.samples is None:
            raise ValueError(
                f"samples is missing for {', '.join(without)}: set spec.samples, or samples of each"
            )
        return self

    @model_validator(mode="after")
    def _indexes_have_eight_digits(self) -> GenerationRunSpec:
        for item in self.generators:
            samples = item.samples or self.samples or 0
            range_below(INDEX_LIMIT, item.name, item.start or 0, samples)
        return self


class RunMetadata(Metadata):
    """The metadata of a run."""

    name: Annotated[Name, AfterValidator(name_not_reserved)] = Field(
        description="Name of the object: lower-case letters, digits and dashes, at most 40 "
        "characters; not data, index, questions, report or shards. Example: demo."
    )


class GenerationRun(Model):
    """A run: generators, samples, seed. `kubectl apply` and `vrdata run` take the same file."""

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["GenerationRun"] = "GenerationRun"
    metadata: RunMetadata = Field(description="Name and namespace. Example: {name: demo}.")
    spec: GenerationRunSpec = Field(description="What to generate.")
    status: dict[str, Any] | None = Field(
        default=None, exclude=True, description="Written by the operator; ignored when read."
    )
