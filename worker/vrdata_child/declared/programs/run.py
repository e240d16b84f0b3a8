"""Run a stand-in program."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from vrdata_child.declared.programs import aws, video
from vrdata_child.declared.programs.real import NotInstalledError, pass_on
from vrdata_child.declared.refusing import Recorder, RefusedError

_IMAGE = "programs and packages are part of the worker image: see docs/images.md"
_PACKAGES = "add the package to the repository's requirements"
_SOURCE = "declare a source with --source"
_REFUSED: Mapping[str, tuple[str, str]] = {
    **dict.fromkeys(("apt", "apt-get", "conda"), ("install packages", _IMAGE)),
    "sudo": ("get the rights of root", _IMAGE),
    **dict.fromkeys(("pip", "pip3"), ("install packages", _PACKAGES)),
    **dict.fromkeys(("curl", "wget", "gsutil"), ("use the network", _SOURCE)),
    "git": ("use the network", _SOURCE),
}
# The other commands of these programs do not need the network.
_OF_NETWORK = {
    "git": frozenset({"clone", "fetch", "pull", "push", "ls-remote", "remote", "submodule", "lfs"}),
    **dict.fromkeys(("pip", "pip3"), frozenset({"install", "download", "wheel", "uninstall"})),
}
_MAX_SHOWN = 120  # characters of a command line

Program = Callable[[Path, Sequence[str]], int]
_RUN: Mapping[str, Program] = {"aws": aws.run, "ffmpeg": video.ffmpeg, "ffprobe": video.ffprobe}
PROGRAMS = (*_RUN, *_REFUSED)


def main() -> None:
    """Run the program that the command line names: the folder of the block, name, arguments."""
    folder, name, *args = sys.argv[1:]
    try:
        code = run(Path(folder), name, args)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    sys.exit(code)


def run(folder: Path, name: str, args: Sequence[str]) -> int:
    """Run a stand-in program; returns its exit code, or becomes the real program.

    Args:
        folder: of the block.
        name: of the program.
        args: its arguments.
    """
    try:
        if name in _RUN:
            return _RUN[name](folder, args)
        return _refuse(folder, name, args)
    except RefusedError as refused:
        Recorder(folder, name).add(refused.what)
        print(f"{name}: {refused}", file=sys.stderr)  # noqa: T201 - a program
        return 1
    except NotInstalledError as error:
        Recorder(folder, name).add(f"start {error.name}, which is not installed")
        print(f"{name}: {error}", file=sys.stderr)  # noqa: T201 - as above
        return 127
    except OSError as error:
        print(f"{name}: {error}", file=sys.stderr)  # noqa: T201 - as above
        return 1


def _refuse(folder: Path, name: str, args: Sequence[str]) -> int:
    command = next((word for word in args if not word.startswith("-")), "")
    if name in _OF_NETWORK and command not in _OF_NETWORK[name]:
        return pass_on(folder, name, args)
    shown = " ".join([name, *args])[:_MAX_SHOWN]
    tries, fix = _REFUSED[name]
    raise RefusedError(f"{tries}: {shown}", f"refused to {tries}: {shown}; {fix}")
