"""Attempts of libraries to find out about the machine, which they do not need: not counted."""

from __future__ import annotations

import os
import sys
from types import FrameType

from vrdata_child.hermetic.caller import is_own

# Top-level module, and function or "" = all.
_KNOWN = frozenset(
    {
        ("distro", ""),  # reads files of other systems in /etc
        ("http", "_get_best_family"),
        ("numba", "ensure_cache_path"),  # then uses the user's cache
        ("socket", "has_dualstack_ipv6"),
        ("urllib3", "_has_ipv6"),
    }
)
_OF_THE_MACHINE = ("list /", "read /etc/", "read /sys/", "list /etc", "list /sys", "list /dev")
_SOCKETS = "open a "


def is_probe(what: str) -> bool:
    """Whether an attempt is known not to matter.

    During its import, a library may read the machine's settings and devices and create a socket.

    Args:
        what: it tried to do.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to calls
    while frame is not None and not is_own(frame):
        module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        function = frame.f_code.co_name
        if (module, function) in _KNOWN or (module, "") in _KNOWN:
            return True
        if module == "importlib" or frame.f_code.co_filename.startswith("<frozen importlib"):
            return what.startswith((_SOCKETS, *_OF_THE_MACHINE)) or _searches(what)
        frame = frame.f_back
    return False


def _searches(what: str) -> bool:
    """Whether this is a search for modules in a folder that this process cannot read."""
    verb, _, path = what.partition(" ")
    return verb in ("read", "list") and path in {os.path.realpath(place) for place in sys.path}
