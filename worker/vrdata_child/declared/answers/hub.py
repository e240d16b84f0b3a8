"""The part of the Hugging Face Hub's interface that reads datasets. Pure.

Source: the Hub's documentation of its API and of `huggingface_hub`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha1
from typing import Any
from urllib.parse import parse_qs, unquote

from vrdata_child.declared.answers.http import Answer, Request, etag_of, file, text
from vrdata_child.declared.refusing import RefusedError, unanswered, undeclared, upload
from vrdata_child.declared.sources import Declared, Found

HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MODIFIED = "2020-01-01T00:00:00.000Z"
_RESOLVE = frozenset({"resolve", "raw"})


def is_hub(asked: Request) -> bool:
    """Whether a request goes to the Hub."""
    return (asked.parts.hostname or "").lower() in HOSTS


def respond(declared: Declared, asked: Request) -> Answer:
    """The answer to a request to the Hub.

    Raises:
        RefusedError: no source serves the repository, or the request does not only read.
    """
    parts = [unquote(part) for part in asked.parts.path.strip("/").split("/")]
    api, parts = parts[0] == "api", parts[1:] if parts[0] == "api" else parts
    if parts[0] != "datasets":
        raise _refused(asked, "/".join(parts))
    found = _repository(declared, parts[1:])
    if found is None:
        raise _refused(asked, "/".join(parts[1:3]))
    repository, rest = found
    if not api:
        return _resolve(declared, asked, repository, rest)
    return _api(declared, asked, repository, rest)


def _refused(asked: Request, name: str) -> RefusedError:
    url = f"hf://{name}"
    return undeclared(url) if asked.reads else upload(asked.method, url)


def _repository(declared: Declared, parts: list[str]) -> tuple[str, list[str]] | None:
    """The declared repository at the start of a path, and the rest of the path."""
    for length in (2, 1):
        name = "/".join(parts[:length])
        if len(parts) >= length and _serves(declared, name):
            return name, parts[length:]
    return None


def _serves(declared: Declared, name: str) -> bool:
    """Whether a source is this repository, or a folder of a repository with a name of two parts."""
    wanted = f"hf://{name}/"
    serves = [f"{serve.rstrip('/')}/" for one in declared.sources for serve in one.serves]
    return wanted in serves or ("/" in name and wanted in map(_root, serves))


def _root(serve: str) -> str:
    """The repository of two parts that a URL with a final slash is in."""
    return "/".join(serve.split("/")[:4]) + "/"


def _resolve(declared: Declared, asked: Request, repository: str, rest: list[str]) -> Answer:
    if not asked.reads:
        raise upload(asked.method, f"hf://{repository}")
    if len(rest) < 3 or rest[0] not in _RESOLVE:
        raise unanswered(f"{asked.method} {asked.url}")
    name = "/".join(rest[2:])
    commit = _commit(repository, rest[1])
    found = declared.find(f"hf://{repository}/{name}")
    if found is None:
        raise undeclared(f"hf://{repository}/{name}")
    if found.size is None:
        return _missing(asked, f"hf://{repository}/{name}", commit)
    return file(asked, found, {"X-Repo-Commit": commit, "X-Linked-Size": str(found.size)})


def _api(declared: Declared, asked: Request, repository: str, rest: list[str]) -> Answer:
    files = _files(declared, repository)
    kind = rest[0] if rest else ""
    revision = rest[1] if len(rest) > 1 else "main"
    commit = _commit(repository, revision)
    if kind == "paths-info" and asked.method == "POST":
        return _json(asked, _paths(files, asked))
    if not asked.reads:
        raise upload(asked.method, f"hf://{repository}")
    if kind == "refs":
        branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": commit}
        return _json(asked, {"branches": [branch], "tags": [], "converts": []})
    if kind == "tree":
        folder = "".join(f"{part}/" for part in rest[2:] if part)
        recursive = asked.query.get("recursive", "").lower() in ("true", "1")
        found = _tree(files, folder, recursive=recursive)
        if folder and not found:
            return _missing(asked, f"hf://{repository}/{folder}", commit)
        return _json(asked, found)
    if kind in ("", "revision"):
        return _json(asked, _info(repository, commit, files, asked))
    return _missing(asked, f"hf://{repository}/{kind}", commit)


def _files(declared: Declared, repository: str) -> dict[str, Found]:
    top = f"hf://{repository}/"
    return {url.removeprefix(top): one for url, one in declared.below(top).items()}


def _info(
    repository: str, commit: str, files: Mapping[str, Found], asked: Request
) -> dict[str, Any]:
    blobs = asked.query.get("blobs", "").lower() in ("true", "1")
    siblings: list[dict[str, Any]] = [
        {"rfilename": name, **({"size": one.size, "blobId": _oid(one)} if blobs else {})}
        for name, one in files.items()
    ]
    return {
        "_id": commit[:24],
        "id": repository,
        "author": repository.partition("/")[0],
        "sha": commit,
        "lastModified": _MODIFIED,
        "createdAt": _MODIFIED,
        "private": False,
        "gated": False,
        "disabled": False,
        "tags": [],
        "downloads": 0,
        "likes": 0,
        "siblings": siblings,
    }


def _tree(files: Mapping[str, Found], folder: str, *, recursive: bool) -> list[dict[str, Any]]:
    """The entries of a folder, which is "" or ends with `/`."""
    found: dict[str, dict[str, Any]] = {}
    for name, one in files.items():
        if not name.startswith(folder):
            continue
        inner = name[len(folder) :].split("/")
        for depth in range(1, len(inner) if recursive else min(2, len(inner))):
            path = folder + "/".join(inner[:depth])
            found.setdefault(path, _directory(path))
        if recursive or len(inner) == 1:
            found[name] = _entry(name, one)
    return list(found.values())


def _paths(files: Mapping[str, Found], asked: Request) -> list[dict[str, Any]]:
    found = []
    for path in _asked_paths(asked):
        name = path.strip("/")
        if name in files:
            found.append(_entry(name, files[name]))
        elif any(one.startswith(f"{name}/") for one in files):
            found.append(_directory(name))
    return found


def _asked_paths(asked: Request) -> list[str]:
    if asked.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(asked.body.decode()).get("paths", [])
    try:
        paths = json.loads(asked.body)["paths"]
    except (ValueError, KeyError, TypeError):
        return []
    return [str(path) for path in (paths if isinstance(paths, list) else [paths])]


def _entry(name: str, found: Found) -> dict[str, Any]:
    return {"type": "file", "oid": _oid(found), "size": found.size, "path": name}


def _directory(name: str) -> dict[str, Any]:
    return {"type": "directory", "oid": _hash(name), "size": 0, "path": name}


def _oid(found: Found) -> str:
    return etag_of(found).strip('"')


def _commit(repository: str, revision: str) -> str:
    return revision if _COMMIT.fullmatch(revision) else _hash(f"hf://{repository}")


def _hash(value: str) -> str:
    return sha1(value.encode(), usedforsecurity=False).hexdigest()


def _json(asked: Request, value: object) -> Answer:
    return text(asked, 200, json.dumps(value), "application/json")


def _missing(asked: Request, url: str, commit: str) -> Answer:
    headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit}
    headers["X-Error-Message"] = f"{url} is not in its declared source"
    return text(asked, 404, "{}", "application/json", headers)
