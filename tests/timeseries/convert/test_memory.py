"""Memory of conversions does not grow with the number of episodes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml

pytestmark = pytest.mark.slow

# The process reads its own peak: VmHWM of proc(5) starts at zero with it, ru_maxrss does not.
PROGRAM = """
import sys
from pathlib import Path
from vrdata.cli.main import app
from vrdata.timeseries.table import reading, writing

writing.GROUP_BYTES = 2**20  # the few episodes fill a row group, too
reading.open_tables.__kwdefaults__["cache_bytes"] = 2**20
try:
    app(sys.argv[1:])
except SystemExit as end:
    assert not end.code, end.code
lines = Path("/proc/self/status").read_text().splitlines()
print(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))
"""
LAYOUT = {
    "text": {"constant": "Wave"},
    "actions": {"values": "action", "rate": 20},
    "observations": {"values": "action", "rate": 20},
    "camera": {"values": "frames", "rate": 20},
}
FEW, MANY = 8, 32


def peak(*arguments: object) -> int:
    """Kilobytes of a command."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "timeseries", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


def write_files(folder: Path, number: int, frames: np.ndarray) -> Path:
    folder.mkdir()
    for one in range(number):
        with h5py.File(folder / f"{one:03d}.h5", "w") as file:
            file["action"] = np.full((len(frames), 2), one, np.float32)
            file["frames"] = np.roll(frames, 997 * one)  # no two files have equal clips
    return folder


def test_memory_is_flat_in_the_number_of_episodes(tmp_path: Path) -> None:
    frames = np.random.default_rng(1).integers(0, 256, (12, 96, 128, 3), np.uint8)
    (tmp_path / "map.yaml").write_text(yaml.safe_dump(LAYOUT))
    peaks: dict[str, list[int]] = {"from-hdf5": [], "to-lerobot": [], "from-lerobot": []}
    for number in (FEW, MANY):
        folder = write_files(tmp_path / f"files{number}", number, frames)
        table, data = tmp_path / f"{number}.parquet", tmp_path / f"data{number}"
        options = ("--map", tmp_path / "map.yaml", "-o", table)
        peaks["from-hdf5"].append(peak("from-hdf5", folder, *options))
        assert table.stat().st_size > FEW * 100_000
        peaks["to-lerobot"].append(peak("to-lerobot", table, "-o", data))
        again = tmp_path / f"again{number}.parquet"
        peaks["from-lerobot"].append(peak("from-lerobot", data, "-o", again))
    for few, many in peaks.values():
        assert many < few * 1.15, peaks
