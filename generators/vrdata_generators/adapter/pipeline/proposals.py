"""Propose sources: URLs of raw data that the code of a repository has as defaults. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

MAX_PROPOSALS = 5
_URL = re.compile(r"^(s3|hf)://[A-Za-z0-9][^\s{}<>]*$")
_BUCKETS = ("s3_bucket", "bucket")
_PREFIXES = ("s3_prefix", "prefix")
_REPOSITORIES = ("hf_repo", "hf_repo_id", "repo_id", "dataset_name")


def proposals(sources: Iterable[bytes]) -> tuple[str, ...]:
    """URLs that the code names, sorted.

    A bucket and a prefix are fields or variables with such names and constant defaults, as in the
    configurations of public pipelines.

    Args:
        sources: of its modules; what is not Python is skipped.
    """
    found: set[str] = set()
    for source in sources:
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            continue
        found.update(_urls(tree))
        known = dict(_defaults(tree))
        bucket, prefix = _first(known, _BUCKETS), _first(known, _PREFIXES)
        if bucket and "/" not in bucket:
            found.add(f"s3://{bucket}/{prefix}".rstrip("/"))
        repository = _first(known, _REPOSITORIES)
        if repository.count("/") == 1:
            found.add(f"hf://{repository}")
    longest = (one for one in found if not any(_below(other, one) for other in found - {one}))
    return tuple(sorted(longest))[:MAX_PROPOSALS]


def _below(url: str, other: str) -> bool:
    return url.startswith(f"{other.rstrip('/')}/")


def _urls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and _URL.match(node.value)
        ):
            yield node.value.rstrip("/")


def _defaults(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names with a constant text: of variables, fields and keyword arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id.lower(), _text(node.value)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id.lower(), _text(node.value)
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg.lower(), _text(node.value)


def _text(node: ast.expr | None) -> str:
    """The constant text of an expression, or of the default of a `Field`; "" = none."""
    if isinstance(node, ast.Call):
        given = [*node.args[:1], *(one.value for one in node.keywords if one.arg == "default")]
        node = given[0] if given else None
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _first(known: dict[str, str], names: tuple[str, ...]) -> str:
    return next((known[name] for name in names if known.get(name)), "")
