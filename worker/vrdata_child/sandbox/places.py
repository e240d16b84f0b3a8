"""The files that a generator can read and write."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from vrdata_child.sandbox.landlock import (
    IOCTL_DEV,
    MAKE_REG,
    READ,
    READ_DIR,
    READ_FILE,
    REMOVE_FILE,
    TRUNCATE,
    WRITE,
    WRITE_FILE,
    Grant,
)
from vrdata_child.sandbox.settings import SETTINGS

# Programs and libraries. The rest of /etc, /var and /home is the machine's or the user's.
_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store"),
    *("/home/linuxbrew/.linuxbrew", "/var/lib/ghostscript", "/var/lib/texmf"),
    *("/var/cache/fontconfig", "/var/cache/ldconfig"),
)
_PROCESSORS = ("/sys/devices/system/cpu", "/sys/devices/system/node", "/sys/fs/cgroup")
# No pseudo-terminals: the user's own are in the same folder.
_DEVICES = ("null", "zero", "full", "random", "urandom")
_GPUS = (
    *("dri", "kfd", "dxg", "nvidiactl", "nvidia-caps", "nvidia-modeset", "nvidia-uvm"),
    *("nvidia-uvm-tools", *(f"nvidia{number}" for number in range(16))),
)
_GPU_FACTS = ("/sys/bus/pci", "/sys/class/drm", "/sys/class/kfd", "/sys/dev/char", "/sys/devices")
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where POSIX shared memory and semaphores are
# It cannot be listed, so a process finds only the names that it knows.
_SHARED = MAKE_REG | READ_FILE | WRITE_FILE | REMOVE_FILE | TRUNCATE


def readable(folders: Iterable[str], python: str, environ: Mapping[str, str]) -> list[Grant]:
    """What a generator needs to run: code, libraries, fonts, devices.

    Args:
        folders: of the generator.
        python: its interpreter, as a path in its environment.
        environ: `PATH`, `LD_LIBRARY_PATH` and `PYTHONPATH` name further programs and libraries.
    """
    paths = [*_SYSTEM, *(f"/etc/{name}" for name in SETTINGS), *_PROCESSORS, *folders]
    paths += _interpreter(Path(python))
    paths += _packages(environ)
    paths += _programs(environ)
    grants = [Grant(path, READ) for path in dict.fromkeys(paths)]
    return [*grants, *_kernel()]


def without_needless(grants: Iterable[Grant]) -> list[Grant]:
    """The same rights with fewer rules: what is missing, or below a granted folder, needs none."""
    rights: dict[str, int] = {}
    for grant in grants:
        path = os.path.realpath(grant.path)
        if Path(path).exists():
            rights[path] = rights.get(path, 0) | grant.rights
    return [
        Grant(path, own)
        for path, own in rights.items()
        if not any(own & ~rights.get(str(above), 0) == 0 for above in Path(path).parents)
    ]


def writable(folders: Iterable[str]) -> list[Grant]:
    """The folders that a generator writes to, with shared memory and semaphores."""
    return [*(Grant(path, READ | WRITE) for path in folders), Grant(SHARED_MEMORY, _SHARED)]


def _kernel() -> Iterator[Grant]:
    # Landlock hides /proc/PID/{environ,mem,maps,fd,root,cwd} of all processes outside.
    yield Grant("/proc", READ_FILE | READ_DIR)
    for name in _DEVICES:
        yield Grant(f"/dev/{name}", READ_FILE | READ_DIR | WRITE_FILE | IOCTL_DEV)
    found = [path for name in _GPUS if Path(path := f"/dev/{name}").exists()]
    for path in found:
        yield Grant(path, READ_FILE | READ_DIR | WRITE_FILE | IOCTL_DEV)
    for path in _GPU_FACTS if found else ():
        yield Grant(path, READ_FILE | READ_DIR)


def _interpreter(python: Path) -> Iterator[str]:
    """The environment of an interpreter and the installation that it was made from.

    Source: the documentation of `venv` for pyvenv.cfg.
    """
    installed = [Path(sys.base_prefix), python.resolve().parent.parent]
    settings = python.parent.parent / "pyvenv.cfg"
    if settings.is_file():
        yield from _environment(settings.parent)
        for line in settings.read_text(errors="replace").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "home":
                installed.append(Path(value.strip()).parent)
    else:
        installed.append(python.parent.parent)
    yield from (str(path) for path in installed if not _too_wide(str(path)))


def _environment(folder: Path) -> Iterator[str]:
    """An environment; only its own folders, when it was made in the user's home itself."""
    own = ("bin", "include", "lib", "lib64", "share", "pyvenv.cfg")
    whole = not _too_wide(str(folder))
    yield from [str(folder)] if whole else (str(folder / name) for name in own)


def _packages(environ: Mapping[str, str]) -> Iterator[str]:
    """The folders of PYTHONPATH and the packages that they link to."""
    for place in filter(None, environ.get("PYTHONPATH", "").split(":")):
        if Path(place).is_dir() and not _too_wide(place):
            yield place
            yield from (str(entry.resolve()) for entry in Path(place).iterdir())


def _programs(environ: Mapping[str, str]) -> Iterator[str]:
    """The folders of PATH, with the libraries beside them."""
    for name in filter(None, environ.get("LD_LIBRARY_PATH", "").split(":")):
        if not _too_wide(name):
            yield name
    for name in filter(None, environ.get("PATH", "").split(":")):
        folder = Path(name)
        if not folder.is_absolute() or _too_wide(name):
            continue
        yield name
        if (folder.parent / "conda-meta").is_dir():
            yield str(folder.parent)
        elif folder.name in ("bin", "sbin") and not _too_wide(str(folder.parent)):
            yield from (str(folder.parent / beside) for beside in ("lib", "lib64", "libexec"))


def _too_wide(path: str) -> bool:
    """Whether a folder contains more than code: a home, or a folder above one."""
    real = os.path.realpath(path)
    return f"{_home()}/".startswith(f"{real.rstrip('/')}/")


@cache
def _home() -> str:
    """The user's home folder; HOME is a private folder here."""
    try:
        return os.path.realpath(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        return "/"
