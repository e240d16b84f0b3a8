"""The files of a new generator or converter: the working files of `starter/`, under its name."""

from __future__ import annotations

import re
from importlib import resources
from typing import Literal

GeneratorClass = Literal["O", "G", "M"]
_SHARED = "requirements.txt"
_FILES = ("generator.py", "test_generator.py", "README.md")
_OF_CONVERTER = ("converter.py", "test_converter.py", "README.md")


def scaffold(name: str, generator_class: GeneratorClass) -> dict[str, str]:
    """The files (name → text) of a generator or converter that can be run, tested and added.

    Args:
        name: its catalogue name, such as O-my-task.
        generator_class: O (static) or G (dynamic) for a generator, M for a converter.

    Raises:
        ValueError: `name` gives no Python identifier.
    """
    words = re.findall(r"[a-z0-9]+", re.sub(r"^[OGMogm][-_]", "", name).lower())
    if not words:
        raise ValueError(f"{name!r} contains no letter or digit")
    replacements = {
        "O-my-task": name,
        "M-my-task": name,
        "my_task": "_".join(words),
        "MyTask": _class_name(words),
        "--class O": f"--class {generator_class}",
        'generator_class = "O"': f'generator_class = "{generator_class}"',
    }
    # In one pass, so that a placeholder inside the new name is not replaced.
    placeholders = re.compile("|".join(map(re.escape, replacements)))
    starter = resources.files("vrdata_generators") / "starter"
    converts = generator_class == "M"
    folder = starter / "converter" if converts else starter
    texts = {file: folder / file for file in (_OF_CONVERTER if converts else _FILES)}
    texts[_SHARED] = starter / _SHARED
    return {
        file: placeholders.sub(lambda match: replacements[match[0]], text.read_text("utf-8"))
        for file, text in texts.items()
    }


def _class_name(words: list[str]) -> str:
    """A Python class name; its suffix avoids keywords and the names that the file imports."""
    name = "".join(word.capitalize() for word in words).removesuffix("Task") + "Task"
    return f"Task{name}" if name[0].isdigit() else name
