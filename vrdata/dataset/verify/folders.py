"""Find sample folders in a listing: `{domain}_task/{sample}/`, or folders that contain a frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from vrdata.dataset.verify.sample.content_hash import FRAMES
from vrdata.store.port import ObjectInfo, ObjectStore

ARCHIVE = ".tar.gz"
MAX_FILES = 10_000
"""Files of a folder that is not in a `{domain}_task` folder; one with more is not a sample."""

_TASK = "_task"
# The folder of a task may be in a folder whose name ends so, too: that of O_40_clock_task.
_SAMPLE = re.compile(r"(?:(?:.*/)?([^/]+)/)?[^/]+_task/([^/]+)(?<!_task)/([^/]+)")


def split_path(path: str) -> tuple[str, str, str]:
    """Generator ("" when the path does not name it), sample id and file name of a sample's file."""
    if match := _SAMPLE.fullmatch(path):
        return match[1] or "", match[2], match[3]
    generator, sample, name = ["", "", *path.split("/")][-3:]
    return generator, sample, name


def in_task(path: str) -> bool:
    """Whether a file is in `{domain}_task/{sample}/`."""
    return _SAMPLE.fullmatch(path) is not None


def base_of(store: ObjectStore) -> str:
    """What precedes the paths of samples: the root may be in a `{domain}_task` folder.

    It may be that folder, one of its samples, or any folder that directly contains a frame.
    Otherwise, and when the root contains `{domain}_task` folders, it is "".
    """
    parts = store.url.rstrip("/").split("/")
    depth = next((n for n in (1, 2) if len(parts) > n and parts[-n].endswith(_TASK)), 0)
    if depth and not any(_is_data(info.key) for info in store.list_after("")):
        return "/".join([*parts[-depth - 1 :], ""])
    if any(store.head(name) is not None for name in FRAMES):
        return "/".join([*parts[-2:], ""])
    return ""


def _is_data(key: str) -> bool:
    return key.endswith(ARCHIVE) or in_task(key)


@dataclass(slots=True)
class _Folder:
    """A folder whose listing has begun.

    Attributes:
        path: with a closing slash; "" for the root.
        sample: it is in a `{domain}_task` folder.
        inside: it is in a sample's folder.
    """

    path: str
    sample: bool
    inside: bool
    objects: list[ObjectInfo] = field(default_factory=list)

    def is_sample(self) -> bool:
        if self.sample:
            return True
        names = {info.key.rpartition("/")[2] for info in self.objects}
        return len(self.objects) <= MAX_FILES and not names.isdisjoint(FRAMES)

    def add(self, info: ObjectInfo) -> None:
        if self.sample or len(self.objects) <= MAX_FILES:
            self.objects.append(info)


def units(store: ObjectStore, base: str) -> Iterator[list[ObjectInfo]]:
    """Lists of the objects of one sample folder, or of one archive; one listing.

    Folders in a sample's folder are not samples. Memory: the files of a few folders.
    """
    opened: list[_Folder] = []
    for info in store.list_after(""):
        name = info.key.rpartition("/")[2]
        if not name:  # other tools mark a folder by an object whose key ends with a slash
            continue
        folder = (base + info.key)[: -len(name)]
        while opened and not folder.startswith(opened[-1].path):
            yield from _closed(opened.pop())
        if not opened or opened[-1].path != folder:
            inside = bool(opened) and (opened[-1].sample or opened[-1].inside)
            opened.append(_Folder(folder, not inside and in_task(f"{folder}x"), inside))
        if opened[-1].inside:
            continue
        if info.key.endswith(ARCHIVE) and not opened[-1].sample:
            yield [info]
        else:
            opened[-1].add(info)
    while opened:
        yield from _closed(opened.pop())


def _closed(folder: _Folder) -> Iterator[list[ObjectInfo]]:
    if folder.is_sample():
        yield folder.objects
