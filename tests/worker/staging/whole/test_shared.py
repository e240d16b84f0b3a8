"""Workers of one machine share staged folders: complete or absent, within a limit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from support.polling import wait_until
from vrdata.contract.reasons import FailureReason
from vrdata_worker.child.usage import Space
from vrdata_worker.failures import ShardFailedError
from vrdata_worker.staging.whole import shared as module
from vrdata_worker.staging.whole.shared import SharedTrees, Tree, Use

KIB = 1024

_STAGER = """
import sys, time
from pathlib import Path
from vrdata_worker.staging.whole.shared import SharedTrees, Tree

root, mark, size = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])

def fill(folder):
    (folder / "a").write_bytes(b"half")
    mark.touch()
    while mark.exists():
        time.sleep(0.02)
    (folder / "b").write_bytes(b"whole")
    return size

use = SharedTrees(root, 0).use(Tree("M-a", "digest", size), fill, lambda: False)
print(use.folder, flush=True)
sys.stdin.read()
"""


def never() -> bool:
    return False


def full(size: int) -> Callable[[Path], int]:
    def fill(folder: Path) -> int:
        (folder / "inner").mkdir()
        (folder / "inner/file").write_bytes(b"x" * size)
        (folder / "inner/file").chmod(0o444)
        (folder / "inner").chmod(0o555)
        return size

    return fill


def used(trees: SharedTrees, name: str, size: int = KIB) -> Use:
    trees.folder_of("M-a")
    return trees.use(Tree("M-a", name, size), full(size), never)


def there(root: Path) -> set[str]:
    return {path.name for path in (root / "trees/M-a").iterdir()}


def unfinished(root: Path) -> int:
    return len(list((root / "new").iterdir()))


class Stager:
    """Another worker process, which has staged the first of two files."""

    def __init__(self, root: Path) -> None:
        SharedTrees(root, 0).folder_of("M-a")
        self.mark = root / "half"
        command = [sys.executable, "-c", _STAGER, str(root), str(self.mark), str(KIB)]
        self.process = subprocess.Popen(
            command,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        wait_until(self.mark.exists, "the other worker", 60)

    def finish(self) -> None:
        self.mark.unlink()
        assert self.process.stdout is not None
        self.process.stdout.readline()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate(timeout=20)


@pytest.fixture
def other(tmp_path: Path) -> Stager:
    made = Stager(tmp_path)
    yield made  # type: ignore[misc]
    made.kill()


def test_a_worker_that_is_killed_while_it_stages_leaves_no_half_source(
    other: Stager, tmp_path: Path
) -> None:
    assert there(tmp_path) == set()
    other.kill()
    assert unfinished(tmp_path) == 1
    use = used(SharedTrees(tmp_path, 0), "digest")
    assert use.filled
    assert [path.name for path in use.folder.rglob("*")] == ["inner", "file"]
    assert unfinished(tmp_path) == 0
    use.close()


def test_the_second_of_two_workers_waits_for_the_first_and_stages_nothing(
    other: Stager, tmp_path: Path
) -> None:
    waits, uses = threading.Event(), []

    def refuse(_: Path) -> int:
        raise AssertionError("staged twice")

    def use() -> None:
        trees = SharedTrees(tmp_path, 0)
        uses.append(trees.use(Tree("M-a", "digest", KIB), refuse, never, waits.set))

    thread = threading.Thread(target=use)
    thread.start()
    assert waits.wait(20)
    assert uses == []
    other.finish()
    thread.join(20)
    (found,) = uses
    assert not found.filled
    assert (found.folder / "b").read_bytes() == b"whole"
    found.close()


def test_a_worker_that_waits_for_another_one_can_be_stopped(other: Stager, tmp_path: Path) -> None:
    waits = threading.Event()
    with pytest.raises(ShardFailedError, match="no longer needed"):
        SharedTrees(tmp_path, 0).use(Tree("M-a", "digest", KIB), full(1), waits.is_set, waits.set)


def test_what_another_process_uses_is_not_removed(other: Stager, tmp_path: Path) -> None:
    other.finish()
    used(SharedTrees(tmp_path, KIB), "more").close()
    assert there(tmp_path) == {"digest", "more"}
    other.kill()
    used(SharedTrees(tmp_path, KIB), "most").close()
    assert there(tmp_path) == {"most"}


def test_the_folder_that_was_used_longest_ago_makes_room(tmp_path: Path) -> None:
    trees = SharedTrees(tmp_path, 3 * KIB)
    for number, name in enumerate("abc"):
        used(trees, name).close()
        os.utime(tmp_path / f"locks/M-a@{name}", (number, number))
    used(trees, "a").close()
    used(trees, "d").close()
    assert there(tmp_path) == {"a", "c", "d"}


def test_a_folder_that_cannot_be_filled_does_not_exist(tmp_path: Path) -> None:
    trees = SharedTrees(tmp_path, 0)
    trees.folder_of("M-a")

    def fail(folder: Path) -> int:
        (folder / "half").touch()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        trees.use(Tree("M-a", "a", 1), fail, never)
    assert (there(tmp_path), unfinished(tmp_path)) == (set(), 0)
    use = used(trees, "a")
    assert use.filled
    use.close()


def test_a_file_system_without_space_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees = SharedTrees(tmp_path, 0)
    used(trees, "a").close()
    free = (Space(5 * KIB, 10**6), Space(4 * KIB, 0))
    monkeypatch.setattr(module, "free_space", lambda _: free)
    with pytest.raises(ShardFailedError) as caught:
        used(trees, "b", 2 * KIB)
    failure = caught.value.failure
    assert (failure.reason, caught.value.lasting) == (FailureReason.STORAGE_UNAVAILABLE, True)
    assert "space for the sources of a pipeline: they need 2.0 KiB, and 1.0 KiB" in failure.message
    assert there(tmp_path) == set()


def test_the_folder_of_a_generator_stays_the_same_when_its_files_are_removed(
    tmp_path: Path,
) -> None:
    trees = SharedTrees(tmp_path, KIB)
    before = trees.folder_of("M-a").stat().st_ino
    for name in "ab":
        used(trees, name).close()
    assert trees.folder_of("M-a").stat().st_ino == before
    assert there(tmp_path) == {"b"}
