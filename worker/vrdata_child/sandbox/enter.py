"""Put this process into the sandbox: resources, privileges, files, system calls, in this order."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from vrdata_child.sandbox import landlock, privileges, seccomp
from vrdata_child.sandbox.calls import known_machine
from vrdata_child.sandbox.landlock import Grant
from vrdata_child.sandbox.policy import Policy, rules_for


@dataclass(frozen=True, slots=True)
class Closed:
    """How far the kernel sandboxes the process.

    Attributes:
        level: `kernel` = files and system calls; `python` = not both of them, and only
            Python's own functions are sure to refuse the network.
        landlock: version of Landlock's interface; 0 = none.
        missing: why the level is not `kernel`, or "".
    """

    level: Literal["kernel", "python"]
    landlock: int = 0
    missing: str = ""

    def packet(self) -> dict[str, Any]:
        """The fields of a `closed` packet."""
        return {"level": self.level, "landlock": self.landlock, "missing": self.missing}


def enter(
    grants: Sequence[Grant],
    handover: socket.socket,
    *,
    protected: Sequence[int] = (),
    network: bool = False,
) -> Closed:
    """Put this process and all that it starts into the sandbox, permanently.

    Args:
        grants: the files that stay accessible.
        handover: the guard's socket; it receives the listener.
        protected: processes that cannot be signalled.
        network: allow the network.
    """
    privileges.limit_resources()
    if not sys.platform.startswith("linux") or not known_machine():
        return Closed("python", missing=f"{sys.platform} on this processor is not supported")
    try:
        privileges.drop()
    except OSError as error:
        return Closed("python", missing=f"the kernel has no no_new_privs: {error.strerror}")
    abi = landlock.version()
    missing = "" if abi else "the kernel has no Landlock"
    try:
        if abi:
            landlock.Rules(grants, abi).restrict(network=network)
    except OSError as error:
        abi, missing = 0, f"Landlock cannot be used: {error.strerror}"
    owner = (os.geteuid(), os.getegid())
    policy = Policy(network=network, protected=tuple(protected), landlock=abi, owner=owner)
    if not _filter(handover, policy):
        missing = "; ".join(filter(None, (missing, "seccomp cannot report refused calls")))
    return Closed("python" if missing else "kernel", abi, missing)


def _filter(handover: socket.socket, policy: Policy) -> bool:
    """Install the best filter that the kernel offers; return whether it reports to the guard."""
    for listens in (True, False):
        rules = rules_for(replace(policy, listener=listens))
        try:
            listener = seccomp.install(rules, listener=listens)
        except OSError:
            continue
        if listens:
            socket.send_fds(handover, [b"listener"], [listener])
            os.close(listener)
            return True
    return False
