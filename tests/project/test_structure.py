"""Rules of the source tree that no other tool checks."""

import re
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAX_LINES = 280
MAX_MODULES = 10
TEXTS = {".py", ".md", ".toml", ".yaml", ".txt", ".html", ".js", ""}
# Folders of tests that test no package: the whole program, its documents, its chart.
NOT_MIRRORED = {
    "tests",
    "tests/bad",
    "tests/chaos",
    "tests/chart",
    "tests/cluster",
    "tests/docs",
    "tests/e2e",
}
NOT_MIRRORED |= {"tests/project", "tests/project/benchmarks", "tests/support"}
NOT_MIRRORED |= {"tests/dataset/readers"}
NOT_MIRRORED |= {"tests/e2e/failures", "tests/e2e/importing", "tests/e2e/pipelines", "tests/e2e/s3"}
NOT_MIRRORED |= {"tests/chaos/audits", "tests/chaos/laptop"}
# Where the package of a folder of tests lies, when its name does not tell.
HOMES = {
    "tests/child": "worker/vrdata_child",
    "tests/generators": "generators/vrdata_generators",
    "tests/operator": "operator/vrdata_operator",
    "tests/worker": "worker/vrdata_worker",
}


@cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    output = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(ROOT / line for line in output.splitlines() if (ROOT / line).is_file())


@cache
def texts() -> dict[str, str]:
    """Every tracked text by its path, but this file's."""
    return {
        str(path.relative_to(ROOT)): path.read_text(errors="replace")
        for path in tracked()
        if path.suffix in TEXTS and path != Path(__file__).resolve()
    }


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


def test_no_folder_has_more_than_ten_modules() -> None:
    modules = Counter(
        str(path.parent.relative_to(ROOT))
        for path in tracked("*.py")
        if path.name not in {"__init__.py", "__main__.py", "conftest.py"}
    )
    crowded = {folder: count for folder, count in modules.items() if count > MAX_MODULES}
    assert crowded == {}


def mirrored(folder: str) -> str:
    """The package that a folder of tests mirrors."""
    home = next((name for name in HOMES if f"{folder}/".startswith(f"{name}/")), None)
    if home is not None:
        return HOMES[home] + folder.removeprefix(home)
    return "vrdata" + folder.removeprefix("tests")


def test_every_folder_of_tests_mirrors_a_package() -> None:
    folders = {str(path.parent.relative_to(ROOT)) for path in tracked("tests/**/test_*.py")}
    strays = {
        folder: mirrored(folder)
        for folder in folders - NOT_MIRRORED
        if not (ROOT / mirrored(folder)).is_dir()
        and not (ROOT / f"{mirrored(folder)}.py").is_file()
    }
    assert strays == {}


@pytest.mark.parametrize(
    "pattern",
    [r"\.\./shared", r"/work/", r"/tmp/w/", r"\bTODO\b", r"\bFIXME\b", r"\bXXX\b"],
)
def test_no_tracked_file_has_a_private_path_or_an_open_task(pattern: str) -> None:
    assert [path for path, text in texts().items() if re.search(pattern, text)] == []


def test_pinned_requirements_contain_no_address() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in path.read_text()


def test_every_test_file_that_the_documentation_names_exists() -> None:
    named = {
        name
        for page in tracked("docs/*.md")
        for name in re.findall(r"`(tests/[\w/.]+\.py)`", page.read_text())
    }
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
