"""Episodes of HDF5 files, one file after the other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path

from vrdata.errors import InvalidInputError, NotFoundError
from vrdata.privacy.variables import without_secrets
from vrdata.text import decode
from vrdata.timeseries.convert import recordings
from vrdata.timeseries.convert.media import Keep
from vrdata.timeseries.table.episode import Camera, Episode
from vrdata.timeseries.table.faults import find_faults
from vrdata_generators.episodes.mapping import FRANKA, EpisodeMap, parse_map
from vrdata_generators.episodes.recording import Clip, Recording

ENDINGS = (".h5", ".hdf5", ".hdf", ".he5")
_MAX_MAP = 2**20


def load_map(path: Path | None) -> EpisodeMap:
    """The map of a file; the default one without a file.

    Raises:
        NotFoundError: the file cannot be read.
        InvalidInputError: it is not a map.
    """
    if path is None:
        return FRANKA
    try:
        with path.open("rb") as file:
            return parse_map(decode(file.read(_MAX_MAP)))
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read", why=error.strerror or str(error)) from None
    except ValueError as error:
        raise InvalidInputError(
            f"{path} is not a map of an HDF5 file",
            why=str(error),
            fix="docs/timeseries-convert.md describes its fields",
        ) from None


def hdf5_files(places: Sequence[Path]) -> list[Path]:
    """The files, and those in folders in the order of their names.

    Raises:
        NotFoundError: a folder has no HDF5 file.
    """
    found: list[Path] = []
    for place in places:
        if not place.is_dir():
            found.append(place)
            continue
        inside = sorted(one for one in place.iterdir() if one.suffix.lower() in ENDINGS)
        if not inside:
            raise NotFoundError(
                f"{place} has no HDF5 file", fix=f"their names end with {', '.join(ENDINGS)}"
            )
        found += inside
    return found


def hdf5_episodes(
    files: Iterable[Path], layout: EpisodeMap, keep: Keep
) -> Generator[Episode, None, None]:
    """The episodes of files; memory holds one episode.

    Args:
        files: the files.
        layout: where they have what.
        keep: stores images and videos.

    Raises:
        NotFoundError: a file cannot be opened.
        InvalidInputError: a file does not have what the map says, or has invalid values; the error
            names file, group and key, or file, column and step.
    """
    row = 0
    for path in files:
        for recording in _recordings(path, layout):
            episode = _episode(recording, row, keep)
            for fault in find_faults(episode):
                raise InvalidInputError(
                    f"{path}: {fault}", fix="correct the file, or do not name it"
                )
            yield episode
            row += 1


def _recordings(path: Path, layout: EpisodeMap) -> Iterator[Recording]:
    """Those that a process of its own reads; it ends with the iteration."""
    command = [sys.executable, "-s", "-P", "-m", recordings.__name__]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=without_secrets(os.environ),
    )
    assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018
    try:
        with child.stdin as request:
            request.write(recordings.request_of(path, layout))
        yield from recordings.received(child.stdout)
    except (EOFError, BrokenPipeError):
        raise InvalidInputError(
            f"{path} cannot be read",
            why=_ended(child.wait()),
            fix="it is damaged: copy it again, or do not name it",
        ) from None
    except recordings.ReadingFailure as error:
        if error.is_absent:
            raise NotFoundError(error.what) from None
        raise InvalidInputError(
            error.what, fix="correct the file, or name other paths with --map"
        ) from None
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


def _ended(code: int) -> str:
    if code == -signal.SIGALRM:
        return "reading one episode took too long"
    return "the HDF5 library failed" + (f" with signal {-code}" if code < 0 else "")


def _episode(recording: Recording, row: int, keep: Keep) -> Episode:
    cameras = {name: _camera(clip, row, name, keep) for name, clip in recording.cameras.items()}
    first = cameras.pop("", Camera())
    return Episode(
        text=recording.text,
        actions=recording.actions.values,
        actions_timestamps=recording.actions.stamps,
        observations=recording.observations.values,
        observations_timestamps=recording.observations.stamps,
        image=first.image,
        video=first.video,
        video_start=first.video_start,
        video_timestamps=first.video_timestamps,
        cameras=cameras,
    )


def _camera(clip: Clip, row: int, name: str, keep: Keep) -> Camera:
    stem = name or "main"
    image = keep(row, f"{stem}.png", clip.image) if clip.image else None
    if not clip.video:
        return Camera(image)
    video = keep(row, f"{stem}.mp4", clip.video)
    return Camera(image, video, int(clip.stamps[0]), clip.stamps)
