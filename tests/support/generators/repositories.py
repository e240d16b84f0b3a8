"""Write minimal generator repositories for a test."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from vrdata_generators.adapter.environment.requirements import RequirementSet, installed_versions
from vrdata_generators.adapter.environment.venv import Environment

GENERATE = '''"""Squares of a random colour."""

import argparse
import random
from pathlib import Path

from PIL import Image


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--num-samples", type=int, required=True)
    parser.add_argument("--output", default="data/questions")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--no-videos", action="store_true")
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    for index in range(arguments.num_samples):
        folder = Path(arguments.output) / "square_task" / f"square_{index:08d}"
        folder.mkdir(parents=True)
        colour = tuple(random.randrange(256) for _ in range(3))
        Image.new("RGB", (32, 32), "white").save(folder / "first_frame.png")
        Image.new("RGB", (32, 32), colour).save(folder / "final_frame.png")
        (folder / "prompt.txt").write_text(f"Fill the square with {colour}.")


if __name__ == "__main__":
    main()
'''
GOOD = {
    "examples/generate.py": GENERATE,
    "requirements.txt": "Pillow\n",
    "LICENSE": "MIT License\n",
}


def write_repository(folder: Path, files: dict[str, str] | None = None) -> Path:
    """Write a valid repository, changed by `files`; returns the folder."""
    for name, text in {**GOOD, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


class RunningInterpreter:
    """An EnvironmentBuilder whose environments are the interpreter that runs the tests."""

    def __init__(self) -> None:
        self.made: list[RequirementSet] = []

    def build(self, requirements: RequirementSet) -> Environment:
        """The running interpreter, with the versions it has."""
        self.made.append(requirements)
        versions = _installed()
        names = ("numpy", "pillow", "av", "zlib-ng")
        return Environment(
            Path(sys.executable), tuple(f"{name}=={versions[name]}" for name in names)
        )


_installed = cache(installed_versions)
