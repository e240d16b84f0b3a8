"""Pinned sources: which data the converters of a run read, frozen before its plan. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from vrdata.api.run import GenerationRunSpec
from vrdata.api.source import Glob, Place, SourceSpec, SourceUrl, origin
from vrdata.model import API_VERSION, Model
from vrdata.plan.catalogue import GeneratorName
from vrdata.plan.pipelines import PipelineSource

Places = Mapping[str, tuple[PipelineSource, ...]]
"""What pipelines read, by the name of the generator, sorted by place."""

ITEMS_SHARE = 2  # items use at most this part of the scratch space of a block


class PlannedSource(Model):
    """The source of a converter as a plan has it: enough to read the same bytes again.

    Attributes:
        url: as in the run file.
        config: configuration of a Hub dataset, or "".
        split: split of a Hub dataset, or "".
        revision: the commit of a Hub dataset; "" for other sources, whose files have digests.
        items: number of items.
        parts: number of parts, which are fetched as a whole.
        digest: `sha256:…` over the list of parts (vrdata.sources.parts).
        licence: as the source declares it, or "".
    """

    url: SourceUrl
    config: str = ""
    split: str = ""
    revision: str = ""
    items: int = Field(ge=0)
    parts: int = Field(default=0, ge=0)
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    licence: str = ""


class PlannedPlace(PlannedSource):
    """A source of a pipeline: all its files are staged, below one folder.

    Attributes:
        items: number of files.
        place: see `PipelineSource`; `unpack`, `ranges`, `serves` and `terms` too.
        bytes: of all files.
    """

    place: Place
    include: tuple[Glob, ...] = ()
    unpack: bool = False
    ranges: bool = False
    serves: tuple[str, ...] = ()
    terms: str = ""
    bytes: int = Field(default=0, ge=0)


class SourceRecord(Model):
    """What a dataset says of a place of a pipeline.

    Attributes:
        url: of the source; of a local one, the name of its file or folder.
        revision: the commit of a Hub dataset; None for other sources.
        digest: of the list of its files.
        files: their number.
        bytes: of all of them.
        licence: as the source declares it; None if it does not.
        terms: what users of the data have to observe; None if nothing is stated.
    """

    place: str
    url: str
    revision: str | None = None
    digest: str
    files: int
    bytes: int
    licence: str | None = None
    terms: str | None = None

    @classmethod
    def of(cls, place: PlannedPlace) -> SourceRecord:
        """The record of a pinned source."""
        return cls(
            place=place.place,
            url=origin(place.url),
            revision=place.revision or None,
            digest=place.digest,
            files=place.items,
            bytes=place.bytes,
            licence=place.licence or None,
            terms=place.terms or None,
        )


class LargestPart(Model):
    """The part of a source that needs the most scratch space.

    Attributes:
        name: its first file.
        bytes: on a file system.
        items: that it has.
    """

    name: str
    bytes: int = Field(ge=0)
    items: int = Field(default=0, ge=0)


class PinnedSource(Model):
    """What was requested, and what it was when the run began; `largest` of a new pin."""

    requested: SourceSpec
    source: PlannedSource
    largest: LargestPart | None = None


class PinnedPlace(Model):
    """What a pipeline requested for a place, and what it was when the run began."""

    requested: PipelineSource
    source: PlannedPlace

    def fits(self, wanted: PipelineSource) -> bool:
        """Whether the same data is requested for the same use; the pinned revision is the same."""
        revisions = {self.requested.revision, self.source.revision}
        asked = request_of(self.requested.model_copy(update={"revision": wanted.revision}))
        return wanted.revision in revisions and request_of(wanted) == asked


class PinnedSources(Model):
    """The sources of a run by the name of the generator; `_vrdata/sources.json`.

    Attributes:
        sources: of converters.
        places: of pipelines, sorted by place.
    """

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["PinnedSources"] = "PinnedSources"
    sources: dict[GeneratorName, PinnedSource] = Field(default_factory=dict)
    places: dict[GeneratorName, tuple[PinnedPlace, ...]] = Field(default_factory=dict)

    @model_serializer(mode="wrap")
    def _without_no_places(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Earlier versions read the sources of runs without pipelines."""
        fields: dict[str, Any] = handler(self)
        return {name: value for name, value in fields.items() if value or name != "places"}


def requested_sources(spec: GenerationRunSpec) -> dict[str, SourceSpec]:
    """The sources that the converters of a run name, by the name of the generator."""
    return {item.name: item.source for item in spec.generators if item.source is not None}


def with_block_sizes(spec: GenerationRunSpec, sizes: Mapping[str, int]) -> GenerationRunSpec:
    """The run with the block size of each converter, for `pin_sources`.

    Args:
        spec: the run.
        sizes: by the name of the generator, as its plan has them.
    """
    generators = tuple(
        item
        if item.source is None
        else item.model_copy(update={"block_size": sizes.get(item.name, item.block_size)})
        for item in spec.generators
    )
    return spec.model_copy(update={"generators": generators})


def fits(pinned: PinnedSources, spec: GenerationRunSpec, places: Places) -> bool:
    """Whether the pinned sources are those that the run requests.

    Args:
        pinned: the sources.
        spec: of the run.
        places: what its pipelines read.
    """
    found = {name: one.requested for name, one in pinned.sources.items()}
    return (
        found == requested_sources(spec)
        and pinned.places.keys() == places.keys()
        and all(_all_fit(pinned.places[name], wanted) for name, wanted in places.items())
    )


def _all_fit(pinned: tuple[PinnedPlace, ...], wanted: tuple[PipelineSource, ...]) -> bool:
    return len(pinned) == len(wanted) and all(
        one.fits(other) for one, other in zip(pinned, wanted, strict=True)
    )


def request_of(source: PipelineSource) -> PipelineSource:
    """What is requested, without what the source had or said when its pipeline was added."""
    return source.model_copy(update={"digest": "", "licence": "", "terms": ""})
