"""urllib3, for libraries that use it without requests."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any
from urllib.parse import urljoin

from vrdata_child.declared.answers.http import Answer, request
from vrdata_child.declared.refusing import RefusedError
from vrdata_child.declared.transports.service import Service, body_of


def install(module: ModuleType, service: Service) -> None:
    """Let the pools of urllib3 ask a service."""
    urllib3 = sys.modules["urllib3"]

    def urlopen(  # noqa: PLR0913 - as the original
        pool: Any,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        retries: Any = None,  # noqa: ARG001 - nothing is retried
        *_others: Any,
        **options: Any,
    ) -> Any:
        port = f":{pool.port}" if pool.port else ""
        whole = urljoin(f"{pool.scheme}://{pool.host}{port}/", url)
        known = headers if headers is not None else pool.headers
        try:
            answer = service.ask(request(method, whole, dict(known or {}), body))
        except RefusedError as refused:
            raise urllib3.exceptions.HTTPError(str(refused)) from None
        kept = ("preload_content", "decode_content")
        return response_of(
            urllib3, answer, method, **{name: options[name] for name in kept if name in options}
        )

    module.HTTPConnectionPool.urlopen = urlopen


def response_of(urllib3: ModuleType, answer: Answer, method: str, **options: Any) -> Any:
    """An answer as a response of urllib3, of version 1 or 2.

    Args:
        urllib3: the package.
        answer: the answer.
        method: of the request.
        options: of the response: `preload_content`, `decode_content`.
    """
    return urllib3.response.HTTPResponse(
        body=body_of(answer),
        headers=dict(answer.headers),
        status=answer.status,
        reason=answer.reason,
        version=11,
        request_method=method,
        **({"preload_content": False} | options),
    )
