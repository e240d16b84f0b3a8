"""Open a source from its URL: `hf://`, `s3://`, or a folder or file of this machine."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from vrdata.api.source import SourceSpec
from vrdata.errors import InvalidInputError
from vrdata.plan.sources import PlannedSource
from vrdata.sources.port import Source

if TYPE_CHECKING:
    from vrdata.sources.objects.source import ObjectsSource

_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):/")
_EXAMPLES = "hf://ORGANISATION/NAME, s3://BUCKET/PREFIX, or a folder or file of this machine"
_PAGE = re.compile(r"https?://(?:huggingface\.co|hf\.co)/datasets/([^/?#]+/[^/?#]+)", re.IGNORECASE)
_HUB_ONLY = ("config", "split", "revision")


def open_source(spec: SourceSpec, *, whole: bool = False) -> Source:
    """The source of a run file; no request is sent.

    A relative path is relative to the current folder, as in every command.

    Args:
        spec: what the run names.
        whole: each file is a part, even a table; without `config`, all files of a Hub dataset.

    Raises:
        InvalidInputError: the URL is of no supported kind, or fields do not fit it.
        VrdataError: a package is not installed.
        SourceNotFoundError: the file or folder does not exist.
        SourceAccessError: the AWS profile does not exist.
    """
    match = _SCHEME.match(spec.url)
    scheme = match[1].lower() if match else ""
    if scheme == "hf":
        module, kind = ("whole", "WholeDataset") if whole else ("source", "HubSource")
        hub = import_module(f"vrdata.sources.hub.{module}")  # needs huggingface_hub
        return cast("Source", getattr(hub, kind)(spec))
    if scheme not in {"", "file", "s3"}:
        page = _PAGE.match(spec.url)
        fix = f"for this dataset of the Hub, name hf://{page[1]}" if page else f"name {_EXAMPLES}"
        raise InvalidInputError(f"{scheme}: is not a supported source", fix=fix)
    for field in _HUB_ONLY:
        if getattr(spec, field):
            raise InvalidInputError(
                f"{spec.url} has no {field}",
                why="only datasets of the Hugging Face Hub have it",
                fix="remove it; name a longer URL or path, or set source.include of a run file",
            )
    if scheme == "s3":
        from vrdata.sources.objects.opening import open_bucket  # noqa: PLC0415 - boto3 is slow

        return open_bucket(spec.url, spec.include, _kind(whole=whole))
    from vrdata.sources.objects.opening import open_path  # noqa: PLC0415 - needs pyarrow

    return open_path(spec.url, _local_path(spec.url), spec.include, _kind(whole=whole))


def _kind(*, whole: bool) -> type[ObjectsSource]:
    from vrdata.sources.objects.source import ObjectsSource  # noqa: PLC0415 - needs pyarrow
    from vrdata.sources.objects.whole import WholeObjects  # noqa: PLC0415 - needs pyarrow

    return WholeObjects if whole else ObjectsSource


def open_planned(source: PlannedSource) -> Source:
    """A pinned source, to fetch its parts; raises as `open_source`."""
    return open_source(
        SourceSpec(
            url=source.url, config=source.config, split=source.split, revision=source.revision
        )
    )


def _local_path(url: str) -> Path:
    if not url.startswith("file:"):
        return Path(url).expanduser()
    host, slash, path = url.removeprefix("file:").removeprefix("//").partition("/")
    if host not in {"", "localhost"} or not slash:
        raise InvalidInputError(
            f"{url} does not name a file of this machine", fix="use three slashes: file:///folder"
        )
    return Path("/" + unquote(path))
