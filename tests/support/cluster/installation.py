"""vrdata on the node: images from the Dockerfiles, the chart installed by helm, a bucket."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from support.cluster.artifacts.binaries import PACKAGES, binary, folder_of
from support.cluster.artifacts.images import ImageBuilder
from support.cluster.parts.node import Node, start_node
from support.cluster.parts.storage import Bucket, start_bucket
from support.cluster.places import CACHE, REPOSITORY, STATE

SYSTEM = "vrdata-system"
OPERATOR = "localhost/vrdata-operator"
WORKER = "localhost/vrdata-worker"
CHART = REPOSITORY / "charts" / "vrdata"
EVENTS = 2000  # characters of the last events, such as a full disk of the node


@dataclass(frozen=True)
class Installation:
    """A node with vrdata's images and a bucket; `helm_install` installs the chart."""

    node: Node
    bucket: Bucket
    worker_image: str

    def namespace(self, name: str) -> str:
        """Create a namespace with the keys of the bucket; returns its name."""
        self.node.kubectl("create", "namespace", name)
        self.secret(name)
        return name

    def secret(self, namespace: str) -> None:
        """Create the Secret `s3` with the keys of the bucket."""
        self.node.kubectl(
            *("create", "secret", "generic", "s3", "-n", namespace),
            f"--from-literal=access-key-id={self.bucket.access_key}",
            f"--from-literal=secret-access-key={self.bucket.secret_key}",
        )

    def values(self, watch: tuple[str, ...] = ()) -> dict[str, object]:
        """Values of the chart for this node."""
        small = {
            "cpu": "200m",
            "memory": "512Mi",
            "memoryCeiling": "1Gi",
            "ephemeralStorage": "1Gi",
        }
        return {
            "image": {"repository": OPERATOR, "tag": "test"},
            "watch": {"namespaces": list(watch)},
            "storage": {
                "url": f"s3://{self.bucket.name}/runs",
                "endpoint": self.bucket.endpoint,
                "region": "us-east-1",
                "existingSecret": "s3",
            },
            "defaultProfile": {
                "image": self.worker_image,
                "classes": {"O": small, "G": small, "M": small},
            },
        }

    def helm(self, *words: object) -> str:
        """Run helm against the node; returns its standard output."""
        done = subprocess.run(
            [binary("helm"), *map(str, words)],
            env={"KUBECONFIG": str(self.node.plane.kubeconfig), "HOME": str(STATE)},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode:
            last = ("get", "events", "-A", "--sort-by=.lastTimestamp")
            events = self.node.kubectl(*last, check=False)
            line = f"helm {' '.join(map(str, words))}: {done.stderr}"
            raise AssertionError(f"{line}\n{events[-EVENTS:]}")
        return done.stdout

    def helm_install(self, values: dict[str, object], name: str = "vrdata") -> None:
        """Install or upgrade the chart and wait until the operator is available."""
        path = STATE / f"{name}-values.json"
        path.write_text(json.dumps(values))
        self.helm(
            *("upgrade", "--install", name, CHART, "--namespace", SYSTEM),
            *("--values", path, "--wait", "--timeout", "120s"),
        )


def build_images(repositories: Path) -> dict[str, Path]:
    """Build archives of both images, the worker's with the generator repositories of a folder."""
    builder = ImageBuilder()
    context = CACHE / "context"
    _copy_sources(context)
    shutil.copytree(repositories, context / "test-generators")
    operator = builder.project_image("operator/Dockerfile", f"{OPERATOR}:test", context)
    worker = builder.project_image(
        "Dockerfile.worker", f"{WORKER}:test", context, GENERATORS="test-generators"
    )
    return {f"{OPERATOR}:test": operator, f"{WORKER}:test": worker}


def install(repositories: Path) -> Installation:
    """Start a node and a bucket, and load the images.

    Raises:
        MissingToolError: the machine lacks a tool or a right.
    """
    with ThreadPoolExecutor(1) as pool:
        building = pool.submit(build_images, repositories)
        node = start_node()
        archives = building.result()
    digests = {name: node.load(archive, name) for name, archive in archives.items()}
    bucket = start_bucket(node.processes, STATE / "s3")
    installed = Installation(node, bucket, f"{WORKER}@{digests[f'{WORKER}:test']}")
    installed.namespace(SYSTEM)
    return installed


def build_binaries() -> None:
    """Build the binaries of the cluster, unless the cache has them."""
    for tools in PACKAGES:
        sys.stdout.write(f"{folder_of(tools)}\n")


def _copy_sources(context: Path) -> None:
    """Copy the files that git knows, so that an image contains nothing else of the working tree."""
    shutil.rmtree(context, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    for name in listed.decode().split("\0"):
        source = REPOSITORY / name
        if name and source.is_file():
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, context / name)
