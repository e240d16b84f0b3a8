"""The HTTP client of this process for the Hub: limits of time, and failures that can pass."""

from __future__ import annotations

import email.utils
import logging
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import httpx2
from huggingface_hub import set_client_factory
from huggingface_hub.utils import parse_ratelimit_headers  # type: ignore[attr-defined]

from vrdata.sources.port import SourceUnavailableError

GRACE_SECONDS = 60.0  # a body may be slow for this long
SLOWEST = 16_384  # bytes a second, after that
MAX_READ = 1 << 28  # bytes of an answer that is read as a whole, such as a listing
_TRY_LATER = {408, 425, 429}
LIMITS = {"connect": 10.0, "read": 30.0, "write": 30.0, "pool": 30.0}  # seconds without a byte


class NoAnswerError(SourceUnavailableError):
    """Nothing answers: no network, a wrong host name, a refused connection, a time-out."""


@cache
def use_client() -> None:
    """Let huggingface_hub send its requests with the client of this module; once in a process.

    Its own client waits without a limit, and retries for minutes without a message.
    """
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    set_client_factory(lambda: Client(follow_redirects=True))


class Client(httpx2.Client):
    """A client whose requests end: with an answer below 500, or with SourceUnavailableError."""

    def send(
        self, request: httpx2.Request, *, stream: bool = False, **more: Any
    ) -> httpx2.Response:
        """See httpx2.Client.send.

        Raises:
            SourceUnavailableError: nothing answers, or the server is overloaded or has failed.
        """
        request.extensions = {**request.extensions, "timeout": LIMITS}
        try:
            response = super().send(request, stream=True, **more)
        except httpx2.RequestError as error:
            raise _no_answer(request.url.host, error) from None
        try:
            if response.status_code in _TRY_LATER or response.status_code >= 500:
                raise _unavailable(response)
            body = response.stream
            assert isinstance(body, httpx2.SyncByteStream)  # noqa: S101 - of a synchronous client
            response.stream = _Paced(body, response.url.host, None if stream else MAX_READ)
            if not stream:
                response.read()
        except httpx2.RequestError as error:  # a body that cannot be decompressed
            response.close()
            raise _no_answer(request.url.host, error) from None
        except BaseException:
            response.close()
            raise
        return response


class _Paced(httpx2.SyncByteStream):
    """A body that must not stop, crawl or grow without end."""

    def __init__(self, body: httpx2.SyncByteStream, host: str, limit: int | None) -> None:
        self._body = body
        self._host = host
        self._limit = limit

    def __iter__(self) -> Iterator[bytes]:
        start, received = time.monotonic(), 0
        try:
            for chunk in self._body:
                received += len(chunk)
                seconds = time.monotonic() - start
                if seconds > GRACE_SECONDS + received / SLOWEST:
                    raise NoAnswerError(
                        f"{self._host} answers too slowly",
                        why=f"it has sent {received} bytes in {seconds:.0f} s",
                        fix="try again later",
                    )
                if self._limit is not None and received > self._limit:
                    raise SourceUnavailableError(
                        f"{self._host} sends more than {self._limit} bytes for a listing",
                        fix="check HF_ENDPOINT",
                    )
                yield chunk
        except httpx2.RequestError as error:
            raise _no_answer(self._host, error) from None

    def close(self) -> None:
        self._body.close()


def _no_answer(host: str, error: httpx2.RequestError) -> SourceUnavailableError:
    if isinstance(error, httpx2.TooManyRedirects):
        return NoAnswerError(f"{host} redirects in circles", fix="check HF_ENDPOINT and proxies")
    if isinstance(error, httpx2.TimeoutException):
        limit = LIMITS["connect" if isinstance(error, httpx2.ConnectTimeout) else "read"]
        why = f"no answer within {limit:.0f} s"
    elif isinstance(error, httpx2.RemoteProtocolError | httpx2.ReadError):
        why = "the connection ended before the answer was complete"
    else:
        why = f"{error}".split("\n", 1)[0] or type(error).__name__
    fix = "try again later; check the network, HF_ENDPOINT and the proxy variables"
    return NoAnswerError(f"cannot reach {host}", why=why, fix=fix)


def _unavailable(response: httpx2.Response) -> SourceUnavailableError:
    status, seconds = response.status_code, retry_after(response)
    why = f"the server answered {status} {response.reason_phrase}".rstrip()
    if seconds is not None:
        why += f"; it asks to wait {seconds:.0f} s"
    fix = "try again later"
    if status == 429:
        fix += "; with a token in HF_TOKEN, the limit is higher"
    error = SourceUnavailableError(
        f"{response.url.host} is overloaded or has failed", why=why, fix=fix
    )
    error.retry_after = seconds
    return error


def retry_after(response: httpx2.Response) -> float | None:
    """Seconds that the server asks to wait: of `RateLimit` for 429, or of `Retry-After`."""
    limit = parse_ratelimit_headers(response.headers)
    if response.status_code == 429 and limit is not None and limit.remaining == 0:
        return float(limit.reset_in_seconds)
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(moment.timestamp() - time.time(), 0.0)
