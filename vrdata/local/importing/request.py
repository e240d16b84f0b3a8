"""What a user asks to import, and the run that does it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from pydantic import Field, ValidationError

from vrdata.api.run import FailurePolicy, GenerationRun, GenerationRunSpec, OutputSpec, RunMetadata
from vrdata.api.selection import MAX_SAMPLES, GeneratorSelection
from vrdata.api.source import SourceSpec
from vrdata.errors import UsageError
from vrdata.local.importing.known import CONVERTER, HUB, Dataset
from vrdata.model import Model, OutputFormat, canonical_json
from vrdata_generators.columns import ALIASES

MAX_NAME = 100  # characters of a generator's name


class ImportRequest(Model):
    """One import; equal requests are the same run.

    Attributes:
        dataset: the known dataset, or the URL or path.
        url: of the source.
        prefix: the first part of the samples' ids.
        configs: configurations, in their order; () = the only one.
        split: "" = the only one.
        revision: branch, tag or commit; "" = the default one.
        limit: the most items of all configurations together; None = all.
        options: of the converter.
        block_size: items that one process converts; None = the converter's.
    """

    dataset: str
    url: str
    prefix: str
    configs: tuple[str, ...] = ()
    split: str = ""
    revision: str = ""
    limit: int | None = None
    options: dict[str, str] = Field(default_factory=dict)
    block_size: int | None = None

    @property
    def digest(self) -> str:
        """Ten hex digits that tell requests apart."""
        return hashlib.sha256(canonical_json(self.to_dict())).hexdigest()[:10]

    @property
    def run_name(self) -> str:
        """The name of its run."""
        return f"{self.prefix.replace('_', '-')}-{self.digest}"

    def sample_id(self, index: int) -> str:
        """The id of a sample, such as `vtb_test_00017`.

        Args:
            index: its index among the items of all configurations.
        """
        return "_".join(part for part in (self.prefix, slug_of(self.split), f"{index:05d}") if part)


def slug_of(split: str) -> str:
    """The split in ids: with the characters that names of folders allow."""
    return re.sub(r"[^A-Za-z0-9-]+", "_", split).strip("_")


def import_request(  # noqa: PLR0913 - one option each
    dataset: Dataset,
    *,
    configs: tuple[str, ...] = (),
    split: str = "",
    revision: str = "",
    limit: int | None = None,
    options: Mapping[str, str] | None = None,
    block_size: int | None = None,
) -> ImportRequest:
    """The request for a dataset; what is not given is the dataset's default.

    Args:
        dataset: the dataset.
        configs: configurations, each once.
        split: the split.
        revision: the revision.
        limit: the most items; 0 and None = all.
        options: of the converter.
        block_size: items that one process converts; 0 and None = the converter's.

    Raises:
        UsageError: a configuration is given twice, or there is no such option, or the dataset has
            no configurations, splits and revisions.
    """
    if not dataset.url.lower().startswith(HUB):
        _refuse_hub_options(dataset, {"config": configs, "split": split, "revision": revision})
    twice = sorted({name for name in configs if configs.count(name) > 1})
    if twice:
        raise UsageError(f"--config {twice[0]} is given twice", fix="give each one once")
    unknown = sorted((options or {}).keys() - ALIASES.keys())
    if unknown:
        raise UsageError(
            f"--map {unknown[0]}=…: a sample has no such field",
            fix=f"use one of {', '.join(ALIASES)}",
        )
    return ImportRequest(
        dataset=dataset.name,
        url=dataset.url,
        prefix=dataset.prefix,
        configs=configs or dataset.configs,
        split=split or dataset.split,
        revision=revision,
        limit=limit or None,
        options=dataset.options | dict(options or {}),
        block_size=block_size or None,
    )


def import_run(request: ImportRequest, output_format: OutputFormat) -> GenerationRun:
    """The run of an import: one generator for each configuration.

    An item that cannot be converted is dropped and reported, however many there are. Videos keep
    their bytes.

    Args:
        request: the import.
        output_format: how its data is stored.

    Raises:
        UsageError: the URL, a configuration, the split or the revision cannot be that of a source.
    """
    try:
        return _run(request, output_format)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_input=False)[0]
        raise _unusable(str(detail["loc"][-1]), detail["msg"]) from None


def _unusable(field: str, why: str) -> UsageError:
    if field != "url":
        return UsageError(f"--{field} cannot be used", why=why, fix="give its name in the dataset")
    return UsageError(
        "the URL of the source cannot be used",
        why="it has white space, or more than 2000 characters",
        fix="write hf://ORGANISATION/NAME or s3://BUCKET/PREFIX",
    )


def _run(request: ImportRequest, output_format: OutputFormat) -> GenerationRun:
    names = _names(request)
    generators = tuple(
        GeneratorSelection(
            name=generator,
            converter=CONVERTER if generator != CONVERTER else None,
            args=tuple(f"{name}={value}" for name, value in sorted(request.options.items())),
            block_size=request.block_size,
            source=SourceSpec(
                url=request.url,
                config=config,
                split=request.split,
                revision=request.revision,
                limit=request.limit,
            ),
        )
        for generator, config in names.items()
    )
    return GenerationRun(
        metadata=RunMetadata(name=request.run_name),
        spec=GenerationRunSpec(
            generators=generators,
            output=OutputSpec(format=output_format, video="asIs"),
            failure_policy=FailurePolicy(max_failed_samples=MAX_SAMPLES),
        ),
    )


def _refuse_hub_options(dataset: Dataset, given: Mapping[str, object]) -> None:
    for option in (name for name, value in given.items() if value):
        raise UsageError(
            f"--{option} does not apply to {dataset.name}",
            why="only datasets of the Hugging Face Hub have it",
            fix=f"remove --{option}; for a part of the data, name a longer path or URL",
        )


def _names(request: ImportRequest) -> dict[str, str]:
    """The configuration of each generator by the generator's name."""
    found: dict[str, str] = {}
    for config in request.configs or ("",):
        name = re.sub(r"[^A-Za-z0-9_-]+", "_", config).strip("_-") or request.prefix
        name = name[: MAX_NAME - 4]
        number = 2
        unique = name
        while unique in found:
            unique, number = f"{name}_{number}", number + 1
        found[unique] = config
    return found
