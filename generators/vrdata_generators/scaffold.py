"""The files of a new generator: the working files of `starter/`, under its name."""

from __future__ import annotations

import re
from importlib import resources
from typing import Literal

GeneratorClass = Literal["O", "G", "M"]
_FILES = ("generator.py", "test_generator.py", "requirements.txt", "README.md")


def scaffold(name: str, generator_class: GeneratorClass) -> dict[str, str]:
    """The files (name → text) of a generator that can be run, tested and added.

    Args:
        name: its catalogue name, such as O-my-task.
        generator_class: O (static), G (dynamic) or M (converts existing data).

    Raises:
        ValueError: `name` gives no Python identifier.
    """
    words = re.findall(r"[a-z0-9]+", re.sub(r"^[OGMogm][-_]", "", name).lower())
    if not words:
        raise ValueError(f"{name!r} contains no letter or digit")
    replacements = {
        "O-my-task": name,
        "my_task": "_".join(words),
        "MyTask": _class_name(words),
        "--class O": f"--class {generator_class}",
        'generator_class = "O"': f'generator_class = "{generator_class}"',
    }
    # In one pass, so that a placeholder inside the new name is not replaced.
    placeholders = re.compile("|".join(map(re.escape, replacements)))
    starter = resources.files("vrdata_generators") / "starter"
    return {
        file: placeholders.sub(
            lambda match: replacements[match[0]], (starter / file).read_text("utf-8")
        )
        for file in _FILES
    }


def _class_name(words: list[str]) -> str:
    """A Python class name; its suffix avoids keywords and the names that the file imports."""
    name = "".join(word.capitalize() for word in words).removesuffix("Task") + "Task"
    return f"Task{name}" if name[0].isdigit() else name
