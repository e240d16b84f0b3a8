"""A repository that reads pictures, masks, and parts of a large archive that it never fetches."""

from __future__ import annotations

import zipfile
from pathlib import Path

from PIL import Image

from support.pipelines import flip

ARCHIVE = "tints.zip"
BUCKET = "original-bucket"
HTTPS, S3 = f"https://data.example/v1/{ARCHIVE}", f"s3://{BUCKET}/v1/{ARCHIVE}"
"""From which the two kinds of the repository read the archive."""

_GENERATE = """\
import argparse, sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from src.pipeline import TaskPipeline

parser = argparse.ArgumentParser()
parser.add_argument("--num-samples", type=int, default=100)
parser.add_argument("--output", default="data/questions")
args = parser.parse_args()
TaskPipeline(args.num_samples, Path(args.output)).run()
"""
_PIPELINE = """\
import json
import zipfile
from pathlib import Path

from PIL import Image

from src.remote import Remote


class TaskPipeline:
    def __init__(self, count, output):
        self.count, self.output = count, output
        self.tints = zipfile.ZipFile(Remote())

    def process_sample(self, path, idx):
        tint = tuple(self.tints.read(f"{path.stem}.rgb"))
        mask = Image.open(Path("masks") / path.name).convert("L")
        first = Image.open(path).convert("RGB")
        final = Image.composite(Image.new("RGB", first.size, tint), first, mask)
        folder = self.output / "tint_task" / f"tint_{idx:05d}"
        folder.mkdir(parents=True)
        first.save(folder / "first_frame.png")
        final.save(folder / "final_frame.png")
        (folder / "prompt.txt").write_text(f"Colour the marked part {tint}.")
        (folder / "metadata.json").write_text(json.dumps({"source": path.name}))

    def run(self):
        for idx, path in enumerate(sorted(Path("raw").glob("*.png"))[: self.count]):
            self.process_sample(path, idx)
"""
_REMOTE = """\
import io


class Remote(io.RawIOBase):
    def __init__(self):
        self.size, self.at = size(), 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.at

    def seek(self, offset, whence=0):
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def readinto(self, buffer):
        stop = min(self.size, self.at + len(buffer))
        if stop <= self.at:
            return 0
        body = read(f"bytes={self.at}-{stop - 1}")
        buffer[: len(body)] = body
        self.at += len(body)
        return len(body)
"""
_URLLIB = f"""\
from urllib.request import Request, urlopen

URL = "{HTTPS}"


def size():
    return int(urlopen(Request(URL, method="HEAD"), timeout=60).headers["Content-Length"])


def read(span):
    return urlopen(Request(URL, headers={{"Range": span}}), timeout=60).read()


"""
_BOTO3 = f"""\
import boto3

CLIENT = boto3.client("s3")
OBJECT = {{"Bucket": "{BUCKET}", "Key": "v1/{ARCHIVE}"}}


def size():
    return CLIENT.head_object(**OBJECT)["ContentLength"]


def read(span):
    return CLIENT.get_object(**OBJECT, Range=span)["Body"].read()


"""


def write_repository(folder: Path, *, boto3: bool = False) -> Path:
    """Write the repository; it asks with urllib, or boto3. Returns its folder."""
    for name, text in (
        ("examples/generate.py", _GENERATE),
        ("src/__init__.py", ""),
        ("src/pipeline.py", _PIPELINE),
        ("src/remote.py", (_BOTO3 if boto3 else _URLLIB) + _REMOTE),
        ("requirements.txt", "boto3\n" if boto3 else ""),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def write_data(folder: Path, count: int, *, between: int = 0) -> Path:
    """Write `raw/`, `masks.zip` and the archive of tints.

    Args:
        folder: for them.
        count: how many pictures.
        between: bytes in the archive after each tint that nobody reads.
    """
    flip.write_pictures(folder / "raw", count)
    with (
        zipfile.ZipFile(folder / "masks.zip", "w") as masks,
        zipfile.ZipFile(folder / ARCHIVE, "w") as tints,
    ):
        for number in range(count):
            name = f"{number:03d}.png"
            mask = Image.new("L", (32, 32))
            mask.paste(255, (number % 16, 4, 24, 28))
            mask.save(folder / name)
            masks.write(folder / name, name)
            (folder / name).unlink()
            tints.writestr(f"{number:03d}.rgb", bytes((255, 20 * number % 256, number)))
            if between:
                tints.writestr(f"{number:03d}.other", bytes(between))
    return folder


def sources(url: str, serves: str = HTTPS) -> list[dict[str, object]]:
    """The sources of the data below a URL, as in a file for `--sources`."""
    return [
        {"place": "raw", "url": f"{url}/raw"},
        {"place": "masks", "url": f"{url}/masks.zip", "unpack": True},
        {"place": "tints", "url": f"{url}/{ARCHIVE}", "ranges": True, "serves": [serves]},
    ]
