"""Replace the transport of a library when it is imported, or now if it has been."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from vrdata_child.declared.transports import (
    aiohttp_,
    boto,
    http_client_,
    httpx_,
    requests_,
    urllib3_,
    urllib_,
)
from vrdata_child.declared.transports.service import Service

Replace = Callable[[ModuleType, Service], None]
_MODULES: Mapping[str, Replace] = {
    "aiohttp": aiohttp_.install,
    "botocore.httpsession": boto.install,
    "http.client": http_client_.install,
    "httpx": httpx_.install,
    "httpx2": httpx_.install,
    "requests.adapters": requests_.install,
    "urllib.request": urllib_.install,
    "urllib3.connectionpool": urllib3_.install,
}


def install(service: Service) -> None:
    """Let all libraries of this process ask a service, also those that are imported later."""
    for name, replace in _MODULES.items():
        if name in sys.modules:
            replace(sys.modules[name], service)
    sys.meta_path.insert(0, _Finder(service))


class _Finder(MetaPathFinder):
    """Finds modules as the others do, and lets their loader replace the transport."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _MODULES:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self._follow(spec, _MODULES[name])
                return spec
        return None

    def _follow(self, spec: ModuleSpec, replace: Replace) -> None:
        loader = spec.loader
        if loader is None:
            return
        execute, service = loader.exec_module, self._service

        def exec_module(module: ModuleType) -> None:
            execute(module)
            replace(module, service)

        setattr(loader, "exec_module", exec_module)  # noqa: B010 - of this loader only
