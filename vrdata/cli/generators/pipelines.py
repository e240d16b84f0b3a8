"""The sources of a pipeline, from the options of `vrdata generators add`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vrdata.errors import InvalidInputError, NotFoundError, UsageError

if TYPE_CHECKING:
    from vrdata.plan.pipelines import Pipeline

_FORM = "write URL=PLACE, for example s3://bucket/prefix=raw"


def pipeline_of(given: list[str], file: Path | None, script: str) -> Pipeline | None:
    """The pipeline that the options describe; None if they describe none.

    Args:
        given: each `URL=PLACE`.
        file: YAML with a list of sources.
        script: relative to the repository, or "".

    Raises:
        UsageError: an option is invalid.
        InvalidInputError: a source is invalid.
        NotFoundError: there is no such file.
    """
    from pydantic import ValidationError

    from vrdata.plan.pipelines import Pipeline

    if not given and file is None and not script:
        return None
    records = [*(_read(file) if file is not None else ()), *map(_record, given)]
    fields: dict[str, Any] = {"sources": records} | ({"script": script} if script else {})
    try:
        pipeline = Pipeline.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(f"{where}: {first['msg']}", fix=_FORM) from None
    places = [source.place for source in pipeline.sources]
    if len(set(places)) < len(places):
        raise UsageError("two sources have the same place", fix="give each one a folder of its own")
    return pipeline


def _record(text: str) -> dict[str, str]:
    url, sign, place = text.rpartition("=")
    if not sign or not url or not place:
        raise UsageError(f"--source {text!r} has no place", fix=_FORM)
    return {"url": _absolute(url), "place": place.rstrip("/")}


def _absolute(url: str) -> str:
    """A URL; a path is made absolute, because the catalogue is read from any folder."""
    return url if "://" in url else str(Path(url).expanduser().absolute())


def _read(file: Path) -> list[Any]:
    import yaml

    try:
        found = yaml.safe_load(file.read_bytes())
    except OSError as error:
        raise NotFoundError(
            f"{file} cannot be read", why=error.strerror or str(error), fix="name a YAML file"
        ) from None
    except yaml.YAMLError as error:
        raise InvalidInputError(f"{file} is not valid YAML", why=str(error)) from None
    if not isinstance(found, list):
        raise InvalidInputError(
            f"{file} is not a list", fix="write a list of sources, each with url and place"
        )
    return [
        {**one, "url": _absolute(one["url"])}
        if isinstance(one, dict) and isinstance(one.get("url"), str)
        else one
        for one in found
    ]
