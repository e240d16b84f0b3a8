"""One request to the API server: JSON in, JSON out, always with a timeout."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from kubernetes.aio import client, config
from kubernetes.aio.client.exceptions import ApiException

from vrdata_operator.cluster.port import ClusterError

TIMEOUT_SECONDS = 30.0
PAGE = 250  # pods: about 2 MB of JSON, parsed in 30 ms
METADATA_PAGE = 2000  # objects: about 1 MB of JSON
MAX_PAGES = 80  # twice the indexes of the largest Job: disrupted pods stay beside failed ones
APPLY = "application/apply-patch+yaml"  # JSON is YAML
MERGE = "application/merge-patch+json"
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
Observer = Callable[[str, str, int, float], None]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    verb: str  # as in RBAC rules
    path: str
    resource: str
    query: dict[str, str | int] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    kind: str = "application/json"
    accept: str = "application/json"


class Rest:
    """Requests with the pod's own account, or a kubeconfig's outside a cluster.

    Args:
        observe: told (verb, resource, HTTP status or 0, seconds) of every request.
    """

    def __init__(self, observe: Observer = lambda *_: None) -> None:
        self._observe = observe
        self._client: client.ApiClient | None = None

    async def open(self) -> None:
        """Read the configuration. Must run inside the event loop that sends the requests.

        Raises:
            ClusterError: no configuration was found, neither of a pod nor a kubeconfig.
        """
        settings = client.Configuration()
        untyped: Any = config
        try:
            untyped.load_incluster_config(client_configuration=settings)
        except config.ConfigException:
            file = os.environ.get("KUBECONFIG") or None
            try:
                await untyped.load_kube_config(config_file=file, client_configuration=settings)
            except config.ConfigException as error:
                raise ClusterError(0, f"no cluster is named: {error}") from None
        self._client = client.ApiClient(settings)

    async def close(self) -> None:
        """End the connections."""
        if self._client is not None:
            await self._client.rest_client.close()

    async def get(self, path: str, resource: str, **query: str | int) -> dict[str, Any] | None:
        """An object or a list; None when it is not there."""
        verb = "list" if "limit" in query else "get"
        return await self._if_there(_Request("GET", verb, path, resource, query))

    async def each(self, path: str, resource: str, **query: str) -> AsyncIterator[dict[str, Any]]:
        """The objects of a list, read in pages; at most PAGE x MAX_PAGES of them."""
        token = ""
        for _ in range(MAX_PAGES):
            more = {"continue": token} if token else {}
            page = await self.get(path, resource, limit=PAGE, **query, **more) or {}
            for item in page.get("items") or []:
                yield item
            token = (page.get("metadata") or {}).get("continue") or ""
            if not token:
                return
        log.warning(
            "%s: the list has more than %d objects; the rest is ignored", path, PAGE * MAX_PAGES
        )

    async def versions(self, path: str, resource: str) -> dict[str, str]:
        """Resource versions of a list's objects by UID; only metadata are transferred."""
        found: dict[str, str] = {}
        query: dict[str, str | int] = {"limit": METADATA_PAGE}
        while True:
            request = _Request("GET", "list", path, resource, query, accept=METADATA)
            page = await self._if_there(request) or {}
            for item in page.get("items") or []:
                found[item["metadata"]["uid"]] = item["metadata"]["resourceVersion"]
            token = (page.get("metadata") or {}).get("continue") or ""
            if not token:
                return found
            query = {"limit": METADATA_PAGE, "continue": token}

    async def apply(self, path: str, resource: str, body: dict[str, Any], manager: str) -> None:
        """Server-side apply; fields of other managers are taken over."""
        query: dict[str, str | int] = {"fieldManager": manager, "force": "true"}
        await self._send(_Request("PATCH", "patch", path, resource, query, body, APPLY))

    async def merge(self, path: str, resource: str, body: dict[str, Any]) -> None:
        """Change single fields of an existing object."""
        await self._send(_Request("PATCH", "patch", path, resource, body=body, kind=MERGE))

    async def create(self, path: str, resource: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create an object; returns it as the server stores it."""
        return await self._send(_Request("POST", "create", path, resource, body=body))

    async def delete(self, path: str, resource: str, body: dict[str, Any]) -> None:
        """Remove an object; one that is not there is not an error."""
        await self._if_there(_Request("DELETE", "delete", path, resource, body=body))

    async def _if_there(self, request: _Request) -> dict[str, Any] | None:
        try:
            return await self._send(request)
        except ClusterError as error:
            if error.code == 404:
                return None
            raise

    async def _send(self, request: _Request) -> dict[str, Any]:
        if self._client is None:
            raise ClusterError(0, "the client is not open")
        started = time.monotonic()
        code = 0
        try:
            code, data = await _exchange(self._client, request)
        except ApiException as error:
            code = int(error.status or 0)
            raise ClusterError(code, _reason(error)) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ClusterError(0, f"the API server cannot be reached: {error!r}") from None
        finally:
            self._observe(request.verb, request.resource, code, time.monotonic() - started)
        if code >= 400:
            raise ClusterError(code, _message(data))
        found: dict[str, Any] = json.loads(data) if data else {}
        return found


async def _exchange(api: client.ApiClient, request: _Request) -> tuple[int, bytes]:
    wire = await api.param_serialize(
        request.method,
        request.path,
        query_params=list(request.query.items()),
        header_params={"Accept": request.accept, "Content-Type": request.kind},
        body=request.body,
        auth_settings=["BearerToken"],
    )
    answer: Any = await api.call_api(*wire, _request_timeout=TIMEOUT_SECONDS)
    return int(answer.status), await answer.read()


def _reason(error: ApiException) -> str:
    return _message(error.body.encode() if isinstance(error.body, str) else b"") or str(
        error.reason
    )


def _message(data: bytes) -> str:
    try:
        return str(json.loads(data)["message"])
    except (ValueError, KeyError, TypeError):
        return data[:500].decode(errors="replace")
