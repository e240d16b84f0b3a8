"""Explain what any command can run into: missing packages, files that cannot be used."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib.util import find_spec

from vrdata.errors import ExitCode, VrdataError, install

WORKER = ("numpy", "PIL", "cv2", "av", "zlib_ng", "packaging")
LOCAL = (*WORKER, "pyarrow", "jinja2")
REPORT = ("av", "jinja2", "PIL")
_EXTRAS = (
    ("s3", ("boto3", "botocore")),
    ("local", LOCAL),  # a command needs all of it sooner or later
    ("import", ("huggingface_hub", "httpx2")),
    ("timeseries", ("h5py",)),
    ("desktop", ("mcap", "orjson", "zstandard", "lz4", "datasets")),
    ("operator", ("kopf", "kubernetes", "prometheus_client")),
)
_NAMES = {"PIL": "Pillow", "cv2": "opencv-python-headless", "jinja2": "Jinja2"}


class MissingPackageError(VrdataError):
    """A command needs a package of an extra that is not installed."""


class UnusableFileError(VrdataError):
    """The operating system refuses a file or folder."""

    exit_code = ExitCode.STORAGE


def require(packages: Iterable[str], what: str) -> None:
    """Check that packages are installed, before a command does half of its work.

    Args:
        packages: import names, all of one extra.
        what: what needs them, e.g. `a report`.

    Raises:
        MissingPackageError: one is not installed.
    """
    for name in packages:
        if not _is_installed(name):
            raise missing_package(name, what)


def missing_package(module: str, what: str = "this command") -> MissingPackageError:
    """The error for an import that failed, with the extra that has the package."""
    name = module.partition(".")[0]
    extra = next((extra for extra, names in _EXTRAS if name in names), "")
    shown = _NAMES.get(name, name)
    return MissingPackageError(
        f"{what} needs {shown}, which is not installed",
        fix=install(extra) if extra else f"pip install {shown}",
    )


def is_optional(error: ModuleNotFoundError) -> bool:
    """Whether the missing module belongs to an extra."""
    name = (error.name or "").partition(".")[0]
    return any(name in names for _, names in _EXTRAS)


def unusable(error: OSError) -> UnusableFileError:
    """The error for an OSError that no command explains better."""
    name = error.filename2 if error.filename2 is not None else error.filename
    where = os.fsdecode(name) if name is not None else "a file"
    return UnusableFileError(
        f"{where} cannot be used",
        why=error.strerror or str(error),
        fix="check the path, its permissions and the free space of its disk",
    )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ImportError:
        return False
