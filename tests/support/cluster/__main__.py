"""`make cluster-up`, `make cluster-down`: a cluster for people.

python -m support.cluster build   binaries and images into the cache
python -m support.cluster up      a node with vrdata installed; says how to use it
python -m support.cluster down    remove everything of it from the machine
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from support.cluster import leftovers
from support.cluster.binaries import MissingToolError, folder_of
from support.cluster.images import ImageBuilder
from support.cluster.installation import SYSTEM, Installation, build_binaries, install
from support.cluster.node import missing


def main() -> int:
    """Do one of the three; returns the exit code."""
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
    build_binaries()
    if reason := missing():
        raise MissingToolError(reason)
    ImageBuilder().base()


def _up() -> None:
    sys.stderr.write("starting a node and building the images: about two minutes, and ten more\n")
    sys.stderr.write("the first time, to build Kubernetes\n")
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
        f"# vrdata runs in namespace {SYSTEM}; its data lies in s3://{installed.bucket.name}/runs\n"
        "# a run's namespace needs the secret s3; the default one has it\n"
    )


if __name__ == "__main__":
    sys.exit(main())
