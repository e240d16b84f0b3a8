"""Dataset hashes that must never change: the same spec gives the same bytes in every release.

Bytes depend on the machine's architecture and on the libraries that encode them, so each set of
values belongs to one environment. Another environment skips these tests; it fails them where
everything is required. To record the values of a new environment, run a release that is known
to be good there and add what the failures print.
"""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

import pytest

from support.cli import vrdata, write_run
from support.generators.traps import add_traps
from support.tools import missing

pytestmark = pytest.mark.slow

LIBRARIES = ("numpy", "Pillow", "av", "zlib-ng", "opencv-python-headless")
ENVIRONMENT = (platform.machine(), *(metadata.version(name) for name in LIBRARIES))
DEMO_LIMIT = 3
# The glob also matches the generators of later releases.
GLOB = "    - name: G-*\n      samples: 4\n"
RECORDED = ("G-bouncing-balls", "G-occlusion", "G-pendulum")
TRAPS = ("shared", "unseeded", "overriding")
TRAP_SAMPLES = 15  # one block and a half

# (architecture, versions of LIBRARIES) to the dataset hash of each run.
GOLDEN: dict[tuple[str, ...], dict[str, str]] = {
    ("x86_64", "2.4.6", "13.0.0", "18.1.0", "1.1.0", "5.0.0.93"): {
        "demo": "sha256:9cdd3d950a2b94eb3e86747a52304a8e697d2aff2c8916e5af69c62a44fc41bc",
        "O-shared": "sha256:dfff313495a76aa32f8425cc57d783a9e3799f4ac3154c33cd8f32a00f9d31a7",
        "O-unseeded": "sha256:6644f8441cf0bf71cb4410e8a5b43e15ba8ebd70f50d3c3de37968fa5c820c3c",
        "O-overriding": "sha256:c8c10fa879cce638dadc8a6bfb29b7527bc861ebfdb9f83d8d1940788bbe5fde",
    },
}


def golden(run: str) -> str:
    """The recorded hash of a run in this environment; skips the test if no hash is recorded."""
    if ENVIRONMENT not in GOLDEN:
        missing(f"golden dataset hashes are recorded for other versions than {ENVIRONMENT}")
    return GOLDEN[ENVIRONMENT][run]


def generate(run: Path, out: Path, *options: object) -> str:
    """Generate a run; returns its dataset hash."""
    ran = vrdata("run", run, "--local", "--out", out, "-o", "json", *options)
    assert ran.code == 0, ran.err
    return str(ran.json["datasetHash"])


def test_the_demo_run_has_its_recorded_hash(tmp_path: Path) -> None:
    expected = golden("demo")
    run = tmp_path / "run.yaml"
    assert vrdata("init", "demo", "--output", run).code == 0
    text = run.read_text()
    assert GLOB in text
    run.write_text(text.replace(GLOB, "".join(GLOB.replace("G-*", name) for name in RECORDED)))
    assert generate(run, tmp_path / "out", "--limit", DEMO_LIMIT) == expected


@pytest.fixture(scope="module")
def trap_repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the trap repositories of this file."""
    return add_traps(tmp_path_factory.mktemp("golden"), *TRAPS)


@pytest.mark.parametrize("trap", TRAPS)
def test_a_repository_has_its_recorded_hash(
    tmp_path: Path, trap_repositories: Path, trap: str
) -> None:
    expected = golden(f"O-{trap}")
    run = write_run(tmp_path / "run.yaml", {f"O-{trap}": TRAP_SAMPLES})
    found = generate(run, tmp_path / "out", "--generators", trap_repositories)
    assert found == expected
