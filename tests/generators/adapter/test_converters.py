"""Adding a folder with `converter.py`, and converters of installed packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.generators.repositories import RunningInterpreter
from vrdata.errors import InvalidInputError
from vrdata_generators.adapter.adding import Added, Adder, Failed
from vrdata_generators.adapter.home import Home, load_catalogue_with_builtin
from vrdata_generators.adapter.source.locations import GeneratorSource
from vrdata_generators.registry import get_converter
from vrdata_worker.image.catalogues import builtin_catalogue

CODE = """
from vrdata_generators.api import Converted, Converter

class Pictures(Converter):
    name, domain = "M-pictures", "pictures"

    def convert(self, item, options):
        yield Converted(first=item.row["picture"], prompt="What is it?")
"""


def add(home: Path, folder: Path, **facts: str) -> Added | Failed:
    adder = Adder(Home(home), RunningInterpreter(), True, lambda _line: None)
    (result,) = adder.add(GeneratorSource(str(folder), **facts))
    return result


def written(folder: Path, code: str = CODE) -> Path:
    folder.mkdir()
    (folder / "converter.py").write_text(code)
    return folder


def test_a_folder_with_a_converter_is_added_without_a_trial(tmp_path: Path) -> None:
    result = add(tmp_path / "home", written(tmp_path / "pictures"))
    assert isinstance(result, Added), result.error
    entry = result.entry
    assert (entry.name, entry.generator_class, entry.kind) == ("pictures", "M", "converter")
    assert (entry.seeded, entry.rows, entry.measured, entry.python) == (True, False, None, "")
    assert "vrdata generators test pictures --source URL" in " ".join(result.warnings)
    catalogue, _ = load_catalogue_with_builtin(Home(tmp_path / "home"))
    assert catalogue.get("pictures") == entry


def test_another_class_and_code_that_cannot_be_imported_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "M-x", "import vrdata_generators, nothing")
    other = add(tmp_path / "home", folder, generator_class="O")
    assert isinstance(other, Failed)
    assert other.error.what == "M-x cannot have the class O"


def installed(folder: Path, name: str, code: str) -> Path:
    """A package with one converter, as pip installs it."""
    package = folder / f"acme_{folder.name}"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "pictures.py").write_text(code)
    about = folder / "acme_sets-1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-sets\nVersion: 1.2\nLicense: MIT\n"
    )
    points = f"[vrdata.converters]\n{name} = {package.name}.pictures:Pictures\n"
    (about / "entry_points.txt").write_text(points)
    return folder


def test_the_converters_of_installed_packages_are_in_the_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(installed(tmp_path / "site", "M-pictures", CODE))
    entry = builtin_catalogue().get("M-pictures")
    assert entry is not None
    assert (entry.kind, entry.path, entry.license) == ("converter", "", "MIT")
    assert (entry.source, entry.rows) == ("acme-sets 1.2", False)
    assert get_converter("M-pictures").domain == "pictures"
    (tmp_path / "site/acme_site/helper.py").write_text("x = 1")
    changed = builtin_catalogue().get("M-pictures")
    assert changed is not None
    assert changed.digest != entry.digest


def test_an_installed_converter_with_a_name_that_is_taken_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(installed(tmp_path / "site", "M-import", CODE))
    with pytest.raises(InvalidInputError) as caught:
        builtin_catalogue()
    assert caught.value.what == "acme-sets 1.2 and vrdata have the converter M-import"


def test_a_schema_says_that_a_converter_gives_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = CODE.replace("\n    def", "    schema = None\n\n    def")
    monkeypatch.syspath_prepend(installed(tmp_path / "none", "M-none", code))
    entry = builtin_catalogue().get("M-none")
    assert entry is not None
    assert not entry.rows
    path = tmp_path / "none/acme_none/pictures.py"
    path.write_text(code.replace("schema = None", "schema = make_schema()"))
    entry = builtin_catalogue().get("M-none")
    assert entry is not None
    assert entry.rows
