"""One repository for each way in which public pipelines drive their loop and write."""

from __future__ import annotations

from pathlib import Path

from support.pipelines.traps.shared import HEAD, OPTIONS, SAVE, indented, written

_CORE = f"""\
{HEAD}
{SAVE}

class BasePipeline:
    def __init__(self, count, writer):
        self.count, self.writer = count, writer

    def run(self):
        kept = []
        for index, raw in enumerate(self.download()):
            if index == self.count:
                break
            sample = self.process_sample(raw, index)
            if sample is None:
                print("Skipped")
                continue
            self.writer.write_sample(sample)
            kept.append(sample)
        return kept


class OutputWriter:
    def __init__(self, output):
        self.output = Path(output)

    def write_sample(self, sample):
        folder = self.output / "core_task" / sample["id"]
        save(folder, sample["picture"], sample["about"])
        shutil.copy(sample["video"], folder / "first_video.mp4")
        (folder / "boxes.csv").write_text("x,y\\n1,2\\n")
        if bucket := os.environ.get("INCREMENTAL_S3_BUCKET"):
            subprocess.run(["aws", "s3", "cp", "--recursive", folder, f"s3://{{bucket}}/"])
"""
_TASK = """\
import json, shutil, subprocess
from datetime import datetime
from pathlib import Path

from core.pipeline import BasePipeline


class TaskPipeline(BasePipeline):
    def download(self):
        url = "s3://original/M-1/"
        subprocess.run(["aws", "s3", "sync", url, "raw", "--no-progress"])
        copy = ["aws", "s3", "sync", url + "videos", "_tmp/videos", "--only-show-errors"]
        subprocess.run(copy, check=True)
        yield from sorted(Path("raw").glob("*.png"))

    def process_sample(self, path, index):
        about = {
            "phase": index / len(list(Path("raw").glob("*.png"))),
            "first": next(Path("raw").rglob("*.png")).name,
            "timestamp": datetime.now().isoformat(),
        }
        return {
            "id": f"core_{index:05d}",
            "picture": path.read_bytes(),
            "about": about,
            "video": "_tmp/videos/clip.mp4",
        }

    def run(self):
        kept = super().run()
        shutil.rmtree("_tmp")
        counts = Path(self.writer.output) / "core_task" / "_class_distribution.json"
        counts.write_text(json.dumps({"samples": len(kept)}))
        return kept
"""
_CORE_ENTRY = f"""\
{HEAD}
{OPTIONS}
from core.pipeline import OutputWriter
from src.pipeline import TaskPipeline

TaskPipeline(args.num_samples, OutputWriter(args.output)).run()
"""
PHASE2_DATA = "/home/somebody/medical/datasets/_extracted/M-2"
"""Where the repository of family phase2 expects its data."""

_PHASE2 = f"""\
{HEAD}
{SAVE}
DATA_ROOT = Path("/home/somebody/medical/datasets/_extracted")
EXAMPLE_ROOT = Path("/home/somebody/medical/datasets/_example_output")


def process_case(path, i):
    save(EXAMPLE_ROOT / "M-2_lesions" / f"task_{{i:04d}}", path.read_bytes(), {{"case": path.stem}})
    return True


def main():
    done = 0
    for path in sorted((DATA_ROOT / "M-2").rglob("*.png")):
        if process_case(path, done):
            done += 1
    print(f"{{done}} cases")
"""
_PHASE2_ENTRY = f"{HEAD}{OPTIONS}from _phase2.lesions import main\n\nmain()\n"
_ONE_FILE = f"""\
{HEAD}
{SAVE}
import random


def write_sample(path, angle, i, out):
    picture = path.read_bytes()
    if len(picture) < 10:
        raise ValueError("not a picture")
    save(Path(out) / "one_task" / f"one_{{i:05d}}", picture, {{"angle": angle}})


def main():
{indented(OPTIONS, 4)}
    paths = sorted(Path("raw").glob("*.png"))
    rng = random.Random(42)
    for i in range(args.num_samples):
        path = paths[i * len(paths) // args.num_samples]
        angle = rng.random()
        try:
            write_sample(path, angle, i, args.output)
        except Exception as error:
            print(f"  skipped {{i}}: {{error}}")


if __name__ == "__main__":
    main()
"""


def core(folder: Path) -> Path:
    """`BasePipeline.run` and a writer; always calls `aws`; files in and beside the samples.

    Metadata has the time, the first file of an unsorted listing, and a label that depends on how
    many files there are. It uploads each sample if the environment names a bucket.
    """
    files = {"core/pipeline.py": _CORE, "src/pipeline.py": _TASK}
    return written(folder, {"examples/generate.py": _CORE_ENTRY, **files})


def phase2(folder: Path) -> Path:
    """Ignores its options, and reads and writes absolute folders."""
    files = {"examples/generate.py": _PHASE2_ENTRY, "_phase2/lesions.py": _PHASE2}
    return written(folder, files)


def one_file(folder: Path) -> Path:
    """One script: pictures depend on how many are asked for; one random stream for all."""
    return written(folder, {"examples/generate.py": _ONE_FILE})
