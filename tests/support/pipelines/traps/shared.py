"""What all trap repositories share: the options of the script, and a sample's files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HEAD = """\
import argparse, io, json, os, shutil, subprocess, sys
from pathlib import Path

from PIL import Image, ImageOps

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
"""
OPTIONS = """\
parser = argparse.ArgumentParser()
parser.add_argument("--num-samples", type=int, default=800)
parser.add_argument("--output", default="data/questions")
parser.add_argument("--seed", type=int)
parser.add_argument("--start-index", type=int, default=0)
args = parser.parse_args()
"""
SAVE = """\
def save(folder, picture, about):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "first_frame.png").write_bytes(picture)
    ImageOps.mirror(Image.open(io.BytesIO(picture))).save(folder / "final_frame.png")
    (folder / "prompt.txt").write_text("Find the lesion.")
    (folder / "metadata.json").write_text(json.dumps(about))
"""


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the files of a repository; returns its folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def indented(text: str, spaces: int) -> str:
    """Lines of code, indented."""
    return "".join(f"{' ' * spaces}{line}\n" for line in text.strip("\n").splitlines())
