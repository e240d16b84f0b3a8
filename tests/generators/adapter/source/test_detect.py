"""Where generators are found in a folder."""

from pathlib import Path

import pytest

from vrdata.errors import InvalidInputError, NotFoundError
from vrdata_generators.adapter.source.detect import find_generators


def script(folder: Path, name: str, text: str = "") -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_folder_with_examples_generate_is_a_repository(tmp_path: Path) -> None:
    script(tmp_path, "examples/generate.py")
    (found,) = find_generators(tmp_path)
    assert (found.root, found.kind) == (tmp_path, "repository")
    assert found.entry == tmp_path / "examples/generate.py"


def test_nested_generators_are_found_in_order_and_not_searched_inside(tmp_path: Path) -> None:
    script(tmp_path, "b/examples/generate.py")
    script(tmp_path, "b/inner/examples/generate.py")
    script(tmp_path, "a/deep/er/examples/generate.py")
    script(tmp_path, ".hidden/examples/generate.py")
    names = [found.root.relative_to(tmp_path).as_posix() for found in find_generators(tmp_path)]
    assert names == ["a/deep/er", "b"]


def test_a_generator_below_the_depth_limit_is_not_found(tmp_path: Path) -> None:
    script(tmp_path, "1/2/3/4/examples/generate.py")
    with pytest.raises(InvalidInputError, match="contains no generator"):
        find_generators(tmp_path)


def test_generator_py_counts_only_when_it_imports_the_api(tmp_path: Path) -> None:
    script(tmp_path, "own/generator.py", "from vrdata_generators import api\n")
    script(tmp_path, "other/generator.py", "import random\n")
    script(tmp_path, "broken/generator.py", "def (:\n")
    (found,) = find_generators(tmp_path)
    assert (found.root.name, found.kind) == ("own", "api")


def test_a_missing_folder_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="not a folder"):
        find_generators(tmp_path / "none")


def test_linked_folders_are_not_searched(tmp_path: Path) -> None:
    script(tmp_path, "there/examples/generate.py")
    (tmp_path / "here").mkdir()
    (tmp_path / "here/link").symlink_to(tmp_path / "there")
    with pytest.raises(InvalidInputError):
        find_generators(tmp_path / "here")
