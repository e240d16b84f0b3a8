"""Build images from the project's Dockerfiles without a registry, on a local Debian base."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.cluster.places import CACHE, REPOSITORY

SUITE = "bookworm"
PACKAGES = ("python3", "python3-venv", "ca-certificates", "git", "fonts-dejavu-core")
PACKAGES += ("ffmpeg", "unar")
BASE = "localhost/vrdata-test-base:2"
BUILD_SECONDS = 1800
STAGE = "build"  # of each Dockerfile, with the layers that take long
# So that pip in the build uses the certificates and indexes of the machine.
_SHARED = (Path("/etc/ssl/certs"), Path("/etc/pip.conf"))
_PAUSE = """package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	<-stop
}
"""


class ImageBuilder:
    """buildah with its own storage in the cache."""

    def __init__(self) -> None:
        self._folder = CACHE / "images"
        self._folder.mkdir(parents=True, exist_ok=True)

    def project_image(
        self, dockerfile: str, name: str, context: Path = REPOSITORY, **arguments: str
    ) -> Path:
        """Build one of the project's Dockerfiles; returns an archive of the image."""
        with self._lock():
            self._base()
            volumes = [f"--volume={path}:{path}:ro" for path in _SHARED if path.exists()]
            given = {"BASE": BASE} | arguments
            build = (
                *("bud", "--layers", "--isolation", "chroot", "--network", "host", *volumes),
                *(f"--build-arg={key}={value}" for key, value in given.items()),
                *("-f", str(REPOSITORY / dockerfile)),
            )
            # Its own name keeps the layers of the first stage when the others are removed.
            self._buildah(*build, "--target", STAGE, "-t", f"{name}-{STAGE}", str(context))
            self._buildah(*build, "-t", name, str(context))
            archive = self._archive(name)
            # Each build leaves the layers of the one before: some GB.
            self._buildah("rmi", "--prune")
            return archive

    def pause(self, name: str) -> Path:
        """The image of a pod's sandbox: a program that waits for a signal."""
        with self._lock():
            folder = self._folder / "pause"
            if not (folder / "pause").exists():
                folder.mkdir(exist_ok=True)
                (folder / "main.go").write_text(_PAUSE)
                build = ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", "pause", "main.go"]
                subprocess.run(
                    ["env", "CGO_ENABLED=0", *build], cwd=folder, check=True, timeout=BUILD_SECONDS
                )
                (folder / "Dockerfile").write_text(
                    'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n'
                )
            self._buildah("bud", "--isolation", "chroot", "-t", name, str(folder))
            return self._archive(name)

    def base(self) -> None:
        """Build the base image, unless it exists."""
        with self._lock():
            self._base()

    def _base(self) -> None:
        if self._buildah("images", "--quiet", "--filter", f"reference={BASE}"):
            return
        root = self._folder / "base"
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(
            [
                "debootstrap",
                "--variant=minbase",
                f"--include={','.join(PACKAGES)}",
                SUITE,
                str(root),
            ],
            check=True,
            capture_output=True,
            timeout=BUILD_SECONDS,
        )
        container = self._buildah("from", "scratch")
        self._buildah("add", "--quiet", container, str(root), "/")
        self._buildah("commit", "--quiet", "--rm", container, BASE)
        shutil.rmtree(root)

    def _archive(self, name: str) -> Path:
        archive = self._folder / f"{name.rpartition('/')[2].replace(':', '-')}.tar"
        archive.unlink(missing_ok=True)
        self._buildah("push", "--quiet", name, f"docker-archive:{archive}:{name}")
        return archive

    def _buildah(self, *words: str) -> str:
        done = subprocess.run(
            ["buildah", "--root", str(self._folder / "root"), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=BUILD_SECONDS,
        )
        if done.returncode:
            raise RuntimeError(
                f"buildah {' '.join(words)}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
            )
        return done.stdout.strip()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with (self._folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
