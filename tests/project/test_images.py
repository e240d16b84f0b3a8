"""What the images contain, read from their Dockerfiles; tests/cluster builds and runs them."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["Dockerfile.worker", "operator/Dockerfile"])
def test_an_image_has_a_compiled_standard_library(name: str) -> None:
    stage = (ROOT / name).read_text().rpartition("\nFROM ")[2]
    as_root, _, _ = stage.partition("\nUSER ")
    assert "python3 -m compileall" in as_root
    assert 'sysconfig.get_path("stdlib")' in as_root


def test_the_worker_image_has_the_programs_that_its_page_lists() -> None:
    page = (ROOT / "docs/images.md").read_text()
    table = page.partition("## Programs for pipelines")[2].partition("\n\n`apt`")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    packages = {row[2].strip().strip("`") for row in rows} - {"none"}
    stage = (ROOT / "Dockerfile.worker").read_text().rpartition("\nFROM ")[2]
    assert packages == {"ffmpeg", "unar"}
    assert "--no-install-recommends ffmpeg unar" in stage
