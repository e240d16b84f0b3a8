"""Flags as read from a help text."""

import sys
from pathlib import Path

import pytest

from vrdata.errors import InvalidInputError
from vrdata_generators.adapter import flags as flags_module
from vrdata_generators.adapter.flags import parse_help, probe_flags

USUAL = """usage: generate.py [-h] --num-samples NUM_SAMPLES [--output OUTPUT] [--seed SEED]

Generate a data set

options:
  -h, --help            show this help message and exit
  --num-samples NUM_SAMPLES
                        Number of samples; see --count of the other tool
  --output OUTPUT       Output directory
  --seed SEED           Random seed
  --no-videos           Disable video generation

Examples:
    python examples/generate.py --num-samples 10 --fast
"""


def test_the_usual_flags_are_found() -> None:
    found = parse_help(USUAL)
    assert found.flags.to_dict() == {
        "samples": "--num-samples",
        "output": "--output",
        "seed": "--seed",
    }
    assert found.others == ("--no-videos",)


def test_other_spellings_and_additional_flags_are_found() -> None:
    found = parse_help(
        "options:\n  -n N, --num-samples N  how many\n  -o DIR, --output-dir DIR\n"
        "  --no-video\n  --symbol-set {a,b}\n  --min-length N  Seed of nothing\n"
    )
    assert found.flags.output == "--output-dir"
    assert found.flags.seed is None
    assert found.others == ("--no-video", "--symbol-set", "--min-length")


@pytest.mark.parametrize("lost", ["--num-samples", "--output"])
def test_a_missing_flag_is_an_error_that_lists_the_existing_flags(lost: str) -> None:
    text = "\n".join(line for line in USUAL.splitlines() if not line.startswith(f"  {lost}"))
    with pytest.raises(InvalidInputError, match="has no flag") as caught:
        parse_help(text)
    assert "--seed" in caught.value.why


def entry(root: Path, text: str) -> Path:
    (root / "examples").mkdir()
    (root / "examples/generate.py").write_text(text)
    (root / "scratch").mkdir()
    return root


def probe(root: Path) -> flags_module.ProbedFlags:
    return probe_flags(root, Path(sys.executable), root / "scratch")


def test_the_script_prints_its_help_in_a_private_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    root = entry(
        tmp_path,
        "import os\nassert 'AWS_SECRET_ACCESS_KEY' not in os.environ\n"
        "assert os.environ['HOME'].endswith('scratch')\n"
        f"print({USUAL!r})\n",
    )
    assert probe(root).flags.seed == "--seed"
    assert not list(root.rglob("__pycache__"))


def test_a_crash_is_reported_with_its_last_lines(tmp_path: Path) -> None:
    root = entry(tmp_path, "raise RuntimeError('no display')\n")
    with pytest.raises(InvalidInputError, match="exit code 1") as caught:
        probe(root)
    assert "no display" in caught.value.why


def test_a_missing_module_is_named_in_the_fix(tmp_path: Path) -> None:
    root = entry(tmp_path, "import no_such_module_anywhere\n")
    with pytest.raises(InvalidInputError) as caught:
        probe(root)
    assert "no_such_module_anywhere" in caught.value.fix


def test_a_script_that_does_not_exit_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flags_module, "HELP_SECONDS", 0.5)
    root = entry(tmp_path, "import signal\nsignal.pause()\n")
    with pytest.raises(InvalidInputError, match="longer than"):
        probe(root)
