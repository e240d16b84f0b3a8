"""Which system calls a generator may not make, and their errors. Pure.

A call is refused if it reaches out of the block: to the network, to other processes, to the kernel.
"""

from __future__ import annotations

import ctypes
import errno
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vrdata_child.sandbox.bpf import ALLOW, NOTIFY, Rule, Test, error
from vrdata_child.sandbox.calls import number_of

AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10  # socket(2)
FAMILIES = {16: "netlink", 17: "packet", 31: "Bluetooth", 38: "kernel crypto", 40: "vsock"}
_STREAM, _SEQPACKET, _TYPE_MASK = 1, 5, 0xF
_NEW_NAMESPACE = 0x7E020000  # CLONE_NEW*, clone(2)
_NEW_SIBLING = 0x8000  # CLONE_PARENT, clone(2)
TASKS = ("clone", "fork", "vfork")
"""Calls that create processes and threads."""
CHANGES = (
    *("chmod", "fchmod", "fchmodat", "fchmodat2"),
    *("utime", "utimes", "futimesat", "utimensat"),
)
"""Calls that change a file and that Landlock does not restrict; the guard makes them."""
SIGNALS = {"kill": 1, "tkill": 1, "tgkill": 2, "rt_sigqueueinfo": 1, "rt_tgsigqueueinfo": 2}
"""Calls that send signals, and which argument is the number of the signal."""
OUTSIDE_SIGNALS = (1, 2, 3, 9, 15)
"""Signals that people send, too. The guard must know which ones a block sends to itself."""
_OWNERS = {"chown": 1, "lchown": 1, "fchown": 1, "fchownat": 2}  # argument of the new user
_ATTRIBUTES = (
    *("setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"),
)
_TRUNCATES, SIGNALS_INSIDE = 3, 6  # the first versions of Landlock that do this
_O_TRUNC, _O_ACCMODE, _O_RDONLY = 0o1000, 3, 0
_SET_OWNER = (8, 15)  # fcntl(2): F_SETOWN, F_SETOWN_EX
_SET_LEASE = 1024  # fcntl(2): who opens the file for writing waits
_SUBREAPER = 36  # prctl(2): PR_SET_CHILD_SUBREAPER
# ioctl(2) that changes a file which is open for reading, without a right of Landlock: flags and
# verity of ext4 and others (`f`), FS_IOC_SETVERSION, FS_IOC_FSSETXATTR, an encryption policy.
_TYPE, _WRITES_TYPE = 0xFF00, 0xC000FF00
_WRITES_FLAGS, _CHANGES = 0x40006600, (0x40087602, 0x401C5820, 0x800C6613)
# Subvolumes of Btrfs; except for FICLONE, FICLONERANGE and FIDEDUPERANGE.
_BTRFS, _CLONES = 0x9400, (0x40049409, 0x4020940D, 0xC0189436)
_OWN_SIGNALS = (0x8901, 0x8902)  # ioctl(2): FIOSETOWN, SIOCSPGRP
# TIOCSTI and TIOCLINUX write to a terminal's input. They are not named, because SDL also uses the
# latter to find out whether the shift key is pressed.
_INPUT = (0x5412, 0x541C)

# What the program tried to do, in messages.
REFUSED: dict[str, str] = {
    **dict.fromkeys(("ptrace", "kcmp"), "trace another process"),
    **dict.fromkeys(
        ("process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd"),
        "reach into another process",
    ),
    **dict.fromkeys(
        (
            *("mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen"),
            *("fsconfig", "fsmount", "fspick", "mount_setattr", "statmount", "listmount"),
        ),
        "change or read mounts",
    ),
    **dict.fromkeys(("setns",), "enter a namespace"),
    **dict.fromkeys(("add_key", "request_key", "keyctl"), "use a kernel keyring"),
    **dict.fromkeys(("bpf", "perf_event_open", "userfaultfd"), "use a debugging call"),
    **dict.fromkeys(("io_uring_setup", "io_uring_enter", "io_uring_register"), "use io_uring"),
    **dict.fromkeys(
        (
            *("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module"),
            *("create_module", "query_module", "get_kernel_syms", "reboot", "swapon", "swapoff"),
            *("sethostname", "setdomainname", "settimeofday", "clock_settime", "clock_adjtime"),
            *("adjtimex", "acct", "quotactl", "quotactl_fd", "iopl", "ioperm", "vhangup"),
            *("nfsservctl", "syslog", "uselib", "_sysctl", "lookup_dcookie"),
        ),
        "administer the machine",
    ),
    **dict.fromkeys(("open_by_handle_at", "name_to_handle_at"), "open a file by handle"),
    **dict.fromkeys(
        (
            *("shmget", "shmat", "shmctl", "semget", "semop", "semtimedop", "semctl"),
            *("msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink"),
        ),
        "share memory or messages with other programs",
    ),
    **dict.fromkeys(("fanotify_init", "fanotify_mark"), "watch the file system"),
}
SLOWING = (
    *("sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"),
    *("migrate_pages", "move_pages", "prlimit64"),
)
"""Calls that change how a process runs: their first argument, 0 = the calling process."""
BY_KIND = {"setpriority": 0, "ioprio_set": 1}
"""The process is their second argument. The first: this number, + 1 for a group, + 2 for a user."""
_OTHERS = {
    **dict.fromkeys(("clone", "unshare"), "create a namespace"),
    **dict.fromkeys(_OWNERS, "change the owner of a file"),
    "fcntl": "let a file signal another process",
    "ioctl": "let a file signal another process",
    **dict.fromkeys((*SLOWING, *BY_KIND), "slow down or limit another process"),
    **dict.fromkeys(SIGNALS, "signal another process"),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What differs between processes.

    Attributes:
        network: IP and netlink sockets are allowed, for an installation.
        protected: numbers of the processes that cannot be signalled.
        listener: another process answers refused calls, names them and counts tasks.
        landlock: version of its interface; 0 = none.
        owner: user and group of the process.
    """

    network: bool = False
    protected: tuple[int, ...] = ()
    listener: bool = True
    landlock: int = 0
    owner: tuple[int, int] = (0, 0)


def rules_for(policy: Policy, machine: str = "") -> list[Rule]:
    """The rules of a policy.

    Args:
        policy: the policy.
        machine: `x86_64` or `aarch64`; "" = this one.
    """
    rules = []
    for name, action, tests in _table(policy):
        number = number_of(name, machine)
        if number is not None:
            rules.append(Rule(number, action, tests))
    return rules


_Line = tuple[str, int, tuple[Test, ...]]


def _table(policy: Policy) -> Iterator[_Line]:
    yield from _quiet(policy)
    for name, code, tests in _refused(policy):
        yield name, NOTIFY if policy.listener else error(code), tests
    if policy.listener:
        asked = [*TASKS, *CHANGES, "connect"]
        asked += ["truncate"] if policy.landlock < _TRUNCATES else []
        yield from ((name, NOTIFY, ()) for name in asked)
        for name, place in SIGNALS.items():
            some = (Test(place, OUTSIDE_SIGNALS),) if policy.landlock >= SIGNALS_INSIDE else ()
            yield name, NOTIFY, some


def _quiet(policy: Policy) -> Iterator[_Line]:
    """Calls with a fixed answer, which are not named: libraries make them without need."""
    yield "clone3", error(errno.ENOSYS), ()  # its flags are in memory; libraries then use clone
    yield from ((name, error(errno.EOPNOTSUPP), ()) for name in _ATTRIBUTES)
    for tests in (
        (Test(1, (_WRITES_FLAGS,), mask=_WRITES_TYPE),),
        (Test(1, _CHANGES),),
        (Test(1, (_BTRFS,), mask=_TYPE), Test(1, _CLONES, negated=True)),
    ):
        yield "ioctl", error(errno.EOPNOTSUPP), tests
    yield "ioctl", error(errno.EPERM), (Test(1, _INPUT),)
    yield "fcntl", error(errno.EINVAL), (Test(1, (_SET_LEASE,)),)
    # A block stays the parent of what it starts: its tasks and their memory are counted so.
    yield "prctl", error(errno.EINVAL), (Test(0, (_SUBREAPER,)), Test(1, (0,)))
    yield "inotify_add_watch", error(errno.ENOSPC), ()  # as on a machine with too many watches
    for name, kind in BY_KIND.items():
        yield name, ALLOW, (Test(0, (kind,)), Test(1, (0,)))
    for name, place in _OWNERS.items():
        unchanged = (Test(place + n, (own, -1)) for n, own in enumerate(policy.owner))
        yield name, error(0), tuple(unchanged)
    if policy.landlock < SIGNALS_INSIDE:
        yield "pidfd_send_signal", error(errno.ENOSYS), ()
    if 0 < policy.landlock < _TRUNCATES:
        yield "openat2", error(errno.ENOSYS), ()  # its flags are in memory
        for name, place in (("open", 1), ("openat", 2)):
            empties = Test(place, mask=_O_TRUNC, any_bit=True)
            reads = Test(place, (_O_RDONLY,), mask=_O_ACCMODE)
            yield name, error(errno.EACCES), (empties, reads)


def _refused(policy: Policy) -> Iterator[_Line]:
    """Calls that fail, each with the number of its error."""
    yield from ((name, errno.EPERM, ()) for name in REFUSED)
    if not policy.network:
        yield "socket", errno.ENETUNREACH, (Test(0, (AF_INET, AF_INET6)),)
        for name in ("socket", "socketpair"):
            yield name, errno.EPERM, (Test(0, (AF_UNIX,), negated=True),)
    for name in ("socket", "socketpair"):
        # A Unix datagram socket can send to any address without connect.
        datagrams = Test(1, (_STREAM, _SEQPACKET), mask=_TYPE_MASK, negated=True)
        yield name, errno.EPERM, (Test(0, (AF_UNIX,)), datagrams)
    for name, flags in (("unshare", _NEW_NAMESPACE), ("clone", _NEW_NAMESPACE | _NEW_SIBLING)):
        yield name, errno.EPERM, (Test(0, mask=flags, any_bit=True),)
    yield from ((name, errno.EPERM, (Test(0, (0,), negated=True),)) for name in SLOWING)
    yield from ((name, errno.EPERM, ()) for name in BY_KIND)
    yield from ((name, errno.EPERM, ()) for name in _OWNERS)
    yield "fcntl", errno.EPERM, (Test(1, _SET_OWNER),)
    yield "ioctl", errno.EPERM, (Test(1, _OWN_SIGNALS),)
    if policy.protected:
        processes = Test(0, _others(policy.protected))
        yield from ((name, errno.EPERM, (processes,)) for name in SIGNALS)


def _others(protected: Sequence[int]) -> tuple[int, ...]:
    """The processes, their groups, and every process that there is (kill(2))."""
    return (*protected, *(-one for one in protected), -1)


def described(name: str, arguments: Sequence[int]) -> tuple[str, int]:
    """What the program tried to do, in messages, and the number of the error.

    Args:
        name: of the call.
        arguments: its six arguments.
    """
    family = arguments[0] & 0xFFFFFFFF
    if name == "socket" and family in (AF_INET, AF_INET6):
        return "open a network connection", errno.ENETUNREACH
    if name in ("socket", "socketpair"):
        kind = "Unix datagram" if family == AF_UNIX else FAMILIES.get(family, f"family {family}")
        return f"open a socket ({kind})", errno.EPERM
    if name == "clone" and not arguments[0] & _NEW_NAMESPACE:
        return "create a process outside its block", errno.EPERM
    return _OTHERS.get(name) or f"{REFUSED[name]} ({name})", errno.EPERM


def leaves(name: str, arguments: Sequence[int]) -> bool:
    """Whether a new process would be in another namespace, or no child of the one that asks."""
    return name == "clone" and bool(arguments[0] & (_NEW_NAMESPACE | _NEW_SIBLING))


def reached(name: str, arguments: Sequence[int]) -> int | None:
    """What a call reaches, as in kill(2): a process, a group, or -1 for more; None = no process."""
    if name in (*SIGNALS, *SLOWING):
        return ctypes.c_int(arguments[0]).value
    if name not in BY_KIND:
        return None
    kind, number = arguments[0] - BY_KIND[name], ctypes.c_int(arguments[1]).value
    return {0: number, 1: -number}.get(kind, -1)
