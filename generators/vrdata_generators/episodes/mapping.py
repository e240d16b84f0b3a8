"""Where an HDF5 file has what: the map. Pure."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from vrdata_generators.episodes.times import Unit


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TextPlace(_Part):
    """The text of the task."""

    path: str = Field("", description="A dataset with the text, or a group with one such dataset.")
    attribute: str = Field("", description="An attribute of `path` that has the text.")
    constant: str = Field("", description="The text itself, if the file has none.")

    @model_validator(mode="after")
    def _one(self) -> TextPlace:
        if bool(self.constant) == bool(self.path or self.attribute):
            raise ValueError("text needs a path, an attribute or a constant")
        return self


class SeriesPlace(_Part):
    """Values and their times: a group whose keys are times, or an array of steps."""

    keys: str = Field("", description="A group: each dataset is a step, its name is the time.")
    values: str = Field("", description="A dataset [steps, …]; needs `times` or `rate`.")
    times: str = Field("", description="A dataset [steps] with the times of `values`.")
    rate: float = Field(0.0, ge=0, le=1e6, description="Hz of `values` without times; from 0.")
    unit: Unit = Field("ns", description="Of keys and times: ns, us, ms or s.")

    @model_validator(mode="after")
    def _complete(self) -> SeriesPlace:
        if bool(self.keys) == bool(self.values):
            raise ValueError("name either keys or values")
        if self.values and bool(self.times) == bool(self.rate):
            raise ValueError("values need either times or a rate")
        if self.keys and (self.times or self.rate):
            raise ValueError("the keys are the times: remove times and rate")
        return self

    @property
    def place(self) -> str:
        """The group or dataset with the values."""
        return self.keys or self.values


class StepsPlace(SeriesPlace):
    """A part of the actions or observations."""

    names: tuple[str, ...] = Field((), description="Names of the values of a step.")


class CameraPlace(SeriesPlace):
    """The frames of a camera: uint8 arrays, or encoded images."""

    order: Literal["rgb", "bgr"] = Field("rgb", description="Order of the channels of arrays.")
    image: bool = Field(True, description="Store the first frame as a picture.")
    video: bool = Field(True, description="Store the frames as a clip.")


class EpisodeMap(_Part):
    """Where a file has its episodes. Paths are those of HDF5: `/` separates names of groups."""

    episodes: str = Field(
        "", description="Groups with one episode each, such as `data/*`; empty = the file is one."
    )
    text: TextPlace
    actions: tuple[StepsPlace, ...] = Field(min_length=1)
    observations: tuple[StepsPlace, ...] = Field(min_length=1)
    camera: CameraPlace | None = None
    cameras: dict[str, CameraPlace] = Field({}, description="More cameras by their names.")
    dtype: Literal["float64", "float32"] = Field("float64", description="Of values in the table.")

    @field_validator("actions", "observations", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value

    @field_validator("episodes")
    @classmethod
    def _last_part_only(cls, value: str) -> str:
        if "*" in str(PurePosixPath(value).parent):
            raise ValueError("only the last part of episodes can have a *")
        return value

    def names(self) -> dict[str, list[str]]:
        """Names of the values of `actions` and `observations`, of those that name all parts."""
        series = {"actions": self.actions, "observations": self.observations}
        return {
            column: [name for part in parts for name in part.names]
            for column, parts in series.items()
            if all(part.names for part in parts)
        }


FRANKA = EpisodeMap.model_validate(
    {
        "text": {"path": "task_description"},
        "actions": {"keys": "hand/right/policy_output"},
        "observations": {
            "keys": "right/franka/end_effector_pose",
            "names": ["x", "y", "z", "qx", "qy", "qz", "qw"],
        },
        "camera": {"keys": "oakd_front_view/color"},
    }
)
"""The default: a Franka arm with a hand and a camera, each step a dataset named by its time."""


def parse_map(text: str) -> EpisodeMap:
    """The map that YAML or JSON describes.

    Raises:
        ValueError: it is not a map; one line for each problem.
    """
    try:
        return EpisodeMap.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ValueError(f"the map is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        lines = []
        for one in error.errors(include_url=False, include_context=False, include_input=False):
            place = ".".join(map(str, one["loc"])) or "the map"
            lines.append(f"{place}: {one['msg'].removeprefix('Value error, ')}")
        raise ValueError("\n".join(lines)) from None
