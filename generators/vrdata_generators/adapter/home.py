"""The home of added generators: their copies, environments and catalogue."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vrdata.errors import VrdataError
from vrdata.model import VideoMode
from vrdata.plan.catalogue import Catalogue, CatalogueEntry
from vrdata_worker.child.launch import Launch, launch_of
from vrdata_worker.image.catalogues import REPLACED, Located, locate, read_catalogue
from vrdata_worker.scratch import scratch_folder

VARIABLE = "VRDATA_GENERATORS"
CATALOGUE = "catalogue.json"


def default_home() -> Path:
    """`$VRDATA_GENERATORS`, else `$XDG_DATA_HOME/vrdata/generators`."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).expanduser().absolute()
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser().absolute() / "vrdata" / "generators"


@dataclass(frozen=True, slots=True)
class Home:
    """A folder with `catalogue.json`, `repos/`, `envs/` and `probes/`."""

    path: Path

    @property
    def catalogue(self) -> Path:
        """The catalogue file; it may not exist yet."""
        return self.path / CATALOGUE

    @property
    def repositories(self) -> Path:
        """Folder of the copies: `{name}-{12 digits of the digest}`."""
        return self.path / "repos"

    @property
    def environments(self) -> Path:
        """Folder of the virtual environments, one per distinct requirement set."""
        return self.path / "envs"

    @property
    def probes(self) -> Path:
        """Folder of the assessments: one file for each digest."""
        return self.path / "probes"

    def create(self) -> None:
        """Create the folders.

        Raises:
            VrdataError: they cannot be created.
        """
        try:
            for folder in (self.repositories, self.environments, self.probes):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VrdataError(
                f"the folder of added generators, {self.path}, cannot be used",
                why=error.strerror or str(error),
                fix=f"name another folder with --home DIR or {VARIABLE}",
            ) from None

    def read(self) -> Catalogue:
        """The catalogue of the added generators; empty until one is added.

        Raises:
            InvalidInputError: the file is not a catalogue.
        """
        return read_catalogue(self.catalogue) if self.catalogue.exists() else Catalogue()

    @contextmanager
    def exclusive(self) -> Iterator[Catalogue]:
        """The catalogue, while no other process can change it."""
        self.create()
        with (self.path / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.read()

    def write(self, catalogue: Catalogue) -> None:
        """Replace the catalogue file atomically; generators are sorted by name."""
        _write(self.catalogue, catalogue)

    def read_replaced(self) -> Catalogue:
        """The entry that each replaced generator had before."""
        file = self.path / REPLACED
        return read_catalogue(file) if file.exists() else Catalogue()

    def write_replaced(self, catalogue: Catalogue) -> None:
        """Replace the file of replaced entries; without entries there is no file."""
        if catalogue.generators:
            _write(self.path / REPLACED, catalogue)
        else:
            (self.path / REPLACED).unlink(missing_ok=True)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A private folder on the file system of the home; removed on exit.

        Raises:
            VrdataError: it cannot be created.
        """
        self.create()
        with scratch_folder(self.path) as folder:
            yield folder


def _write(path: Path, catalogue: Catalogue) -> None:
    ordered = sorted(catalogue.generators, key=lambda entry: entry.name)
    in_order = catalogue.model_copy(update={"generators": tuple(ordered)})
    text = in_order.model_dump_json(by_alias=True, indent=2, exclude_none=True)
    write_atomically(path, text + "\n")


def write_atomically(path: Path, text: str) -> None:
    """Write a text file so that readers see either the old or the new content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}-", delete=False, encoding="utf-8"
    ) as file:
        temporary = Path(file.name)
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            temporary.chmod(0o644)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def load_catalogue_with_builtin(home: Home) -> tuple[Catalogue, Path]:
    """All generators that a run on this machine can name: first-party and added ones.

    Args:
        home: it need not have a catalogue.

    Returns:
        The merged catalogue, sorted by name, and the catalogue file that its paths are relative
        to (it does not exist until a generator is added).

    Raises:
        InvalidInputError: it is not a catalogue, or it has an entry with a first-party name.
    """
    located = locate((home.catalogue,) if home.catalogue.exists() else ())
    entries = sorted((one.entry for one in located.values()), key=lambda entry: entry.name)
    return Catalogue(generators=tuple(entries)), home.catalogue


def launch_for(entry: CatalogueEntry, catalogue: Path, video: VideoMode) -> Launch:
    """How to start the generator of a catalogue entry.

    Args:
        entry: from the catalogue file `catalogue`, or a first-party one.
        catalogue: the file that the entry's paths are relative to.
        video: how its videos are stored.
    """
    return launch_of(Located(entry, catalogue.parent.absolute()), video)
