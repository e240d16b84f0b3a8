"""The files of a new generator: those of `starter/`, which work as they are, under its own name."""

from __future__ import annotations

import re
from importlib import resources
from typing import Literal

GeneratorClass = Literal["O", "G", "M"]
_FILES = ("generator.py", "test_generator.py", "requirements.txt", "README.md")


def scaffold(name: str, generator_class: GeneratorClass) -> dict[str, str]:
    """File name → text of a generator that can be run, tested and added.

    Args:
        name: its catalogue name, such as O-my-task.
        generator_class: O (static), G (dynamic) or M (converts existing data).

    Raises:
        ValueError: no Python name can be made from `name`.
    """
    words = re.findall(r"[a-z0-9]+", re.sub(r"^[OGMogm][-_]", "", name).lower())
    if not words:
        raise ValueError(f"{name!r} holds no word")
    own = {
        "O-my-task": name,
        "my_task": "_".join(words),
        "MyTask": _class_name(words),
        "--class O": f"--class {generator_class}",
        'generator_class = "O"': f'generator_class = "{generator_class}"',
    }
    # In one pass, so that a name that holds another placeholder is not replaced again.
    places = re.compile("|".join(map(re.escape, own)))
    starter = resources.files("vrdata_generators") / "starter"
    return {
        file: places.sub(lambda match: own[match[0]], (starter / file).read_text("utf-8"))
        for file in _FILES
    }


def _class_name(words: list[str]) -> str:
    """A Python name; its ending keeps it apart from keywords and from what the file imports."""
    name = "".join(word.capitalize() for word in words).removesuffix("Task") + "Task"
    return f"Task{name}" if name[0].isdigit() else name
