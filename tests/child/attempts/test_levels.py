"""Python code meets the same errors where the kernel does not sandbox it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.attempts.opened import not_enclosed
from support.generators.probe import open_probes

CODE = f"""
import os, socket
met = []
for attempt in (
    lambda: socket.socket(),
    lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    lambda: socket.create_connection(("example.org", 80)),
    lambda: os.kill({os.getpid()}, 0),
):
    try:
        attempt()
    except OSError as error:
        met.append([type(error).__name__, error.errno])
"""
ERRORS = [["OSError", 101], ["PermissionError", 1], ["gaierror", -3], ["PermissionError", 1]]


def test_python_code_is_refused_the_same_without_the_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vrdata_worker.child.launch.enclosed", not_enclosed)
    with open_probes(tmp_path) as probes:
        assert probes.run(f"{CODE}\nfacts = met") == ERRORS
        tried = [line.partition(" tried to ")[2] for line in probes.refused(CODE)]
    assert tried == [
        "open a network connection (FILE:5)",
        "open a socket (netlink) (FILE:6)",
        "open a network connection to look up example.org (FILE:7)",
        "signal another process (FILE:8)",
    ]
