"""Dependencies and Python versions in requirements.txt, pyproject.toml and other files."""

import platform
from pathlib import Path

import pytest

from vrdata.errors import InvalidInputError
from vrdata_generators.adapter.environment.project_files import read_project_files


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).write_text(text)
    return root


def test_pyproject_is_read_when_there_is_no_requirements_file(tmp_path: Path) -> None:
    text = (
        '[project]\nname = "x"\ndependencies = ["numpy==1.26.4", "scipy[a]; os_name != \'nt\'"]\n'
    )
    found = read_project_files(write(tmp_path, {"pyproject.toml": text}))
    assert [str(line) for line in found.declared.requirements] == [
        "numpy==1.26.4 (pyproject.toml)",
        'scipy[a]; os_name != "nt" (pyproject.toml)',
    ]
    write(tmp_path, {"requirements.txt": "pillow\n"})
    found = read_project_files(tmp_path)
    assert [str(line.requirement) for line in found.declared.requirements] == ["pillow"]


def test_a_url_in_pyproject_is_refused(tmp_path: Path) -> None:
    text = '[project]\nname = "x"\ndependencies = ["x @ https://example.org/x.whl"]\n'
    with pytest.raises(InvalidInputError, match=r"pyproject.toml cannot be used"):
        read_project_files(write(tmp_path, {"pyproject.toml": text}))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("setup.py", "setup(install_requires=['numpy'])"),
        ("environment.yml", "name: x\ndependencies:\n  - numpy\n"),
        ("Pipfile", "[packages]\nnumpy = '*'\n"),
        ("pyproject.toml", "[tool.poetry.dependencies]\nnumpy = '^1.26'\n"),
        ("requirements.in", "numpy\n"),
    ],
)
def test_dependencies_that_are_not_read_are_a_warning(tmp_path: Path, name: str, text: str) -> None:
    (warning,) = read_project_files(write(tmp_path, {name: text})).warnings
    assert f"its dependencies in {name} are not read" in warning
    assert read_project_files(write(tmp_path, {"requirements.txt": ""})).warnings == ()


def test_files_without_dependencies_cause_no_warning(tmp_path: Path) -> None:
    files = {"setup.py": "setup(name='x')", "pyproject.toml": "[tool.ruff]\n"}
    assert read_project_files(write(tmp_path, files)).warnings == ()


@pytest.mark.parametrize(("wanted", "warned"), [("<3.8", True), (">=3.8", False), ("?", False)])
def test_another_python_version_causes_a_warning(tmp_path: Path, wanted: str, warned: bool) -> None:
    text = f'[project]\nname = "x"\nrequires-python = "{wanted}"\ndependencies = []\n'
    warnings = read_project_files(write(tmp_path, {"pyproject.toml": text})).warnings
    assert bool(warnings) == warned
    assert not warned or f"this is Python {platform.python_version()}" in warnings[0]


def test_a_broken_pyproject_is_ignored_as_pip_ignores_it(tmp_path: Path) -> None:
    found = read_project_files(write(tmp_path, {"pyproject.toml": "[", "requirements.txt": "x\n"}))
    assert len(found.declared.requirements) == 1
