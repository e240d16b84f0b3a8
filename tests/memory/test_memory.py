"""The kernel's own count of processes that it killed because memory ran out."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vrdata.memory import MemoryWatch, find_source, told


def system(folder: Path, cgroup: str, mounts: str, files: dict[str, str]) -> Path:
    """A proc(5) folder that tells of this cgroup; FOLDER is the mount point of all cgroups."""
    proc = folder / "proc"
    (proc / "self").mkdir(parents=True)
    (proc / "self/cgroup").write_text(cgroup)
    (proc / "self/mountinfo").write_text(mounts.replace("FOLDER", str(folder)))
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return proc


V2 = "25 1 0:22 / FOLDER/cg rw - cgroup2 cgroup2 rw\n"
V1 = (
    "14 1 0:31 / FOLDER/v1/cpu rw - cgroup cgroup rw,cpu\n"
    "15 1 0:32 / FOLDER/v1/memory rw - cgroup cgroup rw,memory\n"
)
V1_POD = "15 1 0:32 /kubepods/pod1/abc FOLDER/v1/memory rw - cgroup cgroup rw,memory\n"
VMSTAT = {"proc/vmstat": "nr_free_pages 1\noom_kill 3\n"}
EVENTS = "low 0\noom 0\noom_kill 0\noom_group_kill 0\n"
CONTROL = "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n"


@pytest.mark.parametrize(
    ("cgroup", "mounts", "files", "source"),
    [
        ("0::/\n", V2, {"cg/memory.events": EVENTS} | VMSTAT, "cg/memory.events"),
        ("0::/a/b\n", V2, {"cg/a/b/memory.events": EVENTS}, "cg/a/b/memory.events"),
        # A scope of a session whose memory is counted by the slice above it.
        ("0::/a/b\n", V2, {"cg/a/memory.events": EVENTS}, "cg/a/memory.events"),
        ("0::/../b\n", V2, {"cg/memory.events": EVENTS}, "cg/memory.events"),
        ("4:memory:/w\n0::/\n", V1, {"v1/memory/w/memory.oom_control": CONTROL}, "v1/memory/w/m"),
        (
            "4:memory:/kubepods/pod1/abc\n",
            V1_POD,
            {"v1/memory/memory.oom_control": CONTROL},
            "v1/memory/memory.oom_control",
        ),
        # The root cgroup of version 2 has no count, and old kernels count nothing in version 1.
        ("0::/\n", V2, {"cg/cgroup.procs": "1"} | VMSTAT, "proc/vmstat"),
        ("4:memory:/w\n", V1, {"v1/memory/w/memory.oom_control": "under_oom 0\n"}, ""),
        ("", "", VMSTAT, "proc/vmstat"),
        ("broken", "broken\n1 2 - x", {}, ""),
    ],
)
def test_the_count_is_that_of_the_own_cgroup_or_else_of_the_machine(
    cgroup: str, mounts: str, files: dict[str, str], source: str, tmp_path: Path
) -> None:
    found = find_source(system(tmp_path, cgroup, mounts, files))
    if not source:
        assert found is None
    else:
        assert found is not None
        assert str(found.relative_to(tmp_path)).startswith(source)


def test_memory_ran_out_when_the_count_rises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "memory.events"
    source.write_text("oom 4\noom_kill 2\n")
    monkeypatch.setattr("vrdata.memory._own_source", lambda: source)
    watch = MemoryWatch.begin()
    assert watch.ran_out() is False
    assert told(watch.ran_out()) == "memory did not run out"
    source.write_text("oom 9\noom_kill 3\n")
    assert watch.ran_out() is True
    assert MemoryWatch.begin().ran_out() is False


def test_a_system_without_a_counter_gives_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vrdata.memory._own_source", lambda: None)
    watch = MemoryWatch.begin()
    assert watch.ran_out() is None
    assert "does not report" in told(watch.ran_out())


@pytest.mark.skipif(sys.platform != "linux", reason="proc(5)")
def test_this_machine_has_a_counter() -> None:
    assert find_source(Path("/proc")) is not None
