"""Say who sends requests to a bucket, and how the credentials were found. Shows no secret."""

from __future__ import annotations

from dataclasses import replace

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from vrdata.store.port import StoreAccessError
from vrdata.store.s3.client import CONNECT_SECONDS, DEFAULT_REGION, S3Settings, is_aws
from vrdata.store.s3.connection import Connection
from vrdata.store.s3.errors import CREDENTIALS_FIX
from vrdata.text import printable_line

SHOWN = 4  # last characters of an access key: enough to tell one's keys apart
_PLACES = {
    "env": "the environment",
    "shared-credentials-file": "~/.aws/credentials",
    "config-file": "~/.aws/config",
    "iam-role": "the role of this machine",
    "container-role": "the role of this container",
    "assume-role": "an assumed role",
    "assume-role-with-web-identity": "a web identity",
    "sso": "a single sign-on",
    "custom-process": "a credential process",
}


def describe_identity(settings: S3Settings) -> str:
    """One line: account or owner, the end of the access key, and where it was found.

    On AWS the account comes from STS (as `aws sts get-caller-identity`), elsewhere from a listing
    of the buckets. Neither needs to be allowed: then the key alone is named.

    Raises:
        StoreAccessError: there are no credentials, they are expired, or the profile is missing.
    """
    connection = Connection(replace(settings, attempts=1))  # the next checks repeat requests
    try:
        session = boto3.Session(profile_name=settings.profile or None)
        credentials = session.get_credentials()
        key = credentials.get_frozen_credentials().access_key if credentials else ""
    except BotoCoreError as error:
        raise connection.error(error, "find credentials") from error
    if not credentials or not key:
        raise StoreAccessError(
            "no credentials were found",
            why="neither the environment, nor ~/.aws, nor a role of this machine has any",
            fix=CREDENTIALS_FIX,
        )
    place = _PLACES.get(credentials.method, credentials.method)
    found = f"access key …{key[-SHOWN:]} from {place}"
    name = _of_sts(session, settings) if is_aws(connection.endpoint) else _owner(connection)
    return f"{name}, {found}" if name else found


def _of_sts(session: boto3.Session, settings: S3Settings) -> str:
    region = settings.region or session.region_name or DEFAULT_REGION
    config = Config(connect_timeout=CONNECT_SECONDS, retries={"total_max_attempts": 2})
    try:
        answer = session.client("sts", region_name=region, config=config).get_caller_identity()
    except (ClientError, BotoCoreError):
        return ""
    return printable_line(str(answer.get("Arn") or ""))[:200]


def _owner(connection: Connection) -> str:
    try:
        owner = connection.call_server("list_buckets").get("Owner", {})
    except (ClientError, BotoCoreError):
        return ""
    return printable_line(str(owner.get("DisplayName") or owner.get("ID") or ""))[:200]
