"""Remove the user names and passwords of URLs from the texts of other programs. Pure."""

from __future__ import annotations

import re

# A password that contains / is not valid in a URL, but programs print it in their messages.
_CREDENTIALS = re.compile(r"(?<=://)(?:[^\s/]*|[^\s/:@]*:(?!\d*/)[^\s'\"]*)@")


def without_url_credentials(text: str) -> str:
    """The text of git, pip or boto3, without the user names and passwords of its URLs."""
    return _CREDENTIALS.sub("", text)
