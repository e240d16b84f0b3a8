"""Memory, open files, file size, output and scratch space of a block are bounded."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.generators.limited import LimitedBlocks, open_limited
from vrdata.contract.reasons import FailureReason
from vrdata_worker.child import limits, usage
from vrdata_worker.child.usage import Space, scratch_space
from vrdata_worker.untrusted import folders

MEMORY = 300 * 2**20
TOO_MUCH_MEMORY = {
    "its own memory": "kept = bytearray(os.urandom(1)) * 400_000_000\nwait()",
    "processes that it started": (
        "hog = \"kept = bytearray(b'x') * 150_000_000; import time; time.sleep(20)\"\n"
        'for _ in range(3):\n    subprocess.Popen([sys.executable, "-S", "-c", hog])\nwait()'
    ),
    "a process in a session of its own": (
        "hog = \"kept = bytearray(b'x') * 400_000_000; import time; time.sleep(20)\"\n"
        'subprocess.Popen(["setsid", sys.executable, "-S", "-c", hog])\nwait()'
    ),
    "a file in memory": (
        'file = os.memfd_create("hog")\n'
        "for _ in range(400):\n    os.write(file, bytes(2**20))\nwait()"
    ),
    "shared memory that is not mapped": (
        'file = os.open("/dev/shm/vrdata-hog", os.O_RDWR | os.O_CREAT)\n'
        'os.unlink("/dev/shm/vrdata-hog")\n'
        "for _ in range(400):\n    os.write(file, bytes(2**20))\nwait()"
    ),
}
SHARED = """
import mmap
shared = mmap.mmap(-1, 120 * 2**20)
shared.write(bytes(len(shared)))
copied = bytearray(b"x") * 60_000_000
children = []
for _ in range(6):
    child = os.fork()
    if child == 0:
        sum(shared[::4096]) + sum(copied[::4096])
        wait(1.5)
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
write_sample()
"""
OWN_LIMITS = {
    "100,000 open files": (
        "files = [open(__file__) for _ in range(100_000)]",
        "a process of a generator can have at most",
    ),
    "100,000 open files at the hard limit": (
        (
            "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n"
            "resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))\n"
            "files = [os.open(__file__, os.O_RDONLY) for _ in range(100_000)]"
        ),
        "a process of a generator can have at most 8192 open files",
    ),
    "a file of 10 GB": (
        'os.truncate(os.open(out / "large", os.O_WRONLY | os.O_CREAT), 10**10)',
        "a file of a generator can have at most 4 GiB",
    ),
    "a file of 10 GB that is written": (
        'with open(out / "large", "wb") as file:\n    file.seek(4 * 2**30)\n    file.write(b"x")',
        "a file of a generator can have at most 4 GiB",
    ),
    "a file of 10 GB of a program": (
        'subprocess.run(["truncate", "-s", "10G", out / "large"], check=True)',
        "a file of a generator can have at most 4 GiB",
    ),
    "a file of 10 GB of a shell": (
        'subprocess.run(f"truncate -s 10G {out}/large; exit $?", shell=True, check=True)',
        "a file of a generator can have at most 4 GiB",
    ),
}


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LimitedBlocks]:
    with open_limited(tmp_path_factory.mktemp("limited")) as running:
        yield running


FAST = ("processes that it started", "a file in memory")


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(what, marks=[] if what in FAST else pytest.mark.slow)
        for what in TOO_MUCH_MEMORY
    ],
)
def test_all_memory_of_a_block_is_limited(what: str, blocks: LimitedBlocks) -> None:
    blocks.memory_bytes = MEMORY
    failure = blocks.beside(TOO_MUCH_MEMORY[what]).failure
    assert failure is not None
    assert failure.reason is FailureReason.OUT_OF_MEMORY
    assert failure.message == "the generator used more memory than its limit, 0.3 GiB"


@pytest.mark.slow
def test_memory_that_processes_of_a_block_share_counts_once(blocks: LimitedBlocks) -> None:
    blocks.memory_bytes = MEMORY
    assert blocks.run(SHARED)[0].failure is None


@pytest.mark.parametrize("what", OWN_LIMITS)
def test_an_error_of_a_limit_names_it(what: str, blocks: LimitedBlocks) -> None:
    code, said = OWN_LIMITS[what]
    failure = blocks.run(code)[0].failure
    assert failure is not None
    assert failure.reason is FailureReason.GENERATOR_FAILED
    assert said in failure.message


def test_finished_samples_are_kept_when_no_more_files_can_be_opened(blocks: LimitedBlocks) -> None:
    code = """
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        write_sample()
        (out / "x_task/x_1").mkdir()
        files = sys.files = []
        while True:
            files.append(open(__file__))
    """
    ended = blocks.run(code)[0]
    assert ended.failure is None
    assert ended.content


def test_a_block_that_prints_for_ever_is_ended(
    blocks: LimitedBlocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LOG_BYTES", 2**30 // 10)
    code = 'while uptime() < end:\n    os.write(1, b"x" * 2**20)\n    wait(0.001)'
    failure = blocks.beside(code).failure
    assert failure is not None
    assert failure.message == "the generator printed more than 0.1 GiB"


@pytest.mark.parametrize(
    "code",
    [
        'for number in range(20):\n    (out / f"{number}").write_bytes(bytes(2**24))\nwait()',
        (
            'file = open(out / "removed", "wb")\nos.unlink(out / "removed")\n'
            "for number in range(20):\n    file.write(bytes(2**24))\nwait()"
        ),
    ],
    ids=["files", "a removed file"],
)
def test_the_scratch_space_of_a_block_is_limited(
    code: str, blocks: LimitedBlocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "scratch_bytes", 2**30 // 5)
    failure = blocks.beside(code).failure
    assert failure is not None
    assert failure.reason is FailureReason.GENERATOR_FAILED
    assert failure.message == "the generator used more than 0.2 GiB of scratch space"


FULL = {
    "bytes": (
        '(out / "x").write_bytes(bytes(2 * 10**8))\nwait()',
        (Space(10**8, 1000), Space(10**8 + 1, 1000)),
        "used 0.[12] GiB of scratch space",
    ),
    "files": (
        'for number in range(2000):\n    open(out / f"{number}", "x").close()\nwait()',
        (Space(10**9, 999), Space(10**9, 1000)),
        "created [12][0-9]{3} files",
    ),
}


@pytest.mark.parametrize("what", FULL)
def test_the_block_that_uses_most_is_ended_before_the_file_system_is_full(
    what: str, blocks: LimitedBlocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, space, used = FULL[what]
    monkeypatch.setattr(limits, "free_space", lambda _folder: space)
    failure = blocks.beside(code).failure
    assert failure is not None
    assert failure.reason is FailureReason.GENERATOR_CRASHED
    said = f"the generator {used}, and the file system is full"
    assert re.fullmatch(said, failure.message)


def test_no_block_is_ended_because_others_fill_the_file_system(
    blocks: LimitedBlocks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "free_space", lambda _folder: (Space(0, 0), Space(10**8, 1000)))
    assert blocks.run("wait(0.5)\nwrite_sample()")[0].failure is None


SMALL = {
    "bytes": (
        'file = open(out / "x", "wb")\nwhile True:\n    file.write(bytes(2**20))',
        "used 0.1 GiB of scratch space",
    ),
    "files": (
        'for number in range(10**6):\n    open(out / f"{number}", "x").close()',
        "created [0-9]+ files",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", SMALL)
def test_a_block_that_fills_a_small_file_system_is_named(what: str, tmp_path: Path) -> None:
    code, used = SMALL[what]
    options = "size=128m,nr_inodes=20000"
    mounting = ["mount", "-t", "tmpfs", "-o", options, "vrdata-test", str(tmp_path)]
    if os.getuid() or subprocess.run(mounting, check=False, capture_output=True).returncode:
        pytest.skip("needs root, to mount a file system")
    try:
        with open_limited(tmp_path) as running:
            failure = running.run(code)[0].failure
            assert failure is not None
            said = f"the generator {used}, and the file system is full"
            assert re.match(said, failure.message)
            assert running.run("write_sample()")[0].failure is None
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.mark.parametrize(("opened", "least"), [(100, 2**20), (2, 2**40)], ids=["deep", "deepest"])
def test_files_count_where_their_path_is_too_long(
    opened: int, least: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "_MAX_OPENED", opened)
    block = tmp_path / "block"
    block.mkdir()
    monkeypatch.chdir(block)
    for _ in range(60):
        os.mkdir("d" * 100)  # noqa: PTH102 - a path from the root is too long
        os.chdir("d" * 100)
    with open("file", "wb") as file:  # noqa: PTH123
        file.write(bytes(2**20))
    found = scratch_space(os.getpid(), block)
    folders.remove(block)
    assert found.bytes >= least
