"""Remove the user names and passwords of URLs from the texts of other programs. Pure."""

from __future__ import annotations

import re

# A password that contains / is not valid in a URL, but programs repeat it in their messages.
_CREDENTIALS = re.compile(r"(?<=://)(?:[^\s/]*|[^\s/:@]*:(?!\d*/)[^\s'\"]*)@")


def without_url_credentials(text: str) -> str:
    """A text of git, pip or boto3 to show: its URLs have no user name and no password."""
    return _CREDENTIALS.sub("", text)
