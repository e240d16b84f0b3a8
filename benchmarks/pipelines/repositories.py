"""The list of pipelines, and the raw data that each one reads."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

LIST = Path(__file__).with_name("repositories.yaml")
ITEMS = 6


class Source(BaseModel):
    """Raw data in a place; the fields are described in the list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: str
    folder: str = ""
    serves: tuple[str, ...] = ()
    ranges: bool = False


class Repository(BaseModel):
    """A pipeline of the list.

    Attributes:
        name: short, for this list.
        url: of its git repository.
        commit: 40 digits.
        layout: a module of `layouts` and its function.
        sources: what it reads.
        script: below its folder.
        samples: the flag for the number of samples.
        packages: what its requirements lack, as lines of a requirements.txt.
        spoil: a file of one of the first three items, or "".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    url: str
    commit: str
    layout: str
    sources: tuple[Source, ...]
    script: str = "examples/generate.py"
    samples: str = "--num-samples"
    packages: tuple[str, ...] = ()
    spoil: str = ""

    def make(self, folder: Path, items: int = ITEMS, *, spoilt: bool = False) -> None:
        """Make its raw data in a folder; `spoilt` makes the file `spoil` unreadable.

        Raises:
            ValueError: no file of an item can be spoilt.
        """
        module, _, name = self.layout.partition(".")
        getattr(import_module(f"benchmarks.pipelines.layouts.{module}"), name)(folder, items)
        if spoilt:
            if not (self.spoil and (folder / self.spoil).is_file()):
                raise ValueError(f"{self.name}: no file of an item can be spoilt")
            (folder / self.spoil).write_bytes(b"not what its name says")


def repositories() -> list[Repository]:
    """The pipelines of the list."""
    return [Repository.model_validate(one) for one in yaml.safe_load(LIST.read_text())]
