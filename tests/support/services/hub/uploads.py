"""The requests of an upload to the tests' hub: as the Hub, without Xet."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from support.services.hub.answers import Answer, Asked, Groups, RefusedError, Route, said
from support.services.hub.repos import LFS_SUFFIXES, Blob, Repository

if TYPE_CHECKING:
    from support.services.hub.server import Hub

LICENCES = {"apache-2.0", "cc-by-4.0", "mit", "other", "unknown"}
"""Some of those that the Hub accepts."""

_API = r"/api/datasets/(?P<repo>[^/]+/[^/]+)"


def _writable(hub: Hub, asked: Asked, name: str) -> Repository:
    if asked.token not in hub.tokens:
        raise RefusedError(401, "", "Invalid credentials in Authorization header")
    found = hub.repositories.get(name)
    if found is None:
        raise RefusedError(404, "RepoNotFound", "Repository not found")
    return found


def _create(hub: Hub, asked: Asked, _match: Groups) -> Answer:
    if asked.token not in hub.tokens:
        raise RefusedError(401, "", "Invalid credentials in Authorization header")
    wanted = json.loads(asked.body)
    if wanted.get("organization") in hub.closed:
        raise RefusedError(403, "", "You don't have the rights to create a dataset there.")
    name = f"{wanted.get('organization') or 'tester'}/{wanted['name']}"
    url = {"url": f"{hub.endpoint}/datasets/{name}"}
    if name in hub.repositories:
        return said(url | {"error": "You already created this dataset repo"}, 409)
    private = wanted.get("private", wanted.get("visibility") == "private")
    hub.create(name, {".gitattributes": b"*.parquet filter=lfs\n"}, private=private)
    return said(url)


def _preupload(hub: Hub, asked: Asked, match: Groups) -> Answer:
    repository = _writable(hub, asked, match["repo"])
    tree = repository.commits[repository.branches["main"]]
    files = []
    for file in json.loads(asked.body)["files"]:
        path = file["path"]
        mode = "lfs" if path.endswith(LFS_SUFFIXES) else "regular"
        oid = tree[path].oid if path in tree else None
        files.append({"path": path, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
    return said({"files": files})


def _batch(hub: Hub, asked: Asked, match: Groups) -> Answer:
    _writable(hub, asked, match["repo"])
    objects = []
    for wanted in json.loads(asked.body)["objects"]:
        found: dict[str, Any] = {"oid": wanted["oid"], "size": wanted["size"]}
        if wanted["oid"] not in hub.blobs:
            href = f"{hub.cdn}/upload/{wanted['oid']}"
            found["actions"] = {"upload": {"href": href, "header": {}}}
        objects.append(found)
    return said({"transfer": "basic", "objects": objects})


def _put(hub: Hub, asked: Asked, match: Groups) -> Answer:
    if hashlib.sha256(asked.body).hexdigest() != match["sha256"]:
        return Answer(400, b"<Error>BadDigest</Error>")
    hub.blobs[match["sha256"]] = Blob(asked.body, lfs=True)
    return Answer(200)


def _commit(hub: Hub, asked: Asked, match: Groups) -> Answer:
    repository = _writable(hub, asked, match["repo"])
    tree = dict(repository.commits[repository.branches["main"]])
    for line in asked.body.splitlines():
        one = json.loads(line)
        value = one["value"]
        if one["key"] == "file":
            tree[value["path"]] = Blob(base64.b64decode(value["content"]), lfs=False)
        elif one["key"] == "lfsFile":
            tree[value["path"]] = hub.blobs[value["oid"]]
    sha = repository.add(tree, "main")
    url = f"{hub.endpoint}/datasets/{repository.name}/commit/{sha}"
    return said({"success": True, "commitOid": sha, "commitUrl": url, "hookOutput": ""})


def _validate(_hub: Hub, asked: Asked, _match: Groups) -> Answer:
    """As the Hub, of the licences: names in lower case from its own list."""
    content = json.loads(asked.body)["content"]
    front = re.match(r"---\n(.*?)\n---\n", content, re.DOTALL)
    facts = yaml.safe_load(front[1]) if front else {}
    stated = facts.get("license", [])
    wrong = {stated} if isinstance(stated, str) else set(stated)
    if wrong - LICENCES:
        return said({"errors": [{"message": '"license" must be one of [apache-2.0, …]'}]}, 400)
    return said({"errors": [], "warnings": []})


CDN_UPLOADS: tuple[tuple[str, str, Route], ...] = (
    ("PUT", r"/upload/(?P<sha256>[0-9a-f]{64})", _put),
)
UPLOADS: tuple[tuple[str, str, Route], ...] = (
    ("POST", r"/api/repos/create", _create),
    ("POST", _API + r"/preupload/(?P<revision>[^/]+)", _preupload),
    ("POST", r"/datasets/(?P<repo>[^/]+/[^/]+)\.git/info/lfs/objects/batch", _batch),
    ("POST", _API + r"/commit/(?P<revision>[^/]+)", _commit),
    ("POST", r"/api/validate-yaml", _validate),
)
