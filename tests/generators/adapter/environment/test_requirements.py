"""Requirement sets and the imports that they follow from."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from vrdata.errors import InvalidInputError
from vrdata_generators.adapter.environment.imports import Imports, scan_imports
from vrdata_generators.adapter.environment.requirement_files import Declared, DeclaredLine
from vrdata_generators.adapter.environment.requirements import compose

WORKER = {"av": "18.1.0", "zlib-ng": "1.1.0", "numpy": "2.4.6", "pillow": "13.0.0"}
NONE = Imports(frozenset(), frozenset())


def imports(*needed: str, optional: tuple[str, ...] = ()) -> Imports:
    return Imports(frozenset(needed), frozenset(optional))


def declared(*lines: str, constraints: tuple[str, ...] = ()) -> Declared:
    wanted, bounds = (
        tuple(
            DeclaredLine(Requirement(text), f"requirements.txt, line {number}")
            for number, text in enumerate(some, start=1)
        )
        for some in (lines, constraints)
    )
    return Declared(wanted, bounds)


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
    made = compose(Declared(), imports("pymunk", "yaml", "cv2"), WORKER | {"pymunk": "7.0.0"})
    assert {"pymunk<=7.0.0", "pyyaml", "opencv-python-headless", "numpy<=2.4.6"} <= set(made.lines)
    assert made.notes["pymunk<=7.0.0"] == "added because pymunk is imported"
    assert made.notes["av==18.1.0"] == "added for the generator child"


def test_an_optional_import_is_not_added_but_opencv_is() -> None:
    made = compose(Declared(), imports(optional=("cairosvg", "cv2")), WORKER)
    assert "cairosvg" not in made.lines
    assert "opencv-python-headless" in made.lines


def test_another_distribution_of_the_same_module_satisfies_an_import() -> None:
    lines = compose(declared("python-chess==1.999"), imports("chess"), WORKER).lines
    assert "chess" not in lines
    assert "python-chess==1.999" in lines


def test_the_encoders_have_the_versions_of_the_worker() -> None:
    assert "av==18.1.0" in compose(declared("av==12.0.0"), NONE, WORKER).lines


def test_a_replaced_encoder_is_noted_with_the_lines_of_the_repository() -> None:
    made = compose(declared("av==12.0.0", "av<13"), NONE, WORKER)
    assert made.notes["av==18.1.0"] == "replaces av==12.0.0, av<13: the version of the worker"
    assert made.replaced == ("av==18.1.0 replaces av==12.0.0, av<13: the version of the worker",)


@pytest.mark.parametrize(
    "lines",
    [
        ("pillow==11.0.0", "pillow"),
        ("numpy>=1.26", "numpy<2"),
        ("imageio[ffmpeg]", "imageio==2.37.0"),
        ("numpy==1.26.4", "numpy==2.0.0"),
    ],
)
def test_every_line_of_a_distribution_goes_to_pip(lines: tuple[str, str]) -> None:
    assert set(lines) <= set(compose(declared(*lines), NONE, WORKER).lines)


def test_lines_for_opencv_with_and_without_a_display_are_all_kept() -> None:
    made = compose(
        declared("opencv-python==4.10.0.84", "opencv-python-headless", "opencv-python>=4"),
        imports("cv2"),
        WORKER,
    )
    assert [line for line in made.lines if line.startswith("opencv")] == [
        "opencv-python-headless",
        "opencv-python-headless==4.10.0.84",
        "opencv-python-headless>=4",
    ]
    assert len(made.replaced) == 2


def test_markers_are_kept_and_a_line_that_does_not_apply_does_not_count() -> None:
    lines = compose(
        declared("pywin32==300; sys_platform == 'win32'", "numpy<1; python_version < '3'"),
        NONE,
        WORKER,
    ).lines
    assert 'pywin32==300; sys_platform == "win32"' in lines
    assert 'numpy<1; python_version < "3"' in lines
    assert "numpy<=2.4.6" in lines


def test_a_fork_of_pillow_is_not_joined_by_pillow() -> None:
    lines = compose(declared("pillow-simd==9.5.0"), imports("PIL"), WORKER).lines
    assert not any(line.startswith("pillow<") for line in lines)


def test_constraints_follow_the_replaced_names() -> None:
    made = compose(
        declared("numpy", constraints=("numpy<2", "opencv-python==4.10.0.84", "av<13")),
        NONE,
        WORKER,
    )
    assert made.constraints == ("numpy<2", "opencv-python-headless==4.10.0.84")
    assert made.key != compose(declared("numpy"), NONE, WORKER).key


@given(st.permutations(["numpy==1.26.4", "Pillow==10.4.0", "pydantic==2.10.5", "scipy>=1.10"]))
def test_equal_sets_have_equal_keys_in_any_order(lines: list[str]) -> None:
    in_order = compose(declared(*sorted(lines)), NONE, WORKER)
    assert compose(declared(*lines), NONE, WORKER).key == in_order.key
    assert len(in_order.key) == 12


def test_different_sets_have_different_keys() -> None:
    one = compose(declared("numpy==1.26.4"), NONE, WORKER)
    other = compose(declared("numpy==1.26.3"), NONE, WORKER)
    assert one.key != other.key


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
                "if typing.TYPE_CHECKING:\n    import only_for_types\n"
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
