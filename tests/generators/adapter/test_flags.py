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


HELPS = sorted((Path(__file__).parent / "helps").glob("*.txt"))


@pytest.mark.parametrize("path", HELPS, ids=lambda path: path.stem)
def test_the_help_of_every_library_is_read(path: Path) -> None:
    found = parse_help(path.read_text("utf-8"))
    names = (found.flags.samples, found.flags.output, found.flags.seed or "")
    assert [name.lstrip("-").replace("-", "_") for name in names] == [
        "num_samples",
        "output",
        "seed",
    ]
    assert {name.lstrip("-") for name in found.others} <= {"videos", "no-videos"}


@pytest.mark.parametrize(
    ("text", "samples"),
    [
        (
            "  \x1b[1;36m-\x1b[0m\x1b[1;36m-num\x1b[0m\x1b[1;36m-samples\x1b[0m N\r\n",
            "--num-samples",
        ),
        ("| *  --num_samples  -n  INTEGER  how many |\n", "--num_samples"),
        ("* --samples=N: how many\n", "--samples"),
        ("  --n-samples\n      how many\n", "--n-samples"),
        ("Usage example: python generate.py -num_samples 3 \\\n   -output x\n", "-num_samples"),
        ("  --config.num-samples INT\n  --config.output DIR\n", "--config.num-samples"),
        ("--num-samples\tN\n", "--num-samples"),
    ],
)
def test_other_forms_of_a_help_are_read(text: str, samples: str) -> None:
    assert parse_help(f"{text}--output DIR\n").flags.samples == samples


@pytest.mark.parametrize(
    "text",
    [
        "Make it.\n\nSet --num-samples and --output in run.sh.\n",
        "Examples:\n  python generate.py --num-samples 3 \\\n    --output x\n",
        "  --count N  as --num-samples and --output of the other tool\n",
        "  --verbose  Print more: --num-samples, --output\n",
        "│ --num-sam… N  cut off │\n",
        "",
    ],
)
def test_flags_in_prose_and_examples_do_not_count(text: str) -> None:
    with pytest.raises(InvalidInputError, match="has no flag for the number"):
        parse_help(text)


def test_what_was_read_is_shown_when_a_flag_is_missing() -> None:
    text = "\x1b[2Jusage: generate.py [-n N]\n" + "".join(f"line {n}\n" for n in range(50))
    with pytest.raises(InvalidInputError) as caught:
        parse_help(text, 2)
    assert "it exited with code 2 and printed:" in caught.value.why
    assert "usage: generate.py [-n N]" in caught.value.why
    assert "its --help lists -n;" in caught.value.why
    assert "--num-samples, --samples" in caught.value.why
    assert "\x1b" not in caught.value.why
    assert len(caught.value.why.splitlines()) < 20


def test_a_script_that_prints_nothing_is_reported() -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_help("\n")
    assert "it printed nothing and exited with code 0" in caught.value.why


@pytest.mark.parametrize("lost", ["--num-samples", "--output"])
def test_a_missing_flag_is_an_error_that_lists_the_existing_flags(lost: str) -> None:
    lines = (line for line in USUAL.splitlines() if not line.startswith(f"  {lost}"))
    text = "\n".join(line.replace(lost, "--other") for line in lines)
    with pytest.raises(InvalidInputError, match="has no flag") as caught:
        parse_help(text)
    assert "--seed" in caught.value.why


def entry(root: Path, text: str) -> Path:
    (root / "examples").mkdir()
    (root / "examples/generate.py").write_text(text)
    (root / "scratch").mkdir()
    return root


def probe(root: Path) -> flags_module.ProbedFlags:
    return probe_flags(root, root / "examples/generate.py", Path(sys.executable), root / "scratch")


def test_what_the_help_of_a_script_is_refused_is_named(tmp_path: Path) -> None:
    text = f"""
import socket
try:
    socket.socket()
except OSError:
    pass
print({USUAL!r})
"""
    (refusal,) = probe(entry(tmp_path, text)).refused
    assert refusal.what == "open a network connection"


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


def test_usage_on_standard_error_with_an_exit_code_is_read(tmp_path: Path) -> None:
    usage = "usage: generate.py --num-samples N --output DIR"
    root = entry(tmp_path, f"import sys\nsys.exit({usage!r})\n")
    assert probe(root).flags.samples == "--num-samples"


def test_a_missing_file_is_named_in_the_fix(tmp_path: Path) -> None:
    root = entry(tmp_path, "open('assets/words.txt')\n")
    with pytest.raises(InvalidInputError) as caught:
        probe(root)
    assert "add assets/words.txt to the generator's folder" in caught.value.fix


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
