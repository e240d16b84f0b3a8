"""Rules of the source tree that no other tool holds."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 280


def tracked(*patterns: str) -> list[Path]:
    output = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / line for line in output.splitlines() if (ROOT / line).is_file()]


def test_operator_is_no_package_so_the_standard_library_stays_importable() -> None:
    for folder in ("operator", "worker", "generators"):
        assert not (ROOT / folder / "__init__.py").exists()
        assert list((ROOT / folder).glob("*.py")) == []


def test_python_files_stay_small_enough_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked("*.py")
        if (count := len(path.read_text().splitlines())) > MAX_LINES
    }
    assert long == {}


@pytest.mark.parametrize(
    "pattern",
    [r"\.\./shared", r"/work/", r"/tmp/w/", r"\bTODO\b", r"\bFIXME\b", r"\bXXX\b"],
)
def test_no_tracked_file_holds_a_private_path_or_an_open_end(pattern: str) -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".txt", ".html", ".js", ""}
        and path != Path(__file__).resolve()
        and re.search(pattern, path.read_text(errors="replace"))
    ]
    assert found == []


def test_pinned_requirements_name_no_address() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in path.read_text()
