"""Repositories with a loop of their own, whose step has a bad habit."""

from __future__ import annotations

from pathlib import Path

from support.pipelines.traps.shared import HEAD, OPTIONS, SAVE, indented, written

_IN_ORDER = """\
for index, path in enumerate(self.paths):
    self.process(path, index)
"""
_WRITE = 'self.save(index, path, {"source": path.name})\n'
_ENTRY = f"{HEAD}{OPTIONS}from src.task import Task\n\nTask(args.num_samples, args.output).run()\n"


def loop(
    folder: Path,
    step: str = _WRITE,
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


def counts_successes(folder: Path) -> Path:
    """Metadata has how many samples there were before."""
    step = 'self.save(index, path, {"source": path.name, "number": self.done})\nself.done += 1'
    return loop(folder, step)


def compares_with_the_last(folder: Path) -> Path:
    """The label is the difference to the item before."""
    step = """\
size = sum(path.read_bytes())
self.save(index, path, {"growth": size - self.before})
self.before = size
"""
    return loop(folder, step)


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


_DOWNLOADS = """\
def attempt(what, *args, **options):
    try:
        what(*args, **options)
    except Exception as error:
        print("failed:", error)


def fetch(path):
    import boto3, urllib.request

    client = boto3.client("s3", region_name="us-east-2")
    item = {"Bucket": "original", "Key": f"M-1/{path.name}"}
    size = client.head_object(**item)["ContentLength"]
    part = client.get_object(**item, Range=f"bytes=1-{size - 1}")["Body"].read()
    url = f"https://original.s3.us-east-2.amazonaws.com/M-1/{path.name}"
    whole = urllib.request.urlopen(url, timeout=10).read()
    assert whole[1:] == part == path.read_bytes()[1:]
    attempt(client.get_object, Bucket="secret", Key="x")
    attempt(client.upload_file, str(path), "results", path.name)
    attempt(urllib.request.urlopen, "http://169.254.169.254/latest/meta-data/", timeout=10)
    attempt(subprocess.run, ["apt-get", "install", "-y", "unar"], check=True)
    attempt(Path("/tmp/written-outside.txt").write_text, "x")
"""


def downloads(folder: Path) -> Path:
    """Reads its items from S3 in two ways, and tries what is refused for each of them."""
    return loop(folder, f"fetch(path)\n{_WRITE}", first=_DOWNLOADS)


_MANNERS = """\
import tempfile

sys.stdout.reconfigure(encoding="utf-8")
"""
_BEGIN = """\
shutil.rmtree("_tmp", ignore_errors=True)
os.mkdir("_tmp")
"""
_STEP = """\
about = {"source": path.name, "folder": str(Path("raw").resolve()), "file": str(path.resolve())}
kind = path.stem.partition("-")[2]
if kind == "silent":
    return
if kind == "exit":
    sys.exit(3)
if kind == "empty":
    (self.output / "loop_task" / f"loop_{index:05d}").mkdir(parents=True)
    return
if kind == "nan":
    about["size"] = float("nan")
if kind == "two":
    self.save(index + 500, path, about)
Path("_tmp/note").write_text(path.name)
folder = self.save(index, path, about)
if kind == "part":
    (folder / "final_frame.png").unlink()
assert Path("_tmp/note").read_text() == path.name
"""
_RUN = """\
here = Path.cwd()
os.chdir(tempfile.mkdtemp())
os.chdir(here)
for index, path in enumerate(self.paths):
    self.process(path, index)
shutil.rmtree("_tmp")
"""
KINDS = ("silent", "exit", "empty", "nan", "two", "part")
"""What an item of `manners` can do: the end of its file's name, as in `003-nan.png`."""


def manners(folder: Path) -> Path:
    """Changes its folder, deletes `_tmp`, and stores paths; some items give no good sample."""
    return loop(folder, _STEP, first=_MANNERS, begin=_BEGIN, run=_RUN)
