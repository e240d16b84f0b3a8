"""`meta/info.json` of a LeRobot dataset: version, rate, features and where the files are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vrdata.errors import InvalidInputError, NotFoundError

VERSIONS = ("v2.0", "v2.1", "v3.0")
NUMBERS = ("float64", "float32", "int64", "int32")
_INFO = "meta/info.json"
_FIELD = re.compile(r"\{(\w+)(?::0?(\d{1,2})d)?\}")


class Feature(BaseModel):
    """A column of a dataset, or a camera."""

    model_config = ConfigDict(extra="ignore")

    dtype: str
    shape: tuple[int, ...] = ()
    names: Any = None

    @property
    def is_vector(self) -> bool:
        """Whether each step has one number, or a row of them."""
        return self.dtype in NUMBERS and len(self.shape) <= 1

    def step_names(self) -> list[str]:
        """Names of the values of a step; [] = there are none."""
        found = self.names
        if isinstance(found, dict) and len(found) == 1:
            (found,) = found.values()
        fits = isinstance(found, list) and len(found) == (self.shape or (1,))[0]
        return [str(name) for name in found] if fits else []


class Info(BaseModel):
    """The fields of `meta/info.json` that are read."""

    model_config = ConfigDict(extra="ignore")

    codebase_version: str
    fps: float = Field(ge=1e-3, le=1e6)
    features: dict[str, Feature]
    data_path: str
    video_path: str | None = None
    chunks_size: int = Field(1000, ge=1)
    total_episodes: int = Field(0, ge=0)


@dataclass(frozen=True)
class Folder:
    """A dataset on the disk.

    Attributes:
        root: its folder.
        info: what `meta/info.json` says.
    """

    root: Path
    info: Info

    @property
    def is_current(self) -> bool:
        """Whether it has version 3.0: several episodes in a file."""
        return self.info.codebase_version == "v3.0"

    def file(self, path: str) -> Path:
        """A file of the dataset.

        Raises:
            InvalidInputError: the path leads out of the folder.
            NotFoundError: it is missing.
        """
        parts = PurePosixPath(path)
        if parts.is_absolute() or ".." in parts.parts:
            raise InvalidInputError(f"{_INFO} of {self.root} names {path!r}, outside of its folder")
        found = self.root / parts
        if not _is_file(found):
            raise NotFoundError(
                f"{self.root} lacks {path}",
                why=f"a LeRobot dataset {self.info.codebase_version} needs it",
                fix="download the dataset again, completely",
            )
        return found

    def placed(self, template: str, values: Mapping[str, int | str]) -> Path:
        """The file that a template such as `data/chunk-{chunk_index:03d}/…` names."""

        def filled(match: re.Match[str]) -> str:
            value = values.get(match[1])
            if value is None:
                raise InvalidInputError(f"{_INFO} of {self.root}: unknown field {match[0]}")
            return f"{value:0{match[2]}d}" if match[2] and isinstance(value, int) else str(value)

        return self.file(_FIELD.sub(filled, template))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # its name is too long
        return False


def open_folder(root: Path) -> Folder:
    """Read `meta/info.json`.

    Raises:
        NotFoundError: the folder is not a LeRobot dataset.
        InvalidInputError: it has another version, or is damaged.
    """
    path = root / _INFO
    try:
        body = path.read_bytes()
    except OSError as error:
        raise NotFoundError(
            f"{root} is not a LeRobot dataset: {_INFO} cannot be read",
            why=error.strerror or str(error),
            fix="name the folder that contains meta/, data/ and videos/",
        ) from None
    try:
        info = Info.model_validate_json(body)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        place = ".".join(map(str, detail["loc"])) or "the document"
        raise InvalidInputError(f"{path} is damaged", why=f"{place}: {detail['msg']}") from None
    if info.codebase_version not in VERSIONS:
        raise InvalidInputError(
            f"{root} has version {info.codebase_version} of the LeRobot format",
            why=f"vrdata reads {', '.join(VERSIONS)}",
            fix="convert it with the scripts of LeRobot",
        )
    return Folder(root, info)
