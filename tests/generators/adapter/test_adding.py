"""Adding generators with the real child, and the resulting entries."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.generators.repositories import GENERATE, RunningInterpreter, write_repository
from vrdata.errors import InvalidInputError
from vrdata.plan.catalogue import CatalogueEntry
from vrdata_generators.adapter import adding
from vrdata_generators.adapter.adding import Added, Adder, Failed
from vrdata_generators.adapter.home import Home
from vrdata_generators.adapter.proof.sampling import run_sampling, target_of, targets_in
from vrdata_generators.adapter.source.locations import GeneratorSource

pytestmark = pytest.mark.slow
Add = Callable[..., Added]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def adder(home: Home) -> Adder:
    return Adder(home, RunningInterpreter(), True, lambda _line: None)


def add_one(adder: Adder, folder: Path, **facts: str) -> Added:
    (result,) = adder.add(GeneratorSource(str(folder), **facts))
    assert isinstance(result, Added), result.error
    return result


def test_a_valid_repository_is_copied_assessed_and_catalogued(
    adder: Adder, home: Home, tmp_path: Path
) -> None:
    folder = write_repository(tmp_path / "O-1_square")
    entry = add_one(adder, folder).entry
    assert home.read().get("O-1_square") == entry
    assert (home.path / entry.path / "examples/generate.py").read_text() == GENERATE
    assert entry.path == f"repos/O-1_square-{entry.digest[7:19]}"
    assert (entry.generator_class, entry.mode, entry.seeded) == ("O", "whole", True)
    assert (entry.domain, entry.license) == ("square", "MIT")
    assert entry.flags.seed == "--seed"
    assert entry.measured is not None
    assert entry.measured.bytes_per_sample > 100
    assert entry.measured.peak_memory_bytes > 1_000_000
    assert entry.source == str(folder)


def test_adding_a_repository_again_changes_nothing(
    adder: Adder, home: Home, tmp_path: Path
) -> None:
    folder = write_repository(tmp_path / "O-1_square")
    first = add_one(adder, folder)
    again = add_one(adder, folder)
    assert (first.already, again.already) == (False, True)
    assert home.read().generators == (first.entry,)


def test_different_files_under_an_existing_name_are_refused(
    adder: Adder, home: Home, tmp_path: Path
) -> None:
    folder = write_repository(tmp_path / "O-1_square")
    first = add_one(adder, folder).entry
    (folder / "examples/generate.py").write_text(GENERATE + "# changed\n")
    (failed,) = adder.add(GeneratorSource(str(folder)))
    assert isinstance(failed, Failed)
    assert "is taken" in failed.error.what
    second = add_one(adder, folder, name="O-1_square_2").entry
    assert second.digest != first.digest
    assert len(home.read().generators) == 2


def test_each_digest_is_assessed_once(
    adder: Adder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_repository(tmp_path / "O-1_square")
    first = add_one(adder, folder).entry

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("tried again")

    monkeypatch.setattr(adding, "assess", refuse)
    second = add_one(adder, folder, name="O-2_square").entry
    assert second.measured == first.measured


def test_a_generator_that_ignores_its_seed_is_not_seeded(adder: Adder, tmp_path: Path) -> None:
    text = GENERATE.replace("random.seed(arguments.seed)", "random.seed(__import__('os').getpid())")
    added = add_one(adder, write_repository(tmp_path / "O-1_any", {"examples/generate.py": text}))
    assert not added.entry.seeded
    assert not added.entry.acceleration.enabled
    assert any("same seed" in warning for warning in added.warnings)


def test_a_generator_without_seed_flag_is_not_seeded(adder: Adder, tmp_path: Path) -> None:
    text = GENERATE.replace('    parser.add_argument("--seed", type=int)\n', "").replace(
        "    random.seed(arguments.seed)\n", ""
    )
    added = add_one(adder, write_repository(tmp_path / "O-1_none", {"examples/generate.py": text}))
    assert added.entry.flags.seed is None
    assert not added.entry.seeded
    assert any("no seed flag" in warning for warning in added.warnings)


def test_a_non_commercial_licence_is_a_warning(adder: Adder, tmp_path: Path) -> None:
    folder = write_repository(
        tmp_path / "O-1_nc", {"LICENSE": "Creative Commons Attribution-NonCommercial 4.0\n"}
    )
    assert any("CC-BY-NC-4.0" in warning for warning in add_one(adder, folder).warnings)


def test_acceleration_is_off_without_a_proof(home: Home, tmp_path: Path) -> None:
    quick = Adder(home, RunningInterpreter(), False, lambda _line: None)
    entry = add_one(quick, write_repository(tmp_path / "O-1_square")).entry
    assert not entry.acceleration.enabled
    assert "not proven" in entry.acceleration.reason
    assert list(home.probes.iterdir()) == []


def test_a_generator_for_the_api_needs_no_environment(
    adder: Adder, home: Home, tmp_path: Path
) -> None:
    folder = tmp_path / "G-9_dot"
    folder.mkdir()
    (folder / "generator.py").write_text(API)
    entry = add_one(adder, folder).entry
    assert (entry.kind, entry.python, entry.generator_class) == ("api", "", "G")
    tested = run_sampling(target_of(entry, home.catalogue), samples=12, seed=1)
    assert tested.passed, tested
    assert tested.valid == 12


API = """
from PIL import Image

from vrdata_generators.api import Generator, Sample


class Dot(Generator):
    name, domain, generator_class = "G-dot", "dot", "G"

    def params(self, rng, index):
        return {"x": rng.randrange(32)}

    def render(self, params):
        frames = [Image.new("RGB", (64, 64), (params["x"], 0, step)) for step in range(3)]
        return Sample(frames[0], frames[-1], "Follow the dot.", frames)
"""


def test_sampling_gives_the_samples_of_a_run_and_keeps_them(
    adder: Adder, home: Home, tmp_path: Path
) -> None:
    entry = add_one(adder, write_repository(tmp_path / "O-1_square")).entry
    kept = tmp_path / "kept"
    target = target_of(entry, home.catalogue)
    tested = run_sampling(target, samples=11, seed=42, keep=kept)
    assert tested.passed
    assert (tested.requested, tested.valid) == (11, 11)
    assert tested.seconds_per_sample > 0
    (task,) = kept.iterdir()
    assert task.name == "square_task"
    names = sorted(path.name for path in task.iterdir())
    assert (names[0], names[-1], len(names)) == ("square_00000000", "square_00000010", 11)
    assert (task / names[0] / "prompt.txt").read_text().startswith("Fill the square")
    with pytest.raises(InvalidInputError, match="not empty"):
        run_sampling(target, samples=1, seed=42, keep=kept)


def test_a_generator_can_be_tested_without_being_added(home: Home, tmp_path: Path) -> None:
    text = GENERATE.replace("range(arguments.num_samples)", "range(2)")
    folder = write_repository(tmp_path / "squares", {"examples/generate.py": text})
    with home.staging() as staging:
        (target,) = targets_in(folder, staging, RunningInterpreter(), lambda _line: None)
        tested = run_sampling(target, samples=3, seed=42)
    assert not tested.passed
    assert tested.valid == 2
    assert "2 of 3" in tested.problems[0]
    assert home.read().generators == ()


def test_a_generator_that_cannot_be_imported_fails_its_test(home: Home, tmp_path: Path) -> None:
    entry = CatalogueEntry.model_validate(
        {
            "name": "O-1",
            "class": "O",
            "kind": "repository",
            "digest": "sha256:" + "0" * 64,
            "path": "repos/none",
            "python": "envs/none/bin/python",
        }
    )
    tested = run_sampling(target_of(entry, home.catalogue), samples=1, seed=1)
    assert not tested.passed
    assert "envs/none/bin/python" in tested.problems[0]
