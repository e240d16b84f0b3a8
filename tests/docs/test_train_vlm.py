"""The example that trains on sequences of desktop recordings."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import called
from support.tools import missing
from vrdata.desktop.demo.making import make_recordings

EXAMPLE = Path(__file__).parents[2] / "examples/train_vlm.py"
SECONDS = 300

pytestmark = pytest.mark.torch

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]


@pytest.fixture(scope="module")
def sequences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sequences of two recordings."""
    if torch is None:
        missing("PyTorch is not installed: make test-torch")
    folder = tmp_path_factory.mktemp("owa")
    make_recordings(folder / "recordings", recordings=2, seconds=4)
    cut = ("--sequence_length", "8", "--encoder", "factorized")
    for command, source, output, options in (
        ("events", "--train_dir=recordings", "events", ()),
        ("bins", "--input_dir=events", "bins", ()),
        ("sequences", "--input_dir=bins", "sequences", cut),
    ):
        flag, name = source.split("=")
        ran = called(
            "desktop", command, flag, folder / name, "--output_dir", folder / output, *options
        )
        assert ran.code == 0, ran.err
    return folder / "sequences"


def trained(sequences: Path, *options: str) -> str:
    """What the example prints."""
    command = [sys.executable, str(EXAMPLE), "--mllm_dataset", str(sequences), *options]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=SECONDS, cwd=sequences.parent
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def losses(printed: str, name: str = ": loss") -> list[float]:
    """The losses of all epochs."""
    return [float(one) for one in re.findall(rf"{name} ([\d.]+)", printed)]


def test_the_losses_of_both_splits_fall_and_the_model_is_written(sequences: Path) -> None:
    printed = trained(sequences, "--epochs", "8", "--output", "model.pt")
    for name in (": loss", "of the test split"):
        seen = losses(printed, name)
        assert len(seen) == 8
        assert seen[-1] < 0.6 * seen[0]
    saved = torch.load(sequences.parent / "model.pt")
    assert len(saved["tokens"]) == len(saved["model"]["embed.weight"])


def test_equal_seeds_give_equal_losses_with_any_number_of_workers(sequences: Path) -> None:
    first, again, other = (
        losses(trained(sequences, "--epochs", "2", *options))
        for options in (("--seed", "1"), ("--seed", "1", "--workers", "2"), ("--seed", "2"))
    )
    assert first == again
    assert first != other
