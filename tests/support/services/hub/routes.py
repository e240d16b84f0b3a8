"""The requests that the tests' hub knows. Add a function to `ROUTES` for another one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlencode

from support.services.hub.answers import Answer, Asked, Groups, RefusedError, Route, said
from support.services.hub.listing import entries, entry, info
from support.services.hub.repos import Repository
from support.services.hub.uploads import CDN_UPLOADS, UPLOADS

if TYPE_CHECKING:
    from support.services.hub.server import Hub


_API = r"/api/datasets/(?P<repo>[^/]+/[^/]+)"


def answer(hub: Hub, role: str, asked: Asked) -> Answer:
    """What the hub, or its CDN, answers without faults."""
    for method, pattern, route in CDN_ROUTES if role == "cdn" else ROUTES:
        match = re.fullmatch(pattern, asked.path)
        if match and asked.method in method.split():
            groups = {name: unquote(one or "") for name, one in match.groupdict().items()}
            try:
                return route(hub, asked, groups)
            except RefusedError as refused:
                return refused.answer
    return Answer(404, b"Not Found", {"Content-Type": "text/plain"})


def visible(hub: Hub, asked: Asked, name: str) -> Repository:
    """The repository that the token may see. Raises RefusedError."""
    if asked.token and asked.token not in hub.tokens:
        raise RefusedError(401, "", "Invalid credentials in Authorization header")
    repository = hub.repositories.get(name)
    if repository is None or (repository.private and not asked.token):
        # The Hub does not say which private repositories exist.
        status = 404 if asked.token else 401
        raise RefusedError(status, "RepoNotFound", "Repository not found")
    if repository.disabled:
        raise RefusedError(403, "", "Access to this resource is disabled.")
    return repository


def readable(hub: Hub, asked: Asked, name: str) -> Repository:
    """As `visible`, for its files: a gated set needs a token that was granted access."""
    repository = visible(hub, asked, name)
    if repository.gated and asked.token not in repository.granted:
        raise RefusedError(
            403 if asked.token else 401, "GatedRepo", f"Access to {name} is restricted."
        )
    return repository


def at(repository: Repository, revision: str) -> str:
    """The commit of a revision. Raises RefusedError."""
    found = repository.find(revision)
    if not found:
        raise RefusedError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
    return found


def _info(hub: Hub, asked: Asked, match: Groups) -> Answer:
    repository = visible(hub, asked, match["repo"])
    sha = at(repository, match.get("revision") or "main")
    return said(info(repository, sha, blobs=asked.query.get("blobs") == "true"))


def _tree(hub: Hub, asked: Asked, match: Groups) -> Answer:
    repository = visible(hub, asked, match["repo"])
    sha = at(repository, match["revision"])
    recursive = asked.query.get("recursive") == "true"
    found = entries(repository.commits[sha], match["below"], recursive=recursive)
    if match["below"] and not found:
        raise RefusedError(404, "EntryNotFound", f"{match['below']} does not exist")
    start = int(asked.query.get("cursor", "0"))
    stop = start + hub.page
    headers = {}
    if stop < len(found):
        following = urlencode({**asked.query, "cursor": str(stop)})
        headers["Link"] = f'<{hub.endpoint}{asked.path}?{following}>; rel="next"'
    return said(found[start:stop], **headers)


def _paths_info(hub: Hub, asked: Asked, match: Groups) -> Answer:
    repository = visible(hub, asked, match["repo"])
    sha = at(repository, match["revision"])
    tree = repository.commits[sha]
    paths = parse_qs(asked.body.decode()).get("paths", [])
    return said([entry(path, tree[path]) for path in paths if path in tree])


def _refs(hub: Hub, asked: Asked, match: Groups) -> Answer:
    repository = visible(hub, asked, match["repo"])
    branches = [
        {"name": name, "ref": f"refs/heads/{name}", "targetCommit": sha}
        for name, sha in repository.branches.items()
    ]
    return said({"branches": branches, "tags": [], "converts": []})


def _auth_check(hub: Hub, asked: Asked, match: Groups) -> Answer:
    readable(hub, asked, match["repo"])
    return said({})


def _whoami(hub: Hub, asked: Asked, _match: Groups) -> Answer:
    if asked.token not in hub.tokens:
        raise RefusedError(401, "", "Invalid username or password.")
    return said({"type": "user", "name": "tester", "auth": {"type": "access_token"}, "orgs": []})


def _file(hub: Hub, asked: Asked, match: Groups) -> Answer:
    repository = readable(hub, asked, match["repo"])
    sha = at(repository, match["revision"])
    path = match["path"]
    blob = repository.commits[sha].get(path)
    if blob is None:
        raise RefusedError(404, "EntryNotFound", "Entry not found")
    headers = {"X-Repo-Commit": sha, "ETag": f'"{blob.etag}"', "Accept-Ranges": "bytes"}
    if not blob.lfs:
        return Answer(200, blob.content, headers, path, ranged=True)
    hub.blobs.setdefault(blob.sha256, blob)
    headers |= {"X-Linked-ETag": f'"{blob.sha256}"', "X-Linked-Size": str(len(blob.content))}
    headers |= {"X-Xet-Hash": blob.sha256}
    query = urlencode({"file": path, "Signature": "signed"})
    return Answer(302, b"", {**headers, "Location": f"{hub.cdn}/{blob.sha256}?{query}"})


def _stored(hub: Hub, asked: Asked, match: Groups) -> Answer:
    if asked.headers.get("authorization") or asked.query.get("Signature") != "signed":
        return Answer(400, b"<Error>Only one auth mechanism allowed</Error>")
    blob = hub.blobs.get(match["sha256"])
    if blob is None:
        return Answer(403, b"<Error>AccessDenied</Error>")
    headers = {"ETag": f'"{blob.sha256[:32]}"', "Content-Type": "application/octet-stream"}
    return Answer(200, blob.content, headers, asked.query.get("file", ""), ranged=True)


CDN_ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("GET HEAD", r"/(?P<sha256>[0-9a-f]{64})", _stored),
    *CDN_UPLOADS,
)
ROUTES: tuple[tuple[str, str, Route], ...] = (
    ("GET", _API, _info),
    ("GET", _API + r"/revision/(?P<revision>[^/]+)", _info),
    ("GET", _API + r"/tree/(?P<revision>[^/]+)(?:/(?P<below>.+))?", _tree),
    ("POST", _API + r"/paths-info/(?P<revision>[^/]+)", _paths_info),
    ("GET", _API + r"/refs", _refs),
    ("GET", _API + r"/auth-check", _auth_check),
    ("GET", r"/api/whoami-v2", _whoami),
    (
        "GET HEAD",
        r"/datasets/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)",
        _file,
    ),
    *UPLOADS,
)
