"""The dataset that a URL names. Pure."""

from __future__ import annotations

import re

from vrdata.errors import InvalidInputError
from vrdata.privacy.texts import without_url_credentials

SCHEME = "hf://"
_NAME = re.compile(r"(?!.*(?:--|\.\.))[A-Za-z0-9_][A-Za-z0-9._-]*[A-Za-z0-9_]|[A-Za-z0-9_]")
_OTHER = {"models", "spaces", "kernels", "buckets"}


def dataset_of(url: str) -> str:
    """`ORGANISATION/NAME` of `hf://ORGANISATION/NAME` or `hf://datasets/ORGANISATION/NAME`.

    Raises:
        InvalidInputError: it names something else.
    """
    parts = url.removeprefix(SCHEME).removeprefix("datasets/").rstrip("/").split("/")
    if parts[0] in _OTHER:
        raise _invalid(url, "only datasets can be read")
    if len(parts) > 2:
        fix = f"remove the folder, and name its files: include: ['{'/'.join(parts[2:])}/**']"
        raise _invalid(url, "the URL continues after the name", fix)
    if len(parts) != 2 or not all(_NAME.fullmatch(part) and len(part) <= 96 for part in parts):
        raise _invalid(url, "a dataset has an organisation or user, and a name")
    return "/".join(parts)


def _invalid(url: str, why: str, fix: str = "write hf://ORGANISATION/NAME") -> InvalidInputError:
    what = f"{without_url_credentials(url)} is not a dataset of the Hub"
    return InvalidInputError(what, why=why, fix=fix)
