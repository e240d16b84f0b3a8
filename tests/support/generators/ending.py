"""Scripts that fail at a chosen sample, by the way in which they write their samples."""

from __future__ import annotations

import textwrap

import psutil

from support.generators.traps import BASE, WRITER

HEAD = """
import argparse, os, signal, sys, time
from pathlib import Path
from PIL import Image

parser = argparse.ArgumentParser()
for flag in ("--num-samples", "--at"):
    parser.add_argument(flag, type=int)
for flag in ("--output", "--seed", "--way"):
    parser.add_argument(flag)
options = parser.parse_args()

def fail(number):
    if number != options.at:
        return
    if options.way == "raise": raise ValueError("cannot paint")
    if options.way == "memory": raise MemoryError
    if options.way == "code": sys.exit(3)
    if options.way == "text": sys.exit("no colour is left")
    if options.way == "leave": os._exit(3)
    if options.way == "kill": os.kill(os.getpid(), signal.SIGKILL)
    while True: time.sleep(1)

def folder_of(number):
    folder = Path(options.output) / "square_task" / f"square_{number:08d}"
    folder.mkdir(parents=True)
    return folder

def write(folder, number):
    (folder / "prompt.txt").write_text(f"Paint {number}.")
    Image.new("RGB", (8, 8)).save(folder / "first_frame.png")
"""
BETWEEN = """
for number in range(options.num_samples):
    fail(number)
    write(folder_of(number), number)
"""
WITHIN = """
def sample(number):
    folder = folder_of(number)
    (folder / "final_frame.png").write_bytes(b"")
    Image.new("RGB", (8, 8)).save(folder / "final_frame.png")
    fail(number)
    write(folder, number)

for number in range(options.num_samples):
    sample(number)
"""
AT_THE_END = """
for number in range(options.num_samples):
    fail(number)
for number in range(options.num_samples):
    write(folder_of(number), number)
"""
TWO_PASSES = """
for number in range(options.num_samples):
    write(folder_of(number), number)
for number in range(options.num_samples):
    fail(number)
    name = f"square_task/square_{number:08d}/goal.txt"
    (Path(options.output) / name).write_text("Done.")
"""
FRAMEWORK = """
sys.path.insert(0, str(Path(__file__).parent.parent))
from core.base_generator import BaseGenerator
from core.writer import write_dataset

class Config:
    domain, random_seed, num_samples = "square", 1, options.num_samples

class Pair:
    first = final = Image.new("RGB", (8, 8))
    colour, video = 1, None

class Generator(BaseGenerator):
    def generate_task_pair(self, task_id):
        fail(int(task_id[-8:]))
        pair = Pair()
        pair.task_id = task_id
        return pair
    OVERRIDE

write_dataset(options.output, "square", Generator(Config()).generate_dataset())
"""
OVERRIDE = """
    def generate_dataset(self):
        numbers = range(self.config.num_samples)
        return [self.generate_task_pair(f"square_{number:08d}") for number in numbers]
"""
API = """
import os, sys
from PIL import Image
from vrdata_generators.api import Generator, Sample

class X(Generator):
    name, domain, generator_class = "O-x", "x", "O"

    def params(self, rng, index):
        return {"index": index}

    def render(self, params):
        if params["index"] == 4:
            CODE
        image = Image.new("RGB", (32, 32))
        return Sample(first=image, final=image, prompt="Look.", frames=[image])
"""
SCRIPTS = {
    "between": BETWEEN,
    "within": WITHIN,
    "at the end": AT_THE_END,
    "two passes": TWO_PASSES,
    "framework": FRAMEWORK.replace("OVERRIDE", ""),
    "own dataset": FRAMEWORK.replace("    OVERRIDE", textwrap.indent(OVERRIDE, "")),
}
FAMILY = {
    "core/__init__.py": "import core.base_generator\n",
    "core/base_generator.py": BASE,
    "core/writer.py": WRITER,
}


def processes_of_template() -> list[psutil.Process]:
    """The guard, the template and its blocks, in this order."""
    return [
        process
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and "vrdata_child" in " ".join(child.cmdline())
        for process in (child, *child.children(recursive=True))
    ]
