"""An API server with the CRDs: started for the tests, or the one that a kubeconfig names.

VRDATA_TEST_KUBECONFIG names the file and VRDATA_TEST_CONTEXT its context. Both are required, so
that no cluster is used by mistake. The tests replace the CRDs of that cluster.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.cluster.artifacts.binaries import MissingToolError, binary
from support.cluster.parts.control_plane import start_api_server
from support.cluster.places import REPOSITORY


@dataclass(frozen=True)
class ApiServer:
    """A server that has the CRDs."""

    kubeconfig: Path
    context: str

    def kubectl(self, *words: object, given: str = "") -> subprocess.CompletedProcess[str]:
        """Run kubectl; never raises for an exit code."""
        return subprocess.run(
            [
                *(str(binary("kubectl")), "--kubeconfig", str(self.kubeconfig)),
                *("--context", self.context, *map(str, words)),
            ],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def dry_run(self, obj: dict[str, Any]) -> tuple[bool, str]:
        """Whether the server accepts an object, and its messages; stores nothing."""
        done = self.kubectl("create", "--dry-run=server", "-f", "-", given=json.dumps(obj))
        return done.returncode == 0, done.stdout + done.stderr

    def apply(self, *objects: dict[str, Any]) -> tuple[bool, str]:
        """Apply objects; whether the server accepted all, and its messages."""
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        done = self.kubectl("apply", "-f", "-", given=json.dumps(listed))
        return done.returncode == 0, done.stdout + done.stderr


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """A server with the CRDs of this source tree.

    Raises:
        MissingToolError: this machine cannot start one.
    """
    named = os.environ.get("VRDATA_TEST_KUBECONFIG")
    if named:
        context = os.environ.get("VRDATA_TEST_CONTEXT", "")
        if not context:
            raise MissingToolError("VRDATA_TEST_CONTEXT must name the context to use")
        server = ApiServer(Path(named), context)
        _install(server)
        yield server
        return
    plane = start_api_server(folder)
    try:
        server = ApiServer(plane.kubeconfig, "vrdata-test")
        _install(server)
        yield server
    finally:
        plane.processes.stop_all()


def _install(server: ApiServer) -> None:
    done = server.kubectl("apply", "--server-side", "--force-conflicts", "-f", REPOSITORY / "crds")
    assert done.returncode == 0, done.stderr
    waited = server.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
    assert waited.returncode == 0, waited.stderr
