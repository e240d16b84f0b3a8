"""The proof finds a replacement that changes something, and turns the replacements off."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from support.generators.repositories import RunningInterpreter, write_repository
from vrdata_generators.adapter.adding import Added, Adder
from vrdata_generators.adapter.home import Home
from vrdata_generators.adapter.source.locations import GeneratorSource
from vrdata_worker.child import launch

pytestmark = pytest.mark.slow

# Texts, cross-fades, a PNG in memory and OpenCV's videos: every call that vrdata replaces.
DRAWING = '''"""Two labelled pictures, their cross-fade, and a picture that was a PNG in memory."""

import argparse
import io
import random
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (96, 64)
parser = argparse.ArgumentParser()
parser.add_argument("--num-samples", type=int, required=True)
parser.add_argument("--output", default="data/questions")
parser.add_argument("--seed", type=int)


def picture(label, left):
    image = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((left, 30, left + 12, 44), fill="red")
    draw.text((4, 4), label, font=ImageFont.load_default(16), fill="black")
    return image


def main():
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    for index in range(arguments.num_samples):
        folder = Path(arguments.output) / "fade_task" / f"fade_{index:08d}"
        folder.mkdir(parents=True)
        label = f"number {random.randrange(1000)}"
        first, final = picture(label, random.randrange(40)), picture(label, 40 + 3 * index)
        first.save(folder / "first_frame.png")
        memory = io.BytesIO()
        final.save(memory, format="PNG")
        memory.seek(0)
        Image.open(memory).save(folder / "final_frame.png")
        code = cv2.VideoWriter.fourcc(*"mp4v")
        writer = cv2.VideoWriter(str(folder / "ground_truth.mp4"), code, 10, SIZE)
        for step in range(6):
            frame = Image.blend(first, final, step / 5)
            writer.write(cv2.cvtColor(np.array(frame), cv2.COLOR_RGB2BGR))
        writer.release()
        (folder / "prompt.txt").write_text("Fade.")


if __name__ == "__main__":
    main()
'''

# Code that runs after the replacements are installed, so only in accelerated blocks.
FAULTS = {
    "a wrong mask": """
        from PIL import ImageDraw
        right, first = ImageDraw.ImageDraw.text, []
        def text(self, xy, text, *arguments, **named):
            first.append(text)
            return right(self, xy, first[0], *arguments, **named)
        ImageDraw.ImageDraw.text = text
    """,
    "a stale box": """
        from PIL import Image, ImageChops
        right, boxes = Image.blend, []
        def blend(im1, im2, alpha):
            boxes.append(ImageChops.difference(im1, im2).getbbox())
            result = im1.copy()
            result.paste(right(im1.crop(boxes[0]), im2.crop(boxes[0]), alpha), boxes[0])
            return result
        Image.blend = blend
    """,
    "a dropped frame": """
        import cv2
        right, written = cv2.VideoWriter.write, []
        def write(self, image):
            written.append(None)
            return None if len(written) == 20 else right(self, image)
        cv2.VideoWriter.write = write
    """,
    "a changed buffer": """
        import os
        from PIL import Image
        right = Image.Image.save
        def save(self, fp, format=None, **named):
            if not isinstance(fp, (str, os.PathLike)):
                self = self.copy()
                self.putpixel((3, 3), (250, 255, 255))
            return right(self, fp, format, **named)
        Image.Image.save = save
    """,
}


def plant(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """Give the generators of this test replacements with a fault of FAULTS; "" = none."""
    installed = f"""

_right = install_acceleration


def install_acceleration(video, *, hash_frames=False):
    _right(video, hash_frames=hash_frames)
    if True:{FAULTS[fault] if fault else " pass"}
"""
    original = launch._environment

    def environment(folder: Path, launched: launch.Launch) -> dict[str, str]:
        variables = original(folder, launched)
        package = folder / "packages" / "vrdata_child"
        source = package.resolve()
        package.unlink()
        shutil.copytree(source, package)
        with (package / "patches" / "accelerate.py").open("a") as module:
            module.write(installed)
        return variables

    monkeypatch.setattr(launch, "_environment", environment)


def add(folder: Path) -> Added:
    root = write_repository(folder / "O-fade", {"examples/generate.py": DRAWING})
    adder = Adder(Home(folder / "home"), RunningInterpreter(), True, lambda _line: None)
    (added,) = adder.add(GeneratorSource(str(root)))
    assert isinstance(added, Added), added.error
    return added


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("a wrong mask", "pixels of final_frame.png"),
        ("a stale box", "frames of ground_truth.mp4"),
        ("a dropped frame", "frames of ground_truth.mp4"),
        ("a changed buffer", "pixels of final_frame.png"),
    ],
)
def test_a_generator_runs_without_replacements_that_have_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, found: str
) -> None:
    plant(monkeypatch, fault)
    entry = add(tmp_path).entry
    assert entry.seeded
    assert not entry.acceleration.enabled
    assert "acceleration changes the content" in entry.acceleration.reason
    assert entry.acceleration.reason.endswith(found)


@pytest.mark.parametrize(
    "text",
    [
        "len(memory.getvalue())",
        "zlib.crc32(memory.getvalue())",
        "len(cv2.imencode('.png', np.array(final))[1])",
    ],
)
def test_a_generator_that_depends_on_png_bytes_in_memory_has_those_of_its_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    drawing = DRAWING.replace('"Fade."', f'f"Fade {{{text}}}."').replace(
        "import io", "import io, zlib"
    )
    monkeypatch.setattr(sys.modules[__name__], "DRAWING", drawing)
    acceleration = add(tmp_path).entry.acceleration
    assert not acceleration.enabled
    assert acceleration.reason.endswith("prompt.txt")


def test_a_generator_runs_with_replacements_that_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, "")
    entry = add(tmp_path).entry
    assert entry.acceleration.enabled, entry.acceleration.reason
