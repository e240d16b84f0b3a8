"""Requirement sets and the imports that they follow from."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from vrdata.errors import InvalidInputError
from vrdata_generators.adapter.environment.imports import Imports, scan_imports
from vrdata_generators.adapter.environment.requirements import (
    compose,
    read_requirements,
    unknown_modules,
)

WORKER = {"av": "18.1.0", "zlib-ng": "1.1.0", "numpy": "2.4.6", "pillow": "13.0.0"}
NONE = Imports(frozenset(), frozenset())


def imports(*needed: str, optional: tuple[str, ...] = ()) -> Imports:
    return Imports(frozenset(needed), frozenset(optional))


def declared(*lines: str) -> tuple[Requirement, ...]:
    return tuple(Requirement(line) for line in lines)


def test_pins_are_kept_and_opencv_becomes_headless() -> None:
    made = compose(
        declared("numpy==1.26.4", "Pillow==10.4.0", "opencv-python==4.10.0.84", "cairosvg==2.7.1"),
        imports("numpy", "PIL", "cv2"),
        WORKER,
    )
    assert made.lines == (
        "av==18.1.0",
        "cairosvg==2.7.1",
        "numpy==1.26.4",
        "opencv-python-headless==4.10.0.84",
        "pillow==10.4.0",
        "zlib-ng==1.1.0",
    )
    assert "opencv-python==4.10.0.84" in made.notes["opencv-python-headless==4.10.0.84"]


def test_imports_without_a_requirement_are_added_and_noted() -> None:
    made = compose((), imports("pymunk", "yaml", "cv2"), WORKER | {"pymunk": "7.0.0"})
    assert {"pymunk<=7.0.0", "pyyaml", "opencv-python-headless", "numpy<=2.4.6"} <= set(made.lines)
    assert made.notes["pymunk<=7.0.0"] == "added because pymunk is imported"
    assert made.notes["av==18.1.0"] == "added for the generator child"


def test_an_optional_import_is_not_added_but_opencv_is() -> None:
    made = compose((), imports(optional=("cairosvg", "cv2")), WORKER)
    assert "cairosvg" not in made.lines
    assert "opencv-python-headless" in made.lines


def test_another_distribution_of_the_same_module_satisfies_an_import() -> None:
    lines = compose(declared("python-chess==1.999"), imports("chess"), WORKER).lines
    assert "chess" not in lines
    assert "python-chess==1.999" in lines


def test_the_encoders_have_the_versions_of_the_worker() -> None:
    assert "av==18.1.0" in compose(declared("av==12.0.0"), NONE, WORKER).lines


def test_a_requirement_for_another_platform_is_dropped() -> None:
    lines = compose(declared("pywin32==300; sys_platform == 'win32'"), NONE, WORKER).lines
    assert not any("pywin32" in line for line in lines)


@given(st.permutations(["numpy==1.26.4", "Pillow==10.4.0", "pydantic==2.10.5", "scipy>=1.10"]))
def test_equal_sets_have_equal_keys_in_any_order(lines: list[str]) -> None:
    in_order = compose(declared(*sorted(lines)), NONE, WORKER)
    assert compose(declared(*lines), NONE, WORKER).key == in_order.key
    assert len(in_order.key) == 12


def test_different_sets_have_different_keys() -> None:
    one = compose(declared("numpy==1.26.4"), NONE, WORKER)
    other = compose(declared("numpy==1.26.3"), NONE, WORKER)
    assert one.key != other.key


def test_a_file_is_read_without_comments(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(
        "# Core\nnumpy==1.26.4  # pinned\n\nscipy>=1.10\n", "utf-8-sig"
    )
    assert [str(one) for one in read_requirements(tmp_path)] == ["numpy==1.26.4", "scipy>=1.10"]


def test_no_file_means_no_requirements(tmp_path: Path) -> None:
    assert read_requirements(tmp_path) == ()


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.org",
        "-e .",
        "-r other.txt",
        "x @ https://example.org/x.whl",
        "./wheels/x.whl",
        "git+https://example.org/x",
        "numpy=1.2",
    ],
)
def test_an_invalid_requirement_is_refused_with_its_line_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"numpy==1.26.4\n{line}\n")
    with pytest.raises(InvalidInputError, match="line 2"):
        read_requirements(tmp_path)


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_only_imports_of_reachable_modules_count(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "examples/generate.py": "import os, helper\nfrom src import x\n",
            "examples/helper.py": "import tqdm\n",
            "src/__init__.py": "from .deep import y\nimport core.video\n",
            "src/deep.py": "def f():\n    import pymunk.vec2d\n",
            "core/video.py": (
                "try:\n    import cv2\nexcept (ImportError, OSError):\n    import shapely\n"
                "else:\n    import numpy\n"
            ),
            "setup.py": "import setuptools\n",
            "tests/test_x.py": "import pytest\n",
        },
    )
    found = scan_imports(tmp_path, tmp_path / "examples/generate.py")
    assert found.needed == {"tqdm", "pymunk", "shapely", "numpy"}
    assert found.optional == {"cv2"}


def test_a_syntax_error_names_its_file_and_line(tmp_path: Path) -> None:
    write(tmp_path, {"examples/generate.py": "import src\n", "src/__init__.py": "x = 1\ndef (:\n"})
    with pytest.raises(InvalidInputError, match="not valid Python") as caught:
        scan_imports(tmp_path, tmp_path / "examples/generate.py")
    assert "src/__init__.py, line 2" in caught.value.why


def test_modules_that_no_known_requirement_provides_are_named() -> None:
    found = imports("numpy", "foo_bar", "mystery")
    assert unknown_modules(declared("Foo.Bar==1"), found) == ("mystery",)
