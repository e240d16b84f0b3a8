"""A generator repository whose names differ from those of the usual ones.

Its prefix is no class, its domain is its own name, ids have five digits and begin at 1, the
metadata file has another name, a sample has three videos, and there are files beside the samples.
"""

from __future__ import annotations

from pathlib import Path

from support.generators.repositories import write_repository

NAME = "Multi-01_keys_data-generator"
FILES = {
    *("final_frame.png", "first_frame.png", "prompt.txt", "question_metadata.json.txt"),
    *("ground_truth.mp4", "first_video.mp4", "last_video.mp4", "metadata.json"),
}
"""The files of each stored sample."""

BESIDE = ("_class_distribution.json", "index.csv", "question_metadata.json", "metadata.json")
"""Names of the files beside the samples."""

_SCRIPT = f'''"""Find the keys in the right order."""

import argparse
import json
import random
from pathlib import Path

import av
from PIL import Image

NAME = "{NAME}"


def write_video(path, colours):
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=16)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for colour in colours:
            frame = av.VideoFrame.from_image(Image.new("RGB", (32, 32), colour))
            output.mux(stream.encode(frame))
        output.mux(stream.encode())


def write_sample(folder, number):
    folder.mkdir(parents=True)
    steps = [tuple(random.randrange(256) for _ in range(3)) for _ in range(3)]
    Image.new("RGB", (32, 32), steps[0]).save(folder / "first_frame.png")
    Image.new("RGB", (32, 32), steps[-1]).save(folder / "final_frame.png")
    text = f"[Scenario] Keys.\\n[Rules] One at a time.\\n[Task] Find {{steps[-1]}}."
    (folder / "prompt.txt").write_text(text)
    about = {{"question_id": f"{{NAME}}_{{number:05d}}", "parameters": {{"steps": steps}}}}
    (folder / "question_metadata.json").write_text(json.dumps(about))
    write_video(folder / "ground_truth.mp4", steps)
    write_video(folder / "first_video.mp4", steps[:2])
    write_video(folder / "last_video.mp4", steps[1:])


parser = argparse.ArgumentParser()
parser.add_argument("--num-samples", type=int, required=True)
parser.add_argument("--output", default="data/questions")
parser.add_argument("--seed", type=int)
arguments = parser.parse_args()
random.seed(arguments.seed)
root = Path(arguments.output) / NAME
task = root / f"{{NAME}}_task"
for index in range(arguments.num_samples):
    write_sample(task / f"{{NAME}}_{{index + 1:05d}}", index + 1)
(task / "_class_distribution.json").write_text(json.dumps({{"keys": arguments.num_samples}}))
(task / "question_metadata.json").write_text("{{}}")
(task / "_summary").mkdir()
(task / "_summary" / "metadata.json").write_text("{{}}")
(root / "index.csv").write_text("samples\\n")
'''


def write_multistep(folder: Path) -> Path:
    """Write the repository; returns its folder."""
    files = {"examples/generate.py": _SCRIPT, "requirements.txt": "av\nPillow\n"}
    return write_repository(folder / NAME, files)
