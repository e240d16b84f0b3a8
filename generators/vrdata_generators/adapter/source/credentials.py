"""Give git the user name and password of a URL through a private file, not as an argument.

Every user of a machine sees the arguments of a process, and git would keep such a URL in the
settings of the clone. The file is read by git's own helper, `git credential-store`, which answers
for the host of the URL only.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit


@contextmanager
def kept_apart(url: str, folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The URL without its credentials, and git's settings that supply them while this is open.

    Args:
        url: what git can fetch. URLs other than https keep their user name, which is not a secret.
        folder: an existing private folder.
    """
    parts = urlsplit(url) if "://" in url else None
    user, _, host = parts.netloc.rpartition("@") if parts else ("", "", "")
    if parts is None or not user:
        yield url, ()
        return
    if parts.scheme.lower() != "https":
        yield urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{host}")), ()
        return
    name, _, password = (quote(unquote(part), safe="") for part in user.partition(":"))
    path = folder / "git-credentials"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"https://{name}:{password}@{host}\n")
        helper = f"credential.helper=store --file={shlex.quote(str(path.absolute()))}"
        # The empty setting removes the user's own helpers: they would store these credentials.
        settings = ("-c", "credential.helper=", "-c", helper)
        yield urlunsplit(parts._replace(netloc=host)), settings
    finally:
        path.unlink(missing_ok=True)
