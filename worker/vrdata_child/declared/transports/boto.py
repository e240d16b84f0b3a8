"""botocore, and with it boto3 and s3transfer."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from vrdata_child.declared.answers.http import request
from vrdata_child.declared.refusing import RefusedError
from vrdata_child.declared.transports.service import Service
from vrdata_child.declared.transports.urllib3_ import response_of


def install(module: ModuleType, service: Service) -> None:
    """Let the sessions of botocore ask a service."""
    errors = import_module("botocore.exceptions")
    awsrequest = import_module("botocore.awsrequest")

    def send(_session: Any, asked: Any) -> Any:
        try:
            answer = service.ask(request(asked.method, asked.url, asked.headers, _body(asked)))
        except RefusedError as refused:
            raise _refusal(errors, str(refused)) from None
        raw = response_of(sys.modules["urllib3"], answer, asked.method, decode_content=False)
        response = awsrequest.AWSResponse(asked.url, answer.status, raw.headers, raw)
        if not asked.stream_output:
            _ = response.content  # reads the body
        return response

    module.URLLib3Session.send = send


def _body(asked: Any) -> bytes | None:
    return asked.body if isinstance(asked.body, bytes) else None


def _refusal(errors: ModuleType, text: str) -> Exception:
    """An error of S3 with this text: it is not retried, as an unreachable host would be."""
    known = {"Error": {"Code": "AccessDenied", "Message": text}}
    known["ResponseMetadata"] = {"HTTPStatusCode": 403, "HTTPHeaders": {}}  # type: ignore[dict-item]
    error: Exception = errors.ClientError(known, "Request")
    error.args = (text,)
    return error
