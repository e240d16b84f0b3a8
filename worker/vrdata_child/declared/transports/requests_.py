"""requests: every session and its adapters."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from vrdata_child.declared.answers.http import request
from vrdata_child.declared.refusing import RefusedError
from vrdata_child.declared.transports.service import Service
from vrdata_child.declared.transports.urllib3_ import response_of


def install(module: ModuleType, service: Service) -> None:
    """Let the adapters of requests ask a service."""

    def send(adapter: Any, asked: Any, *_args: Any, **_options: Any) -> Any:
        try:
            answer = service.ask(request(asked.method, asked.url, asked.headers, asked.body))
        except RefusedError as refused:
            # Not a ConnectionError: libraries retry it, or say that the machine is offline.
            errors = sys.modules["requests.exceptions"]
            raise errors.RequestException(str(refused), request=asked) from None
        raw = response_of(sys.modules["urllib3"], answer, asked.method, decode_content=False)
        return adapter.build_response(asked, raw)

    module.HTTPAdapter.send = send
