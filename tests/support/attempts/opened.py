"""Start a generator without its sandbox, to show that the tests notice it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

# Also without the rules of a block, which the template would apply.
_OPEN = """
import json, os, socket, sys
from vrdata_child.sandbox import landlock
from vrdata_child.sandbox.__main__ import GUARD_VARIABLE, LANDLOCK_VARIABLE

landlock.version = lambda: 0
channel = socket.socket(fileno=int(sys.argv[-1]))
closed = {"event": "closed", "pid": os.getpid(), "level": "python", "landlock": 0, "missing": "-"}
channel.send(json.dumps(closed).encode())
channel.detach()
guard, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
other.close()  # no guard
os.environ[GUARD_VARIABLE] = str(guard.detach())
os.environ[LANDLOCK_VARIABLE] = "0"

from vrdata_child.__main__ import main

main()
"""


def not_enclosed(_command: Sequence[str], *, report: int, **_: object) -> list[str]:
    """Replaces `vrdata_worker.child.enclose.enclosed`."""
    return [sys.executable, "-s", "-P", "-c", _OPEN, "--fd", str(report)]
