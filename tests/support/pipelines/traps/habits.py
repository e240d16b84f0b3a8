"""Repositories that download, clean up, trust what is there, or go on without what they lack."""

from __future__ import annotations

from pathlib import Path

from support.pipelines.traps.loops import WRITE, loop

_DOWNLOADS = """\
def attempt(what, *args, **options):
    try:
        what(*args, **options)
    except Exception as error:
        print("failed:", error)


def fetch(path):
    import boto3, urllib.request

    listing = "https://original.s3.us-east-2.amazonaws.com/?list-type=2&prefix=M-1/a b/"
    assert b"<Key>M-1/a b/c d.txt</Key>" in urllib.request.urlopen(listing, timeout=10).read()
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
    return loop(folder, f"fetch(path)\n{WRITE}", first=_DOWNLOADS)


_MANNERS = """\
import tempfile

sys.stdout.reconfigure(encoding="utf-8")


def origin():
    try:
        return (Path(__file__).parents[1] / ".git" / "config").read_text()
    except OSError:
        pass
    try:
        return subprocess.check_output(["git", "remote", "get-url", "origin"], text=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
"""
_BEGIN = """\
shutil.rmtree("_tmp", ignore_errors=True)
os.mkdir("_tmp")
if Path("raw/extracted").exists():
    raise SystemExit("raw has what another process has extracted")
os.mkdir("raw/extracted")
"""
_STEP = """\
about = {"source": path.name, "folder": str(Path("raw").resolve()), "file": str(path.resolve())}
about["origin"] = origin()
kind = path.stem.partition("-")[2]
if kind == "silent":
    return
if kind == "exit":
    sys.exit(3)
if kind == "abort":
    os.abort()
if kind == "empty":
    (self.output / "loop_task" / f"loop_{index:05d}").mkdir(parents=True)
    return
if kind == "nan":
    about["size"] = float("nan")
if kind == "two":
    self.save(index + 500, path, about)
Path("_tmp/note").write_text(path.name)
folder = self.save(index, path, about)
shutil.copyfile("raw/clip.mp4", folder / "first_video.mp4")
if kind == "part":
    (folder / "final_frame.png").unlink()
if kind == "half":
    (folder / "first_frame.png").write_bytes(path.read_bytes()[:900])
if kind == "video":
    (folder / "first_video.mp4").write_bytes(b"no video")
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
KINDS = ("silent", "exit", "empty", "nan", "two", "part", "abort", "half", "video")
"""What an item of `manners` can do: the end of its file's name, as in `003-nan.png`."""


def manners(folder: Path) -> Path:
    """Changes its folder, deletes `_tmp`, trusts what it has extracted, stores paths and tokens.

    Some items give no good sample.
    """
    return loop(folder, _STEP, first=_MANNERS, begin=_BEGIN, run=_RUN)


_LACKING = """\
try:
    import pycocotools_of_nobody
except ImportError:
    pycocotools_of_nobody = None


def masks(path):
    import boto3

    try:
        subprocess.run(["ffmpeg_of_nobody", "-version"], check=True)
    except OSError:
        pass
    try:
        boto3.client("s3").download_file("original", path.name, "raw/mask.png")
    except Exception:
        pass
"""


def lacks(folder: Path) -> Path:
    """Has no package, program or data to make a mask: it skips each item and exits with 0."""
    step = 'masks(path)\nprint("[skip] empty mask")\n'
    return loop(folder, step, first=_LACKING)


def cannot_start(folder: Path) -> Path:
    """Imports a package that its requirements lack."""
    return loop(folder, first="import pandas_of_nobody\n")
