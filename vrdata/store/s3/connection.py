"""Send requests to a bucket; adapt to servers that want the bucket in the host name or the path."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError, SSLError
from botocore.exceptions import ConnectionError as HostConnectionError

from vrdata.store.s3.client import Addressing, Checksums, S3Settings, make_client
from vrdata.store.s3.errors import error_code, error_text, s3_error

_WANTS_VIRTUAL = {
    "SecondLevelDomainForbidden",
    "PathStyleDomainForbidden",
    "VirtualHostDomainRequired",
}


class Connection:
    """One bucket. Threads may share a connection; processes may not.

    Attributes:
        settings: of the connection.
        sends_checksums: whether writes have a checksum that the server checks.
        region: the region of requests.
        endpoint: URL of the server.

    Raises:
        UsageError: the endpoint is not a URL, or contains a password.
        StoreAccessError: the profile does not exist.
    """

    def __init__(self, settings: S3Settings) -> None:
        self.settings = settings
        self._addressing: Addressing = ""
        self._clients: dict[tuple[Addressing, Checksums], Any] = {}
        meta = self._client(settings.checksums).meta
        calculation = str(meta.config.request_checksum_calculation)
        self.sends_checksums = calculation.lower() != "when_required"
        self.region = str(meta.region_name or "")
        self.endpoint = str(meta.endpoint_url)

    def call(self, operation: str, **request: Any) -> Any:
        """Send one request about the bucket; return the answer.

        A body must be bytes or a seekable stream.

        Raises:
            ClientError, BotoCoreError: as boto3 does; `error` explains them.
        """
        # boto3 adds a checksum of its own to a write without one.
        plain = operation == "put_object" and "ChecksumSHA256" not in request
        checksums: Checksums = "when_required" if plain else self.settings.checksums
        addressing = self._addressing
        try:
            return self._send(self._client(checksums), operation, request)
        except (ClientError, HostConnectionError, SSLError) as error:
            other = _other_addressing(error, addressing, self.settings.bucket)
            if not other:
                raise
        if self._addressing == addressing:
            self._addressing = other
        return self._send(self._client(checksums), operation, request)

    def call_server(self, operation: str) -> Any:
        """Send a request that names no bucket. Raises ClientError, BotoCoreError as boto3 does."""
        return getattr(self._client(self.settings.checksums), operation)()

    def error(self, error: Exception, doing: str) -> Exception:
        """The VrdataError for what `call` raised while `doing` something."""
        return s3_error(error, doing, self.settings.url, self.settings.bucket)

    def _client(self, checksums: Checksums) -> Any:
        kind = (self._addressing, checksums)
        if kind not in self._clients:
            settings = replace(self.settings, checksums=checksums)
            self._clients[kind] = make_client(settings, self._addressing)
        return self._clients[kind]

    def _send(self, client: Any, operation: str, request: dict[str, Any]) -> Any:
        body = request.get("Body")
        if body is not None and not isinstance(body, bytes):
            body.seek(0)
        return getattr(client, operation)(Bucket=self.settings.bucket, **request)


def _other_addressing(error: Exception, tried: Addressing, bucket: str) -> Addressing:
    """The addressing to try after an error, or "" for none."""
    if isinstance(error, ClientError):
        text = error_text(error).lower().replace("-", " ")
        wanted = error_code(error) in _WANTS_VIRTUAL or "virtual host" in text
        return "virtual" if wanted and tried != "virtual" else ""
    return "path" if f"//{bucket}." in str(error) and tried == "" else ""
