"""Run a program as another kind of user."""

from __future__ import annotations

ORDINARY = 1000


def as_ordinary_user(command: list[str]) -> list[str]:
    """The command as a user who owns the same files and has no capabilities, also run by root.

    In a user namespace of its own, so that an interpreter below /root can be read.
    """
    user = (f"--map-user={ORDINARY}", f"--map-group={ORDINARY}")
    return ["unshare", "--user", *user, *command]
