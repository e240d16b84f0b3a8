"""urllib.request: urlopen, urlretrieve and every opener."""

from __future__ import annotations

import io
from http.client import HTTPResponse
from types import ModuleType
from typing import Any

from vrdata_child.declared.answers.http import Answer, request
from vrdata_child.declared.refusing import RefusedError
from vrdata_child.declared.transports.service import Service, wire_of


def install(module: ModuleType, service: Service) -> None:
    """Let the handlers of http and https ask a service."""

    def do_open(_handler: Any, _connection: Any, asked: Any, **_options: Any) -> HTTPResponse:
        headers = {**asked.unredirected_hdrs, **asked.headers}
        body = asked.data if isinstance(asked.data, bytes) else None
        method = asked.get_method()
        try:
            answer = service.ask(request(method, asked.full_url, headers, body))
        except RefusedError as refused:
            raise module.URLError(str(refused)) from None
        response = HTTPResponse(_Wire(answer), method=method)  # type: ignore[arg-type]
        response.begin()
        response.url = asked.get_full_url()
        response.msg = response.reason  # type: ignore[assignment]  # as urllib.request does
        return response

    module.AbstractHTTPHandler.do_open = do_open


class _Wire:
    """An answer as the bytes that a socket receives."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def makefile(self, _mode: str) -> io.BufferedReader:
        return wire_of(self._answer)
