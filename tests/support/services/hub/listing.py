"""The JSON answers of the tests' hub about repositories. Pure."""

from __future__ import annotations

from typing import Any

import yaml

from support.services.hub.repos import Blob, Repository

MANUAL = "manual"


def info(repository: Repository, sha: str, *, blobs: bool) -> dict[str, Any]:
    """`/api/datasets/{name}`: facts, card and file names of a commit.

    Args:
        repository: the dataset.
        sha: the commit.
        blobs: with sizes and ids of files.
    """
    tree = repository.commits[sha]
    siblings = [
        {"rfilename": path, **(_blob(blob) if blobs else {})} for path, blob in tree.items()
    ]
    return {
        "_id": "0" * 24,
        "id": repository.name,
        "author": repository.name.partition("/")[0],
        "sha": sha,
        "lastModified": "2026-01-01T00:00:00.000Z",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "private": repository.private,
        "gated": MANUAL if repository.gated else False,
        "disabled": repository.disabled,
        "tags": [],
        "downloads": 0,
        "likes": 0,
        "cardData": card(tree),
        "siblings": siblings,
    }


def card(tree: dict[str, Blob]) -> dict[str, Any]:
    """The YAML of a README, as the Hub parses it."""
    text = tree["README.md"].content.decode() if "README.md" in tree else ""
    if not text.startswith("---\n"):
        return {}
    try:
        found = yaml.safe_load(text[4:].partition("\n---")[0])
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def entries(tree: dict[str, Blob], below: str, *, recursive: bool) -> list[dict[str, Any]]:
    """`/api/datasets/{name}/tree/{revision}`: files and folders, sorted.

    Args:
        tree: files of a commit.
        below: a folder, or "".
        recursive: with the contents of folders.
    """
    prefix = f"{below}/" if below else ""
    found: dict[str, dict[str, Any]] = {}
    for path, blob in tree.items():
        if not path.startswith(prefix):
            continue
        names = path[len(prefix) :].split("/")
        for depth in range(1, len(names) if recursive else min(len(names), 2)):
            folder = prefix + "/".join(names[:depth])
            found[folder] = {"type": "directory", "path": folder, "oid": "0" * 40, "size": 0}
        if recursive or len(names) == 1:
            found[path] = entry(path, blob)
    return [found[path] for path in sorted(found)]


def entry(path: str, blob: Blob) -> dict[str, Any]:
    """A file of a tree."""
    facts: dict[str, Any] = {"type": "file", "path": path, "oid": blob.oid}
    facts["size"] = len(blob.content)
    if blob.lfs:
        facts["lfs"] = {
            "oid": blob.sha256,
            "size": len(blob.content),
            "pointerSize": len(blob.pointer),
        }
        facts["xetHash"] = blob.sha256
    return facts


def _blob(blob: Blob) -> dict[str, Any]:
    facts: dict[str, Any] = {"size": len(blob.content), "blobId": blob.oid}
    if blob.lfs:
        facts["lfs"] = {
            "sha256": blob.sha256,
            "size": len(blob.content),
            "pointerSize": len(blob.pointer),
        }
    return facts
