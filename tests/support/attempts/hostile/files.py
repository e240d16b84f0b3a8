"""Attempts to read and write outside of the block's folder."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from .attempt import CLOSED, FORBIDDEN, UNKNOWN, Attempt, World, environment, home
from .raw import AT_FDCWD, LAST, Step, make

NEW = "vrdata-attempt"
_PATH_ONLY, _CREATE, _DIRECTORY = os.O_PATH, os.O_CREAT | os.O_WRONLY, os.O_DIRECTORY
_NO_WAY = (CLOSED, FORBIDDEN, "EXDEV")
_ABSENT = ("ENOENT",)  # the machine has no such file
_HANDLE = "open a file by handle"


def attempts(world: World) -> Iterator[Attempt]:
    """Every attempt on files."""
    yield from _secrets(world)
    yield from _writes(world)
    yield from _links(world)
    yield from _ways_around(world)
    yield from _attributes(world)


def _secrets(world: World) -> Iterator[Attempt]:
    mine = {
        "~/.aws/credentials": f"{home()}/.aws/credentials",
        "~/.ssh/id_rsa": f"{home()}/.ssh/id_rsa",
        "the token of the service account": ("/var/run/secrets/kubernetes.io/serviceaccount/token"),
        "/etc/shadow": "/etc/shadow",
        "/etc/machine-id": "/etc/machine-id",
        "the file of a secret": world.secret,
        **world.places,
    }
    for name, path in mine.items():
        yield _read(f"read {name}", path, absent=name not in world.places)
    folders = {
        "the user's home": home(),
        "/run/secrets": "/run/secrets",
        "/tmp": "/tmp",
        "/dev/shm": "/dev/shm",
        "another block's folder": f"{world.scratch}/b",
        "the user's terminals": "/dev/pts",
    }
    for name, path in folders.items():
        yield Attempt(
            f"list {name}",
            (CLOSED, *(() if os.path.lexists(path) else _ABSENT)),
            lambda path=path: os.listdir(path),
            (("openat", AT_FDCWD, os.fsencode(path), _DIRECTORY, 0),),
            f"ls {path}",
        )


def _read(name: str, path: str, *, absent: bool = False) -> Attempt:
    return Attempt(
        name,
        (CLOSED, *(_ABSENT if absent and not os.path.lexists(path) else ())),
        lambda: Path(path).read_bytes()[:1],
        (("openat", AT_FDCWD, os.fsencode(path), os.O_RDONLY, 0),),
        f"cat {path}",
    )


def _writes(world: World) -> Iterator[Attempt]:
    folders = {
        "/tmp": "/tmp",
        "the user's home": home(),
        "a folder of the user": world.foreign,
        "the repository": world.repository,
        "the environment": environment(),
        "the template's folder": world.scratch,
        "the packages' folder": f"{world.scratch}/packages",
        "/dev": "/dev",
        "the current cgroup": "/sys/fs/cgroup",
    }
    for name, folder in folders.items():
        path = f"{folder}/{NEW}"
        yield Attempt(
            f"write to {name}",
            (CLOSED, "EROFS", FORBIDDEN),
            lambda path=path: Path(path).write_text("x"),
            (("openat", AT_FDCWD, os.fsencode(path), _CREATE, 0o600),),
            f"echo x > {path}",
        )
    yield Attempt(
        "make a folder in /tmp",
        (CLOSED,),
        lambda: os.mkdir(f"/tmp/{NEW}"),
        (("mkdirat", AT_FDCWD, f"/tmp/{NEW}".encode(), 0o700),),
        f"mkdir /tmp/{NEW}",
    )
    yield Attempt(
        "shorten a file of the user",
        (CLOSED, FORBIDDEN),
        lambda: os.truncate(world.secret, 1),
        (("truncate", os.fsencode(world.secret), 1),),
        f"truncate -s 1 {world.secret}",
    )


def _links(world: World) -> Iterator[Attempt]:
    def link(name: str) -> str:
        path = f"{world.block}/{name}"
        if not os.path.lexists(path):
            os.symlink(world.secret, path)
        return path

    def own() -> str:
        path = Path(world.block, "own")
        path.write_text("x")
        return str(path)

    secret = os.fsencode(world.secret)
    climbed = world.block + "/.." * world.block.count("/") + world.secret
    yield Attempt(
        "a symbolic link to a file of the user",
        (CLOSED,),
        lambda: Path(link("symbolic")).read_bytes(),
        (("openat", AT_FDCWD, f"{world.block}/symbolic".encode(), os.O_RDONLY, 0),),
        f"ln -sf {world.secret} {world.block}/sh && cat {world.block}/sh",
    )
    yield Attempt(
        "a hard link to a file of the user",
        _NO_WAY,
        lambda: os.link(world.secret, f"{world.block}/hard"),
        (("linkat", AT_FDCWD, secret, AT_FDCWD, f"{world.block}/hard".encode(), 0),),
        f"ln {world.secret} {world.block}/hard",
    )
    yield Attempt(
        "move a file of the user into the block",
        _NO_WAY,
        lambda: os.rename(world.secret, f"{world.block}/moved"),
        (("renameat2", AT_FDCWD, secret, AT_FDCWD, f"{world.block}/moved".encode(), 0),),
        f"mv {world.secret} {world.block}/moved",
    )
    yield Attempt(
        "move a file out of the block",
        _NO_WAY,
        lambda: os.rename(own(), f"{world.foreign}/{NEW}"),
        (
            (
                *("renameat2", AT_FDCWD, os.fsencode(own()), AT_FDCWD),
                *(f"{world.foreign}/{NEW}".encode(), 0),
            ),
        ),
        f"mv {world.block}/own {world.foreign}/{NEW}",
    )
    yield _read("a path with `..`", climbed)


def _ways_around(world: World) -> Iterator[Attempt]:
    secret = os.fsencode(world.secret)
    yield _read("/proc/self/root", f"/proc/self/root{world.secret}")
    yield _read("/proc/thread-self/root", f"/proc/thread-self/root{world.secret}")

    def below_a_descriptor() -> None:
        root = os.open("/", _PATH_ONLY)
        os.close(os.open(world.secret.lstrip("/"), os.O_RDONLY, dir_fd=root))

    yield Attempt(
        "a path below a descriptor of /",
        (CLOSED,),
        below_a_descriptor,
        (
            ("openat", AT_FDCWD, b"/", _PATH_ONLY, 0),
            ("openat", LAST, secret.lstrip(b"/"), os.O_RDONLY, 0),
        ),
    )

    def again() -> None:
        descriptor = os.open(world.secret, _PATH_ONLY)
        os.close(os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY))

    yield Attempt(
        "open a descriptor of O_PATH again by /proc/self/fd",
        (CLOSED,),
        again,
        (
            ("openat", AT_FDCWD, b"/proc/self/fd", _PATH_ONLY, 0),
            ("openat", LAST, b"../root" + secret, os.O_RDONLY, 0),
        ),
    )

    def writable_again() -> None:
        with Path(world.repository, "examples/generate.py").open("rb") as opened:
            os.close(os.open(f"/proc/self/fd/{opened.fileno()}", os.O_RDWR))

    script = f"{world.repository}/examples/generate.py"
    yield Attempt(
        "open a file for reading again for writing",
        (CLOSED, "EROFS"),
        writable_again,
        (("openat", AT_FDCWD, script.encode(), os.O_RDWR, 0),),
        f"exec 3< {script}; echo x >> /proc/self/fd/3",
    )
    yield _only_raw(
        "watch the user's home with inotify",
        ("ENOSPC",),
        (("inotify_init1", 0), ("inotify_add_watch", LAST, os.fsencode(home()), 0x100)),
    )
    yield _only_raw("openat2", (CLOSED, UNKNOWN), (("openat2", AT_FDCWD, secret, bytes(24), 24),))
    yield _only_raw(
        "open_by_handle_at",
        (FORBIDDEN,),
        (("open_by_handle_at", AT_FDCWD, bytes(136), os.O_RDONLY),),
        _HANDLE,
    )
    yield _only_raw(
        "name_to_handle_at",
        (FORBIDDEN,),
        (
            (
                *("name_to_handle_at", AT_FDCWD, secret),
                *(struct.pack("=Ii", 128, 0) + bytes(128), bytes(8), 0),
            ),
        ),
        _HANDLE,
    )


def _attributes(world: World) -> Iterator[Attempt]:
    """Changes that need no right to write to the file."""
    secret = os.fsencode(world.secret)
    reported = "change a file outside of its folder"
    changes: tuple[tuple[str, Callable[[], object], Step, str, str], ...] = (
        (
            "change the mode of a file of the user",
            lambda: os.chmod(world.secret, 0o604),
            ("fchmodat", AT_FDCWD, secret, 0o604),
            f"chmod 604 {world.secret}",
            reported,
        ),
        (
            "change the owner of a file of the user",
            lambda: os.chown(world.secret, os.getuid() + 1, -1),
            ("fchownat", AT_FDCWD, secret, os.getuid() + 1, -1, 0),
            f"chown {os.getuid() + 1} {world.secret}",
            "change the owner of a file",
        ),
        (
            "change the time of a file of the user",
            lambda: os.utime(world.secret, (1, 1)),
            ("utimensat", AT_FDCWD, secret, 0, 0),
            f"touch -m -c {world.secret}",
            reported,
        ),
        (
            "change an attribute of a file of the user",
            lambda: os.setxattr(world.secret, "user.vrdata", b"x"),
            ("setxattr", secret, b"user.vrdata\0", b"x", 1, 0),
            "",
            "",  # not supported, as on some file systems
        ),
    )
    for name, python, step, shell, named in changes:
        yield Attempt(name, (CLOSED, FORBIDDEN, "ENOTSUP"), python, (step,), shell, named)

    def by_descriptor() -> None:
        with Path(world.repository, "examples/generate.py").open("rb") as opened:
            os.fchmod(opened.fileno(), 0o604)

    script = f"{world.repository}/examples/generate.py".encode()
    yield Attempt(
        "change the mode of a file by its descriptor",
        (CLOSED, FORBIDDEN, "EROFS"),
        by_descriptor,
        (("openat", AT_FDCWD, script, os.O_RDONLY, 0), ("fchmod", LAST, 0o604)),
        named=reported,
    )


def _only_raw(
    name: str, errors: tuple[str, ...], steps: tuple[Step, ...], named: str = ""
) -> Attempt:
    return Attempt(name, errors, lambda: make(steps), steps, named=named)
