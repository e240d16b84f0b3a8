"""GeneratorSelection: one entry of a run's `generators`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from vrdata.api.rules import unique_names
from vrdata.api.source import PlacedSource, SourceSpec
from vrdata.model import Model

MAX_SAMPLES = 10_000_000
INDEX_LIMIT = 100_000_000  # sample indexes are below it: ids have eight digits
# A catalogue name, or a glob of one.
SELECTOR = r"^[A-Za-z0-9*?\[][A-Za-z0-9_*?\[\]!-]{0,99}$"
# A name that no pipeline has: of a generator of class O or G, or a glob.
NO_PIPELINE = r"^[OGog][-_]|[*?\[]"
MAX_PLACES = 16
CONVERTER = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$"

Argument = Annotated[str, Field(min_length=1, max_length=256)]


class GeneratorSelection(Model):
    """One generator, or all that a glob matches."""

    name: str = Field(
        pattern=SELECTOR,
        max_length=100,
        description="A catalogue name, or a glob for generators of classes O and G. A glob with a "
        "prefix matches every spelling of it: O-* also matches O_maze, and Multi-* Multi_01. If "
        "several entries match, the exact name is used, else the first glob. "
        "Examples: O-maze, G-*, *.",
    )
    samples: int | None = Field(
        default=None,
        ge=1,
        le=MAX_SAMPLES,
        description="Samples of each matching generator. Default: spec.samples; of a pipeline "
        "with its own sources, all. Example: 1000.",
    )
    # Not 0: a default that the API server stores in a list makes each `kubectl apply` a change.
    start: int | None = Field(
        default=None,
        ge=0,
        le=INDEX_LIMIT - 1,
        description="Global index of the first sample; the run generates the samples start to "
        "start + samples - 1. A second run with the same seed and a later start extends a "
        "finished one. Default: 0. Example: 10000.",
    )
    args: tuple[Argument, ...] = Field(
        default=(),
        max_length=64,
        description="Extra command-line flags of a generator repository. "
        "Example: [--difficulty, hard].",
    )
    block_size: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Samples of one block, generated with one seed. Changing it changes the data. "
        "Default: the catalogue's. Example: 10.",
    )
    converter: str | None = Field(
        default=None,
        max_length=100,
        pattern=CONVERTER,
        description="Catalogue name of the converter or pipeline, if name is another one: so one "
        "converter can read several sources. Default: name. Example: M-import.",
    )
    source: SourceSpec | None = Field(
        default=None,
        description="Existing data that a converter (class M) reads. "
        "Example: {url: hf://OpenMOSS-Team/VideoThinkBench, config: Mazes, split: test}.",
    )

    sources: tuple[PlacedSource, ...] = Field(
        default=(),
        max_length=MAX_PLACES,
        description="Raw data that a pipeline (class M) reads at these places, instead of the "
        "catalogue's. Example: [{place: raw, url: s3://bucket/raw}].",
    )

    @property
    def catalogue_name(self) -> str:
        """Its name in the catalogue."""
        return self.converter or self.name

    @model_validator(mode="after")
    def _converter_has_source(self) -> GeneratorSelection:
        if self.converter and self.source is None and not self.sources:
            raise ValueError(
                f"{self.name} has a converter and no source: set source.url, or sources of a "
                "pipeline"
            )
        return self

    @model_validator(mode="after")
    def _source_or_sources(self) -> GeneratorSelection:
        if self.source is not None and self.sources:
            raise ValueError(
                f"{self.name} has source and sources: keep source for a converter, or sources for "
                "a pipeline"
            )
        return self

    @model_validator(mode="after")
    def _places_are_unique(self) -> GeneratorSelection:
        unique_names([one.place for one in self.sources])
        return self
