"""`make cluster-up`, `make cluster-down`: a cluster for people.

python -m support.cluster build   builds binaries and images into the cache
python -m support.cluster up      starts a node with vrdata installed; prints how to use it
python -m support.cluster down    removes all of it from the machine
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from support.cluster import leftovers
from support.cluster.artifacts.binaries import MissingToolError, folder_of
from support.cluster.installation import (
    SYSTEM,
    Installation,
    build_binaries,
    build_images,
    install,
)
from support.cluster.parts.node import missing


def main() -> int:
    """Run one of the three actions; returns the exit code."""
    parser = argparse.ArgumentParser(prog="cluster", description=__doc__)
    parser.add_argument("action", choices=("build", "up", "down"))
    action = parser.parse_args().action
    try:
        if action == "down":
            leftovers.clean()
        elif action == "build":
            _build()
        else:
            _up()
    except MissingToolError as error:
        sys.stderr.write(f"error: {error}\n")
        return 5
    return 0


def _build() -> None:
    """Compile the binaries, and beside that build the layers of the images, which are downloads."""
    reason = missing()
    with ThreadPoolExecutor(1) as pool, tempfile.TemporaryDirectory() as empty:
        layers = None if reason else pool.submit(build_images, Path(empty))
        build_binaries()
        if layers is None:
            raise MissingToolError(reason)
        layers.result()


def _up() -> None:
    sys.stderr.write("starting a node and building the images: two minutes, and about ten more\n")
    sys.stderr.write("the first time, which builds Kubernetes\n")
    with tempfile.TemporaryDirectory() as folder:
        installed = install(Path(folder))
    installed.secret("default")
    installed.helm_install(installed.values())
    sys.stdout.write(_how_to_use(installed))


def _how_to_use(installed: Installation) -> str:
    keys = "".join(f"export {k}={v}\n" for k, v in installed.bucket.environment.items())
    tools = ":".join(str(folder_of(name)) for name in ("kube", "helm"))
    return (
        f"export PATH={tools}:$PATH  # kubectl, helm\n"
        f"export KUBECONFIG={installed.node.plane.kubeconfig}\n{keys}"
        f"# vrdata runs in namespace {SYSTEM}; its data is in s3://{installed.bucket.name}/runs\n"
        "# the namespace of a run needs the Secret s3; namespace default has it\n"
    )


if __name__ == "__main__":
    sys.exit(main())
