"""The open files of a generator's processes: only those that they need."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from support.generators.probe import Probes, open_probes

LIST = """
import os


def opened():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            pass  # the folder that was listed
    return found
"""
OF_THE_BLOCK = {"/dev/null", "log.txt", "journal.jsonl", "begun"}


@pytest.fixture(scope="module")
def probes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Probes]:
    """Probes of a supervisor that has an open file, which programs would inherit."""
    folder = tmp_path_factory.mktemp("probes")
    (folder / "of-the-supervisor").touch()
    descriptor = os.open(folder / "of-the-supervisor", os.O_RDONLY)
    os.set_inheritable(descriptor, True)  # as a file that the user's shell has opened
    with open_probes(folder) as running:
        yield running
    os.close(descriptor)


def names(paths: Iterator[str]) -> list[str]:
    """Paths, with only the name of those in a folder of vrdata."""
    return [path if path.startswith("/dev") else Path(path).name for path in paths]


def is_place(descriptor: Path) -> bool:
    """Whether a descriptor only names a place, for Landlock: nothing can be read from it."""
    facts = (descriptor.parent.parent / "fdinfo" / descriptor.name).read_text()
    flags = next(line.split()[1] for line in facts.splitlines() if line.startswith("flags:"))
    return bool(int(flags, 8) & os.O_PATH)


def test_a_block_has_only_its_own_files_and_one_socket(probes: Probes) -> None:
    opened = probes.run(f"{LIST}facts = opened(), os.path.dirname(os.getcwd())")
    opened, folder = opened
    others = set(names(iter(opened.values()))) - OF_THE_BLOCK - {Path(folder).name}
    assert len(others) == 1
    assert others.pop().startswith("socket:")


def test_a_template_and_its_guard_have_only_their_log_and_sockets(probes: Probes) -> None:
    probes.run("facts = None")
    seen = 0
    for process in psutil.Process().children(recursive=True):
        if "--fd" in process.cmdline():
            descriptors = Path(f"/proc/{process.pid}/fd").iterdir()
            files = (path for path in descriptors if not is_place(path))
            opened = set(names(str(path.readlink()) for path in files))
            kernel = {name for name in opened if name.startswith(("socket:", "anon_inode:"))}
            assert opened - kernel == {"/dev/null", "template.log"}
            seen += 1
    assert seen


def test_a_program_that_a_generator_starts_inherits_no_socket(probes: Probes) -> None:
    """Also when it asks for all descriptors: the channel to the supervisor is not for it."""
    code = f"{LIST}print(list(opened().values()))"
    opened = probes.run(
        f"""
import ast, subprocess, sys
done = subprocess.run(
    [sys.executable, "-c", {code!r}], close_fds=False, capture_output=True, text=True
)
facts = ast.literal_eval(done.stdout)
"""
    )
    assert [path for path in opened if not path.startswith(("/dev/null", "pipe:"))] == []
