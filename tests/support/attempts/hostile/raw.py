"""System calls by their number, from ctypes or from a compiled program.

Source of the numbers: the kernel's asm/unistd_64.h (x86-64) and asm-generic/unistd.h (arm64).
"""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
from pathlib import Path

LAST = "last"  # as an argument: the result of the call before
AT_FDCWD = -100
Argument = int | bytes | str
Step = tuple[Argument, ...]  # name or number of a call, its arguments

_NUMBERS = {
    "add_key": (248, 217),
    "bind": (49, 200),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "connect": (42, 203),
    "fanotify_init": (300, 262),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchownat": (260, 54),
    "fcntl": (72, 25),
    "finit_module": (313, 273),
    "inotify_add_watch": (254, 27),
    "inotify_init1": (294, 26),
    "io_uring_setup": (425, 425),
    "kcmp": (312, 272),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "kill": (62, 129),
    "linkat": (265, 37),
    "mkdirat": (258, 34),
    "mount": (165, 40),
    "mq_open": (240, 180),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "openat": (257, 56),
    "openat2": (437, 437),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "prlimit64": (302, 261),
    "process_vm_readv": (310, 270),
    "ptrace": (101, 117),
    "readlinkat": (267, 78),
    "reboot": (169, 142),
    "renameat2": (316, 276),
    "sched_setaffinity": (203, 122),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "setpriority": (141, 140),
    "settimeofday": (164, 170),
    "setuid": (105, 146),
    "setxattr": (188, 5),
    "shmget": (29, 194),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "symlinkat": (266, 36),
    "tgkill": (234, 131),
    "tkill": (200, 130),
    "truncate": (76, 45),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "utimensat": (280, 88),
}
_libc = ctypes.CDLL(None, use_errno=True)


def make(steps: tuple[Step, ...]) -> int:
    """Make the calls one after the other; the result of the last. Raises OSError."""
    result = 0
    for name, *given in steps:
        arguments = [_passed(result if one == LAST else one) for one in given]
        result = int(_libc.syscall(ctypes.c_long(_number(name)), *arguments))
        if result == -1:
            raise OSError(ctypes.get_errno(), f"{name}")
    return result


def compiled(folder: Path) -> str:
    """A program that makes such calls, compiled from raw.c; "" without a compiler."""
    program = folder / "raw"
    for compiler in ("gcc", "cc", "clang"):
        try:
            subprocess.run(
                [compiler, "-O0", "-o", program, Path(__file__).with_name("raw.c")],
                check=True,
                capture_output=True,
                timeout=60,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return str(program)
    return ""


def line_of(steps: tuple[Step, ...]) -> str:
    """The calls as the compiled program reads them."""
    return ";".join(" ".join(map(_word, _numbered(step))) for step in steps)


def _numbered(step: Step) -> Step:
    return (_number(step[0]), *step[1:])


def _number(name: Argument) -> int:
    if isinstance(name, int):
        return name
    return _NUMBERS[str(name)][platform.machine() == "aarch64"]


def _word(argument: Argument) -> str:
    if argument == LAST:
        return "L"
    return f"h{argument.hex()}" if isinstance(argument, bytes) else str(argument)


def _passed(argument: Argument) -> object:
    if isinstance(argument, bytes):
        return ctypes.create_string_buffer(argument, len(argument) + 1)
    return ctypes.c_long(int(argument))


def by_interrupt(number: int, first: int) -> int:
    """A call of 32-bit x86 (int 0x80) from this 64-bit process. Raises OSError."""
    import mmap

    code = b"\x53\xb8" + number.to_bytes(4, "little") + b"\xbb" + first.to_bytes(4, "little")
    code += b"\x31\xc9\x31\xd2\x31\xf6\x31\xff\xcd\x80\x5b\xc3"  # xor ecx, edx, esi, edi
    area = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    area.write(code)
    entry = ctypes.addressof(ctypes.c_char.from_buffer(area))
    result = int(ctypes.CFUNCTYPE(ctypes.c_int)(entry)())
    if result < 0:
        raise OSError(-result, os.strerror(-result))
    return result
