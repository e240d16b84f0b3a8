"""Tables of packages and modules in hand-written pages, from the modules' own docstrings.

A page holds a pair of comments; what is between them is generated:

    <!-- packages: vrdata worker/vrdata_worker -->
    <!-- end -->

`packages:` gives one row for each package and each top-level module of the named folders,
`modules:` one row for each module.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_TABLE = re.compile(
    r"(?P<start><!-- (?P<kind>packages|modules): (?P<folders>[^>]+) -->\n).*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def with_tables(page: str) -> str:
    """The page with every table between its comments written again."""

    def table(match: re.Match[str]) -> str:
        rows = _packages if match["kind"] == "packages" else _modules
        lines = [row for folder in match["folders"].split() for row in rows(ROOT / folder)]
        head = f"| {match['kind'][:-1]} | contents |\n|---|---|\n"
        return match["start"] + head + "".join(lines) + match["end"]

    return _TABLE.sub(table, page)


def _packages(root: Path) -> Iterator[str]:
    """The folder itself, the modules that lie directly in it, and each package below it."""
    yield _row(f"{root.relative_to(ROOT).as_posix()}/", root / "__init__.py")
    for module in sorted(root.glob("*.py")):
        if module.name != "__init__.py":
            yield _row(f"{root.name}/{module.name}", module)
    for init in sorted(root.rglob("*/__init__.py")):
        yield _row(f"{init.parent.relative_to(root.parent).as_posix()}/", init)


def _modules(root: Path) -> Iterator[str]:
    # The modules of a folder come before those of its sub-packages.
    for path in sorted(root.rglob("*.py"), key=lambda path: (path.parent, path.name)):
        if path.name != "__init__.py":
            yield _row(path.relative_to(root).as_posix(), path)


def _row(name: str, path: Path) -> str:
    return f"| `{name}` | {_summary(path)} |\n"


def _summary(path: Path) -> str:
    """The first line of a module's docstring. Raises ValueError if it has no docstring."""
    docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    line = docstring.partition("\n")[0].strip()
    if len(line) < 3:
        raise ValueError(f"{path.relative_to(ROOT)} has no docstring that says what it is for")
    return line.replace("|", "\\|")
