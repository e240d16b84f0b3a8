"""Calls that change files, which the guard makes for a block."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from support.generators.probe import Probes
from vrdata_child.sandbox import landlock

pytestmark = pytest.mark.skipif(landlock.version() == 0, reason="needs Landlock")
BLOCK = """
import ctypes, os, shutil, stat, subprocess, tempfile, time

def result(call, *arguments, **named):
    try:
        return call(*arguments, **named)
    except OSError as error:
        return error.strerror

def new(name="file"):
    path = os.path.join(tempfile.mkdtemp(), name)
    with open(path, "w") as opened:
        opened.write("x")
    return path

def mode(path):
    return oct(stat.S_IMODE(os.lstat(path).st_mode))

def times(path, **named):
    found = os.stat(path, **named)
    return [found.st_atime_ns, found.st_mtime_ns]

def after(call, path, look):
    found = result(call, path)
    return look(path) if found is None else found
"""


def test_a_block_changes_the_mode_of_its_files(probes: Probes) -> None:
    met = probes.evaluate(
        {
            "path": "after(lambda p: os.chmod(p, 0o640), new(), mode)",
            "descriptor": "after(lambda p: os.fchmod(os.open(p, os.O_RDONLY), 0o604), new(), mode)",
            "relative": "after(lambda p: (os.chdir(os.path.dirname(p)), os.chmod('file', 0o711))"
            "[1], new(), mode)",
            "below a descriptor": "after(lambda p: os.chmod('file', 0o750,"
            " dir_fd=os.open(os.path.dirname(p), os.O_RDONLY)), new(), mode)",
            "own descriptors": "after(lambda p: os.chmod(f'/proc/self/fd/{os.open(p, 0)}', 0o606),"
            " new(), mode)",
            "by /dev/fd": "after(lambda p: os.chmod(f'/dev/fd/{os.open(p, 0)}', 0o607), new(),"
            " mode)",
            "named as /proc": "after(lambda p: (os.makedirs(p + '.d/proc/self/'),"
            " os.chmod(p + '.d/proc/self/', 0o701))[1], new(), lambda p: mode(p + '.d/proc/self'))",
            "folder": "after(lambda p: os.chmod(os.path.dirname(p), 0o755), new(),"
            " lambda p: mode(os.path.dirname(p)))",
            "non-ASCII name": "after(lambda p: os.chmod(p, 0o640), new('é' * 100), mode)",
            "program": "after(lambda p: subprocess.run(['chmod', '700', p], check=True) and None,"
            " new(), mode)",
            "copy": "after(lambda p: shutil.copystat(p, new()), new(), mode)",
            "nothing there": "result(os.chmod, new() + 'x', 0o600)",
            "no descriptor": "result(os.fchmod, 999, 0o600)",
            "memory": "result(os.fchmod, os.memfd_create('x'), 0o600)",
            "setuid": "after(lambda p: os.chmod(p, 0o4755), new(), mode)",
        },
        BLOCK,
    )
    assert met == {
        "path": "0o640",
        "descriptor": "0o604",
        "relative": "0o711",
        "below a descriptor": "0o750",
        "own descriptors": "0o606",
        "by /dev/fd": "0o607",
        "named as /proc": "0o701",
        "folder": "0o755",
        "non-ASCII name": "0o640",
        "program": "0o700",
        "copy": "0o644",
        "nothing there": "No such file or directory",
        "no descriptor": "Bad file descriptor",
        "memory": None,
        "setuid": "0o755",  # no file changes its user by being run
    }


def test_a_block_changes_the_times_of_its_files(probes: Probes) -> None:
    met = probes.evaluate(
        {
            "path": "after(lambda p: os.utime(p, ns=(1_000_000_007, 2_000_000_009)), new(), times)",
            "descriptor": "after(lambda p: os.utime(os.open(p, 0), ns=(5, 6)), new(), times)",
            "link": "link()",
            "by utimes": "after(lambda p: by('utimes', p), new(), times)",
            "by utime": "after(lambda p: by('utime', p), new(), times)",
            "now": "after(lambda p: os.utime(p), new(), lambda p: times(p)[1] > 10 ** 9)",
        },
        BLOCK
        + """
libc = ctypes.CDLL(None, use_errno=True)
longs = ctypes.c_long * 4

def by(name, path):
    if getattr(libc, name)(path.encode(), longs(3, 4, 5, 6)):
        raise OSError(ctypes.get_errno(), "failed")

def link():
    path = new()
    os.utime(path, ns=(1, 1))
    os.symlink(path, path + ".link")
    os.utime(path + ".link", ns=(7, 8), follow_symlinks=False)
    return times(path + ".link", follow_symlinks=False) + times(path)
""",
    )
    assert met["path"] == [1_000_000_007, 2_000_000_009]
    assert met["descriptor"] == [5, 6]
    assert met["link"] == [7, 8, 1, 1]
    assert met["by utimes"] == [3_000_004_000, 5_000_006_000]
    assert met["by utime"] == [3_000_000_000, 4_000_000_000]
    assert met["now"] is True


def test_a_link_does_not_lead_out_of_the_block(probes: Probes, tmp_path: Path) -> None:
    outside = tmp_path / "file"
    outside.write_text("x")
    outside.chmod(0o600)
    code = f"""
outside = {str(outside)!r}
path = new()
os.symlink(outside, path + ".link")
os.symlink(os.path.dirname(outside), path + ".folder")
up = os.path.dirname(path) + "/.." * 30
"""
    met = probes.evaluate(
        {
            "path": "result(os.chmod, outside, 0o644)",
            "link": "result(os.chmod, path + '.link', 0o644)",
            "link to its folder": "result(os.chmod, path + '.folder/file', 0o644)",
            "up": "result(os.chmod, up + outside, 0o644)",
            "root": "result(os.chmod, '/proc/self/root' + outside, 0o644)",
            "time": "result(os.utime, outside)",
            "owner": "result(os.chown, outside, os.getuid() + 1, -1)",
        },
        BLOCK + code,
    )
    owner = met.pop("owner")
    assert owner == "Operation not permitted"
    assert set(met.values()) == {"Permission denied"}
    assert outside.stat().st_mode & 0o777 == 0o600


def test_a_change_to_the_mode_that_a_file_has_succeeds(probes: Probes, tmp_path: Path) -> None:
    outside = tmp_path / "program"
    outside.write_text("x")
    outside.chmod(0o755)
    met = probes.evaluate(
        {
            "same": "result(os.chmod, outside, 0o755)",
            "with its type": "result(os.chmod, outside, os.stat(outside).st_mode)",
            "program": "subprocess.run(['chmod', '755', outside]).returncode",
            "other": "result(os.chmod, outside, 0o700)",
            "other program": "subprocess.run(['chmod', '700', outside]).returncode",
        },
        f"{BLOCK}\noutside = {str(outside)!r}\n",
    )
    assert met == {
        "same": None,
        "with its type": None,
        "program": 0,
        "other": "Permission denied",
        "other program": 1,
    }


def test_the_owner_of_a_file_stays_and_its_attributes_are_not_supported(probes: Probes) -> None:
    met = probes.evaluate(
        {
            "own": "result(os.chown, new(), os.getuid(), os.getgid())",
            "copy": "result(shutil.copy2, new(), new()) is not None",
            "attribute": "result(os.setxattr, new(), 'user.x', b'1')",
        },
        BLOCK,
    )
    assert met == {"own": None, "copy": True, "attribute": "Operation not supported"}


def test_odd_arguments_end_a_call_and_not_the_guard(probes: Probes) -> None:
    code = """
import mmap, socket
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
memory = mmap.mmap(-1, 2 * mmap.PAGESIZE)
gap = ctypes.addressof(ctypes.c_char.from_buffer(memory)) + mmap.PAGESIZE
libc.munmap(ctypes.c_void_p(gap), mmap.PAGESIZE)
unix = socket.socket(socket.AF_UNIX)
X86 = os.uname().machine == "x86_64"
CHMOD, CONNECT, UTIMENSAT, UTIMES = (90, 42, 280, 235) if X86 else (None, 203, 88, None)

def odd(number, *arguments):
    if number is None:
        return "Bad address"
    passed = [ctypes.c_char_p(one.encode()) if isinstance(one, str) else ctypes.c_long(one)
        for one in arguments]
    return os.strerror(ctypes.get_errno()) if libc.syscall(number, *passed) else None

def utimes(microseconds):
    times = (ctypes.c_long * 4)(1, microseconds, 1, microseconds)
    return odd(UTIMES, new(), ctypes.addressof(times)) if X86 else "Invalid argument"
"""
    met = probes.evaluate(
        {
            "times in part": "odd(UTIMENSAT, -100, new(), gap - 16, 0)",
            "times nowhere": "odd(UTIMENSAT, -100, new(), 5, 0)",
            "path nowhere": "odd(CHMOD, 12, 0o600)",
            "path beyond memory": "odd(CHMOD, -8, 0o600)",
            "address beyond memory": "odd(CONNECT, unix.fileno(), -8, 16)",
            "address nowhere": "odd(CONNECT, unix.fileno(), gap, 16)",
            "microseconds": "utimes(2 ** 62)",
            "afterwards": "odd(UTIMENSAT, -100, new(), 0, 0)",
        },
        BLOCK + code,
    )
    assert met.pop("microseconds") == "Invalid argument"
    assert met.pop("afterwards") is None
    assert set(met.values()) == {"Bad address"}


def test_a_path_does_not_lead_to_open_files_of_other_processes(probes: Probes) -> None:
    with closing(os.fdopen(os.memfd_create("other"))) as other:
        os.fchmod(other.fileno(), 0o600)
        place = f"/proc/{os.getpid()}/fd/{other.fileno()}"
        met = probes.evaluate(
            {
                "path": f"result(os.chmod, {place!r}, 0o644)",
                "link": "result(os.chmod, link, 0o644)",
                "times": f"result(os.utime, {place!r})",
                "own": "result(os.chmod, f'/proc/self/fd/{os.memfd_create(str(1))}', 0o600)",
                "of the guard": "{result(os.chmod, f'/proc/{guard}/fd/{n}', 0o611)"
                " for n in range(9)} & {None} == set()",
            },
            f"{BLOCK}\nlink = new() + '.link'\nos.symlink({place!r}, link)\n"
            "guard = open(f'/proc/{os.getppid()}/stat').read().split()[3]\n",
        )
        assert os.fstat(other.fileno()).st_mode & 0o777 == 0o600
    assert met.pop("own") is None
    assert met.pop("of the guard") is True
    assert set(met.values()) == {"Permission denied"}
