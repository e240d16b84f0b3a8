"""Repositories with a loop of their own, whose step has a bad habit."""

from __future__ import annotations

from pathlib import Path

from support.pipelines.traps.shared import HEAD, OPTIONS, SAVE, indented, written

_IN_ORDER = """\
for index, path in enumerate(self.paths):
    self.process(path, index)
"""
WRITE = 'self.save(index, path, {"source": path.name})\n'
"""The code of a step that writes a sample."""

_ENTRY = f"{HEAD}{OPTIONS}from src.task import Task\n\nTask(args.num_samples, args.output).run()\n"


def loop(
    folder: Path,
    step: str = WRITE,
    *,
    every: bool = False,
    first: str = "",
    begin: str = "",
    run: str = _IN_ORDER,
    others: str = "",
) -> Path:
    """Write a repository.

    Args:
        folder: of the repository.
        step: the code of `process(self, path, index)`.
        every: `run` decides how many items it takes.
        first: code of the module.
        begin: code at the beginning of `run`.
        run: code that calls `self.process`, with the items in `self.paths`.
        others: more methods.
    """
    module = f"""\
{HEAD}
{SAVE}
{first}
class Task:
    def __init__(self, count, output):
        self.count, self.output, self.done, self.before = count, Path(output).resolve(), 0, 0

    def save(self, number, path, about):
        folder = self.output / "loop_task" / f"loop_{{number:05d}}"
        save(folder, path.read_bytes(), about)
        return folder

    def process(self, path, index):
{indented(step, 8)}
    def run(self):
{indented(begin, 8)}
        self.paths = sorted(Path("raw").glob("*.png")){"" if every else "[: self.count]"}
{indented(run, 8)}
{indented(others, 4)}"""
    return written(folder, {"examples/generate.py": _ENTRY, "src/task.py": module})


def remembers(folder: Path) -> Path:
    """Metadata depend on the items before: how many, the last one, and one random stream."""
    step = """\
size = sum(path.read_bytes())
about = {"number": self.done, "growth": size - self.before, "angle": STREAM.random()}
self.save(index, path, about)
self.done, self.before = self.done + 1, size
"""
    return loop(folder, step, first="import random\n\nSTREAM = random.Random(42)\n")


def caps_successes(folder: Path) -> Path:
    """Skips black pictures, and walks on until it has as many samples as it was asked for.

    Names count samples, so a slice has other ones than the complete walk.
    """
    step = """\
if len(path.read_bytes()) < 500:
    return None
self.save(self.done, path, {"source": path.name})
return True
"""
    run = """\
for index, path in enumerate(self.paths):
    if self.done >= self.count:
        break
    if self.process(path, index):
        self.done += 1
"""
    return loop(folder, step, every=True, run=run)


_DISPATCH = """\
{make}
for index, path in enumerate(self.paths):
    self.start(pool, path, index)
{end}
"""
_START = """\
def start(self, pool, path, index):
    {call}
    while not (self.output / "loop_task" / f"loop_{{index:05d}}" / "first_frame.png").exists():
        time.sleep(0.001)
"""
_LATE = """\
import time

def late(output, path, index):
    folder = Path(output) / "loop_task" / f"loop_{index:05d}"
    folder.mkdir(parents=True)
    (folder / "first_frame.png").write_bytes(path.read_bytes())
    time.sleep(0.05)
    save(folder, path.read_bytes(), {"name": path.name})
"""


def in_threads(folder: Path) -> Path:
    """A method lets a thread write each sample, and returns before it is complete."""
    run = _DISPATCH.format(make="pool = ThreadPoolExecutor(2)", end="pool.shutdown()")
    call = "pool.submit(late, self.output, path, index)"
    first = f"from concurrent.futures import ThreadPoolExecutor\n{_LATE}"
    return loop(folder, first=first, run=run, others=_START.format(call=call))


def in_processes(folder: Path) -> Path:
    """As `in_threads`, with a pool of processes."""
    make = 'pool = multiprocessing.get_context("fork").Pool(2)'
    run = _DISPATCH.format(make=make, end="pool.close()\npool.join()")
    call = "pool.apply_async(late, (self.output, path, index))"
    first = f"import multiprocessing\n{_LATE}"
    return loop(folder, first=first, run=run, others=_START.format(call=call))
