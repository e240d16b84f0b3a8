"""Create a boto3 client, with its timeouts, retries and checksums."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal
from urllib.parse import urlsplit

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from vrdata.errors import UsageError
from vrdata.store.s3.errors import s3_error

Checksums = Literal["auto", "when_required"]
Addressing = Literal["", "path", "virtual"]

CONNECT_SECONDS = 5
READ_SECONDS = 60
ATTEMPTS = 5
CONNECTIONS = 64  # open concurrently: the most threads that a transfer uses
_AWS = (".amazonaws.com", ".amazonaws.com.cn")
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class S3Settings:
    """The connection settings of a bucket. Credentials are not part of them: boto3 finds them.

    Attributes:
        bucket: the bucket's name.
        prefix: precedes all keys; has no leading or trailing slash.
        endpoint: URL of an S3-compatible server; "" for boto3's choice (AWS_ENDPOINT_URL_S3, the
            profile's `endpoint_url`, or AWS).
        region: region name; "" for boto3's choice, or `us-east-1` if it has none.
        profile: a named profile of the AWS configuration files.
        checksums: `auto` lets the server check a SHA-256 of every write, unless the AWS
            settings say otherwise (AWS_REQUEST_CHECKSUM_CALCULATION); `when_required` sends no
            checksum, for servers that refuse the header.
        attempts: of one request, the first one included, before its error is reported.
        anonymous: send requests without credentials.
    """

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    profile: str = ""
    checksums: Checksums = "auto"
    attempts: int = ATTEMPTS
    anonymous: bool = False

    @property
    def url(self) -> str:
        """`s3://bucket/prefix`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


def make_client(settings: S3Settings, addressing: Addressing = "") -> Any:
    """An S3 client that threads may share.

    Args:
        settings: the connection.
        addressing: put the bucket into the `path` or the host name (`virtual`); "" = boto3's
            choice, path for every endpoint except those of AWS.

    Raises:
        UsageError: the endpoint is not an http(s) URL, or contains a password.
        StoreAccessError: the profile does not exist.
    """
    if settings.endpoint:
        _require_valid_endpoint(settings.endpoint)
    try:
        session = boto3.Session(profile_name=settings.profile or None)
        client = _client(session, settings, addressing)
    except ValueError as error:  # botocore raises it for an endpoint that is not a URL
        raise UsageError(
            "the endpoint in the AWS settings is not a URL",
            fix="correct AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL or endpoint_url in ~/.aws/config",
        ) from error
    except BotoCoreError as error:
        raise s3_error(error, "access objects", settings.url, settings.bucket) from error
    _require_valid_endpoint(client.meta.endpoint_url)
    if not is_aws(client.meta.endpoint_url):
        client.meta.events.register("before-call.s3.HeadBucket", _no_region)
    return client


def is_aws(endpoint: str) -> bool:
    """Whether the URL of a server is one of AWS."""
    return str(urlsplit(endpoint).hostname).endswith(_AWS)


def _client(session: boto3.Session, settings: S3Settings, addressing: Addressing) -> Any:
    config: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"mode": "standard", "total_max_attempts": settings.attempts},
        "max_pool_connections": CONNECTIONS,
        "tcp_keepalive": True,
        # Requests for whole objects ask for it; some servers send the whole object's checksum
        # with a part of it.
        "response_checksum_validation": "when_required",
    }
    if addressing:
        config["s3"] = {"addressing_style": addressing}
    if settings.anonymous:
        config["signature_version"] = UNSIGNED
    if settings.checksums == "when_required":
        config["request_checksum_calculation"] = "when_required"
    return session.client(
        "s3",
        endpoint_url=settings.endpoint or None,
        region_name=settings.region or session.region_name or DEFAULT_REGION,
        config=Config(**config),
    )


def _no_region(**_: Any) -> tuple[Any, dict[str, Any]]:
    """Answer boto3's question for a bucket's region, which only AWS can.

    boto3 asks after every redirect; a server that redirects the question as well, for example to
    https, makes it ask without end.
    """
    headers: dict[str, str] = {}
    metadata = {"HTTPStatusCode": 404, "HTTPHeaders": headers}
    return SimpleNamespace(status_code=404, headers=headers), {
        "Error": {"Code": "404", "Message": ""},
        "ResponseMetadata": metadata,
    }


def _require_valid_endpoint(endpoint: str) -> None:
    if "@" in endpoint:  # never repeated: it may be a password
        raise UsageError(
            "the endpoint's URL contains a user name or password",
            fix="remove it from the URL; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # an invalid port, or brackets that do not close
        usable = False
    if not usable:
        raise UsageError(
            f"{endpoint!r} is not the URL of a server",
            fix="use a URL such as --endpoint https://s3.example.org",
        )
