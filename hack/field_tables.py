"""Tables of a commit marker's fields in hand-written pages, from the models' docstrings.

A page has a pair of comments; what is between them is generated:

    <!-- fields: ShardManifest -->
    <!-- end -->
"""

from __future__ import annotations

import inspect
import re

from vrdata.dataset import manifest
from vrdata.model import Model

_TABLE = re.compile(
    r"(?P<start><!-- fields: (?P<model>\w+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL
)
_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n        .*)*)", re.MULTILINE)


def with_fields(page: str) -> str:
    """The page with every table of fields written again. Raises ValueError as `field_rows`."""
    return _TABLE.sub(lambda match: match["start"] + _table(match["model"]) + match["end"], page)


def field_rows(model: type[Model]) -> list[tuple[str, str]]:
    """Each field's name in JSON and its meaning. Raises ValueError: a field has no meaning."""
    _, _, attributes = inspect.getdoc(model).partition("Attributes:\n")  # type: ignore[union-attr]
    found = _ATTRIBUTE.findall(attributes)
    meanings = {name: " ".join(text.split()).rstrip(".") for name, text in found}
    unknown = model.model_fields.keys() ^ meanings.keys()
    if unknown:
        raise ValueError(f"{model.__name__} and its docstring differ in: {sorted(unknown)}")
    return [(field.alias or name, meanings[name]) for name, field in model.model_fields.items()]


def _table(name: str) -> str:
    model: type[Model] = getattr(manifest, name)
    rows = "".join(f"| `{field}` | {meaning} |\n" for field, meaning in field_rows(model))
    return f"| field | meaning |\n|---|---|\n{rows}"
