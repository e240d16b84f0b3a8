"""Properties of every first-party generator."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vrdata_generators
from vrdata.plan.catalogue import CatalogueEntry
from vrdata_generators.api import Params, sample_rng
from vrdata_generators.builtin import catalogue
from vrdata_generators.builtin.catalogue import builtin_entries, builtin_names
from vrdata_generators.checks import Rendered, check_sample
from vrdata_generators.registry import get_generator

NAMES = list(builtin_names())
SEEDS = st.integers(0, 2**31 - 1)
POSITIONS = st.integers(0, 999)
DIFFICULTIES = ("easy", "medium", "hard")

# What makes a task of each kind harder.
EFFORT: dict[str, Callable[[Params], float]] = {
    "O-maze": lambda params: params["cells"],
    "O-sliding-tiles": lambda params: len(params["moves"]),
    "O-sudoku-step": lambda params: len(params["steps"]),
    "G-bouncing-balls": lambda params: len(params["balls"]),
    "G-pendulum": lambda params: abs(params["degrees"]),
    "G-occlusion": lambda params: len(params["things"]),
    "G-tabletop": lambda params: len(params["discs"]),
}


@cache
def checked(name: str, position: int) -> Rendered:
    """A sample that `check_sample` accepted; rendering one twice takes about a second."""
    return check_sample(get_generator(name), seed=7, position=position)


@pytest.mark.parametrize("position", range(3))
@pytest.mark.parametrize("name", NAMES)
def test_a_sample_follows_the_rules_and_is_512_pixels_wide(name: str, position: int) -> None:
    made = checked(name, position)
    assert made.sample.first.size == (512, 512)
    assert 1 <= made.frames / made.sample.fps <= 6  # seconds


@pytest.mark.parametrize("name", NAMES)
def test_another_process_draws_the_same_pixels(name: str) -> None:
    program = (
        "import sys\n"
        "from vrdata_generators.checks import check_sample\n"
        "from vrdata_generators.registry import get_generator\n"
        "print(check_sample(get_generator(sys.argv[1]), seed=7, position=1).digest)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, name],
        env={"PYTHONHASHSEED": "123", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == checked(name, 1).digest


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=settings.default.max_examples // 3)
@given(seed=SEEDS, position=POSITIONS)
def test_parameters_depend_only_on_seed_and_position(name: str, seed: int, position: int) -> None:
    generator = get_generator(name)
    params = generator.params(sample_rng(seed, position), position)
    assert params == get_generator(name).params(sample_rng(seed, position), position)
    assert params["difficulty"] == DIFFICULTIES[position % 3]


@pytest.mark.parametrize("name", NAMES)
def test_the_samples_of_a_block_differ(name: str) -> None:
    generator = get_generator(name)
    prompts_and_pixels = set()
    for position in range(10):
        sample = generator.render(generator.params(sample_rng(3, position), position))
        prompts_and_pixels.add((sample.prompt, sample.first.tobytes()))
    assert len(prompts_and_pixels) == 10


@pytest.mark.parametrize("name", NAMES)
def test_a_harder_sample_is_never_less_work_than_an_easier_one(name: str) -> None:
    generator = get_generator(name)
    efforts = defaultdict(list)
    for position in range(90):
        params = generator.params(sample_rng(11, position), position)
        efforts[params["difficulty"]].append(EFFORT[name](params))
    easy, medium, hard = (efforts[difficulty] for difficulty in DIFFICULTIES)
    assert max(easy) <= min(medium)
    assert max(medium) <= min(hard)
    assert max(easy) < min(hard)


def test_every_module_is_a_measured_catalogue_entry_with_its_own_name_and_domain() -> None:
    assert set(NAMES) == EFFORT.keys()
    modules = Path(catalogue.__file__).parent.glob("*.py")
    assert len(NAMES) == len({path.stem for path in modules} - {"__init__", "catalogue"})
    entries = [CatalogueEntry.model_validate(entry) for entry in builtin_entries()]
    assert [entry.name for entry in entries] == NAMES
    for entry in entries:
        generator = get_generator(entry.name)
        assert (generator.name, generator.generator_class) == (entry.name, entry.generator_class)
    assert len({entry.digest for entry in entries}) == len(entries)
    assert len({get_generator(name).domain for name in NAMES}) == len(NAMES)


def test_measuring_a_generator_again_keeps_its_digest(tmp_path: Path) -> None:
    maze = Path(catalogue.__file__).with_name("maze.py")
    source = maze.read_text()
    assert '"secondsPerSample": 0.' in source
    measured_again, changed = tmp_path / "again.py", tmp_path / "changed.py"
    measured_again.write_text(source.replace('"secondsPerSample": 0.', '"secondsPerSample": 7.'))
    changed.write_text(source.replace("512", "513"))
    original = catalogue._without_figures(maze)
    assert catalogue._without_figures(measured_again) == original
    assert catalogue._without_figures(changed) != original


def test_an_unknown_name_is_a_key_error() -> None:
    for name in ("O-none", "G-maze"):
        with pytest.raises(KeyError):
            get_generator(name)


def test_the_digest_of_a_generator_covers_each_module_of_vrdata_that_it_imports() -> None:
    for path in Path(vrdata_generators.__file__).parent.rglob("*.py"):
        found = catalogue._IMPORT.findall(path.read_text("utf-8"))
        assert set(found) == imports_of(path.read_text("utf-8")), path


@pytest.mark.parametrize("one", catalogue.declarations("converters"), ids=lambda one: one.name)
def test_the_digest_of_a_converter_covers_what_its_process_imports(
    one: catalogue.Declaration,
) -> None:
    program = "import sys, importlib; importlib.import_module(sys.argv[1]); print(*sys.modules)"
    command = [sys.executable, "-c", program, one.module]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    own = ("vrdata.", "vrdata_generators.")
    loaded = {name for name in done.stdout.split() if name.startswith(own)}
    covered: dict[str, Path] = {}
    catalogue._sources(one.module, covered)
    missed = {name for name in loaded - covered.keys() if not is_package(name)}
    assert missed == set()
    assert one.module in loaded


def is_package(name: str) -> bool:
    """Whether a module only has a docstring, as packages do here."""
    spec = find_spec(name)
    return spec is not None and spec.submodule_search_locations is not None


@pytest.mark.parametrize(
    "line",
    [
        "import vrdata_generators.frames",
        "import json, vrdata_generators.frames as frames",
        "from vrdata_generators import frames",
        "from . import frames",
        "from .frames import moved",
        "from ..frames import moved",
        "if True: from vrdata_generators.frames import moved",
        "from vrdata_generators.frames import(moved)",
        "from vrdata_generators . frames import moved",
    ],
)
def test_an_import_that_the_digest_would_miss_is_found_by_the_test_above(line: str) -> None:
    assert set(catalogue._IMPORT.findall(line)) != imports_of(line)


def imports_of(source: str) -> set[str]:
    """The modules of vrdata_generators and of vrdata that a source imports, in any way."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("vrdata_generators." * bool(node.level) + (node.module or ""))
    return {name for name in found if name.startswith(("vrdata_generators", "vrdata."))}
