"""The catalogue: the generators of an image or a folder, with their facts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from vrdata.api.rules import unique_names
from vrdata.hermetic import Hermetic
from vrdata.model import API_VERSION, GeneratorClass, Model
from vrdata.plan.pipelines import Pipeline

GENERATOR_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$"

GeneratorName = Annotated[str, Field(pattern=GENERATOR_NAME)]


class Flags(Model):
    """Command-line flags of a generator repository's `examples/generate.py`, as probed once.

    None = the script has no such flag; None is also the default, as JSON leaves it out.
    Unknown flags are ignored: catalogues written by earlier versions have `noVideo`.
    """

    model_config = ConfigDict(extra="ignore")

    samples: str = "--num-samples"
    output: str = "--output"
    seed: str | None = None


class Measured(Model):
    """Figures of a small real run, used for automatic shard sizes and for forecasts.

    Attributes:
        seconds_per_sample: CPU seconds of one child per sample.
        peak_memory_bytes: resident peak of one child.
        bytes_per_sample: bytes of all files of one sample (H.264 video).
    """

    seconds_per_sample: float = Field(gt=0)
    peak_memory_bytes: int = Field(ge=0)
    bytes_per_sample: int = Field(ge=1)


class Acceleration(Model):
    """Whether library calls are replaced by faster ones with identical pixels, and why."""

    enabled: bool
    reason: str


class CatalogueEntry(Model):
    """One generator.

    Attributes:
        generator_class: O (static), G (dynamic), M (imports existing data).
        kind: `builtin` = a first-party generator of vrdata_generators; `api` = a folder whose
            `generator.py` uses the API of vrdata_generators; `repository` = a folder with
            `examples/generate.py`; `converter` = a Converter: first-party, or of an installed
            package (`path` empty), or of a folder with `converter.py`; `pipeline` = a repository
            that converts raw data.
        digest: `sha256:…` over everything of the generator that can change a byte: its files
            and the exact versions of its environment.
        path: the generator's folder, relative to the catalogue file (empty for a builtin).
        python: interpreter of its environment, relative to the catalogue file (empty = the
            worker's own).
        mode: `stream` = samples arrive one at a time; `whole` = the repository generates a block
            before it writes; `bare` = like whole, from an interpreter that has not imported
            the repository (it cannot be imported ahead).
        sequential: each sample is finished before the next one is begun, so the finished samples
            of a block that fails are kept.
        seeded: False when the repository has no seed flag; it is then refused unless the run
            allows nondeterminism.
        domain: the sample folder's prefix seen in its output, for information only.
        notes: what `video: h264` does not keep of its videos, as seen when it was added.
        hermetic: how far the kernel sandboxed it when it was added; None = not known.
        rows: a converter that gives rows of a declared schema instead of samples.
        pipeline: facts of a pipeline; None for every other kind.
    """

    name: GeneratorName
    generator_class: GeneratorClass = Field(alias="class")
    kind: Literal["builtin", "api", "repository", "converter", "pipeline"]
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    path: str = ""
    python: str = ""
    mode: Literal["stream", "whole", "bare"] = "stream"
    sequential: bool = False
    flags: Flags = Flags()
    seeded: bool = True
    block_size: int = Field(default=10, ge=1, le=1000)
    acceleration: Acceleration = Acceleration(enabled=False, reason="not tested")
    measured: Measured | None = None
    domain: str = ""
    notes: tuple[str, ...] = ()
    hermetic: Hermetic | None = None
    rows: bool = False
    requirements: tuple[str, ...] = ()
    license: str = ""
    source: str = ""
    commit: str = ""
    pipeline: Pipeline | None = None


def _unique(entries: tuple[CatalogueEntry, ...]) -> tuple[CatalogueEntry, ...]:
    unique_names(entry.name for entry in entries)
    return entries


Entries = Annotated[tuple[CatalogueEntry, ...], AfterValidator(_unique)]


class Catalogue(Model):
    """The generators that may be named in a run. Names are unique."""

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["GeneratorCatalogue"] = "GeneratorCatalogue"
    generators: Entries = ()

    def get(self, name: str) -> CatalogueEntry | None:
        """The entry with this name, or None."""
        return next((entry for entry in self.generators if entry.name == name), None)


class ImageCatalogue(Model):
    """The generators of a worker image, and the versions that can change a byte."""

    api_version: Literal["vrdata.dev/v1alpha1"] = API_VERSION
    kind: Literal["ImageCatalogue"] = "ImageCatalogue"
    image_digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    versions: dict[str, str]
    generators: Entries

    @property
    def catalogue(self) -> Catalogue:
        """The generators alone."""
        return Catalogue(generators=self.generators)
