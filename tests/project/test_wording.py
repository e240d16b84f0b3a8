"""Messages: plurals follow their number, and no word is doubled."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from vrdata.text import count

ROOT = Path(__file__).parents[2]
PACKAGES = ("vrdata", "worker/vrdata_worker", "operator", "generators/vrdata_generators")
FILES = sorted(
    path
    for package in (*PACKAGES, "worker/vrdata_child")
    for path in (ROOT / package).rglob("*.py")
    if not {"builtin", "starter"} & set(path.parts)
)
NOUNS = (
    "archives attempts blocks differences files folders frames generators images lines "
    "markers minutes objects pods problems records requests rows samples seconds shards "
    "tasks times videos waves"
)
COUNTED = re.compile(rf" (?:(?:failed|more|other|commit) )?({'|'.join(NOUNS.split())})\b")
DOUBLED = re.compile(r"\b([A-Za-z]+) \1\b")


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0 samples"), (1, "1 sample"), (2, "2 samples")]
)
def test_a_count_has_the_noun_that_fits_its_number(number: int, expected: str) -> None:
    assert count(number, "sample") == expected
    assert count(number, "index", "indexes") == expected.replace("sample", "index").replace(
        "indexs", "indexes"
    )


def texts_of(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of each string, with `{}` for the values of an f-string."""
    inner: set[int] = set()
    for found in ast.walk(node):
        if isinstance(found, ast.JoinedStr):
            inner |= {id(part) for part in found.values}
            parts = (
                str(part.value) if isinstance(part, ast.Constant) else "{}" for part in found.values
            )
            yield found.lineno, "".join(parts)
        elif isinstance(found, ast.Constant) and id(found) not in inner:
            yield found.lineno, str(found.value)


def uncounted(tree: ast.AST) -> Iterator[str]:
    """Numbers in f-strings that a plural follows, whatever the number is."""
    for found in ast.walk(tree):
        if not isinstance(found, ast.JoinedStr):
            continue
        for value, after in zip(found.values, found.values[1:], strict=False):
            if not (isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant)):
                continue
            name = ast.unparse(value.value)
            constant = re.match(r"[A-Z_0-9]+\b", name)  # a limit: never one
            plain = value.format_spec is None and value.conversion == -1 and not constant
            if plain and COUNTED.match(str(after.value)):
                yield f"{found.lineno}: {{{name}}}{str(after.value)[:30]}"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_number_is_followed_by_the_singular_or_plural_of_its_noun(package: str) -> None:
    """Messages use vrdata.text.count."""
    wrong = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in FILES
        if path.is_relative_to(ROOT / package)
        for line in uncounted(ast.parse(path.read_text()))
    }
    assert wrong == set()


def test_no_text_has_a_doubled_word() -> None:
    wrong = {
        f"{path.relative_to(ROOT)}:{line}: {found[0]}"
        for path in FILES
        for line, text in texts_of(ast.parse(path.read_text()))
        if (found := DOUBLED.search(" ".join(text.split()))) and found[1] != "long"
    }
    assert wrong == set()


def test_no_page_has_a_doubled_word() -> None:
    pages = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md", ROOT / "CHANGELOG.md"]
    wrong = {
        f"{page.name}: {found[0]}"
        for page in pages
        for line in page.read_text().splitlines()
        if not line.startswith((" ", "|", "$")) and (found := DOUBLED.search(line))
    }
    assert wrong == set()


def test_nobody_is_told_to_install_the_project_that_has_this_name_on_pypi() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *FILES]
    told = re.compile(r"pip install [\"']?vrdata\b")
    assert [str(page) for page in pages if told.search(page.read_text())] == []
