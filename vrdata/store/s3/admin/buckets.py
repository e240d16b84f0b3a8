"""Create a bucket, keep versions of its objects, and keep it private."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from vrdata.errors import UsageError
from vrdata.store.port import StorageError, StoreAccessError
from vrdata.store.s3.client import DEFAULT_REGION, S3Settings
from vrdata.store.s3.connection import Connection
from vrdata.store.s3.errors import error_code, is_no_permission, short_answer

# The general rules for names, in AWS's page "General purpose bucket naming rules".
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# Regions that are no location: AWS refuses the first one, R2 and others call theirs `auto`.
_NO_LOCATION = {"", DEFAULT_REGION, "auto"}
_OWN = {"BucketAlreadyOwnedByYou"}
_TAKEN = {"BucketAlreadyExists", *_OWN}
_CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and what was set.

    Attributes:
        url: `s3://bucket`.
        created: False if it existed.
        region: where it was created, or of the request if it existed.
        versioning: `Enabled`, `Suspended` or `Off`; "" if the server does not say.
        private: how it is kept private; "" if nobody asked.
    """

    url: str
    created: bool
    region: str
    versioning: str = ""
    private: str = ""


def create_bucket(settings: S3Settings, *, versioning: bool, private: bool) -> Bucket:
    """Create a bucket if it does not exist; then change its settings, and read them again.

    An existing bucket of these credentials is not an error, so the same command can be repeated.

    Args:
        settings: the connection; the prefix does not matter.
        versioning: keep earlier versions of objects.
        private: let nobody read or list the bucket without credentials.

    Raises:
        UsageError: the name is invalid.
        StoreAccessError: the credentials do not allow it, or the name belongs to another account.
        StorageError: the server cannot be used, or lacks what was asked for; or everybody can
            still read the bucket.
    """
    if not _NAME.fullmatch(settings.bucket):
        raise UsageError(
            f"{settings.bucket!r} is not a valid bucket name",
            fix="use 3 to 63 lower-case letters, digits and hyphens",
        )
    connection = Connection(settings)
    created = _create(connection)
    if versioning:
        _keep_versions(connection, created=created)
    closed = _close(connection) if private else ""
    region = connection.region
    found = _versioning(connection)
    return Bucket(f"s3://{settings.bucket}", created, region, found, closed)


def _create(connection: Connection) -> bool:
    """Whether this call created the bucket."""
    request: dict[str, Any] = {}
    if connection.region not in _NO_LOCATION:
        request["CreateBucketConfiguration"] = {"LocationConstraint": connection.region}
    bucket = connection.settings.bucket
    try:
        connection.call("create_bucket", **request)
    except ClientError as error:
        if error_code(error) in _TAKEN and _is_usable(connection, error):
            return False
        if error_code(error) in _TAKEN:
            raise StoreAccessError(
                f"cannot create s3://{bucket}",
                why="a bucket of this name belongs to another account",
                fix="use another name: names are shared by all accounts of a server",
            ) from error
        if is_no_permission(error):
            raise _not_allowed(f"create s3://{bucket}", "s3:CreateBucket", error) from error
        if error_code(error) in {"InvalidLocationConstraint", "IllegalLocationConstraintException"}:
            raise StorageError(
                f"cannot create s3://{bucket} in {connection.region}",
                why=f"the server does not know this region ({short_answer(error)})",
                fix=f"use --region with the server's region, for example {DEFAULT_REGION}",
            ) from error
        raise connection.error(error, "create the bucket") from error
    except BotoCoreError as error:
        raise connection.error(error, "create the bucket") from error
    return True


def _is_usable(connection: Connection, error: ClientError) -> bool:
    """Whether the existing bucket belongs to these credentials, or they can list it."""
    if error_code(error) in _OWN:
        return True
    try:
        connection.call("list_objects_v2", MaxKeys=1)
    except (ClientError, BotoCoreError):
        return False
    return True


def _keep_versions(connection: Connection, *, created: bool) -> None:
    bucket = connection.settings.bucket
    settings = {"Status": "Enabled"}
    try:
        connection.call("put_bucket_versioning", VersioningConfiguration=settings)
    except ClientError as error:
        if is_no_permission(error):
            doing = f"keep versions of the objects in s3://{bucket}"
            raise _not_allowed(doing, "s3:PutBucketVersioning", error) from error
        state = "was created" if created else "exists"
        raise StorageError(
            f"s3://{bucket} {state}, but cannot keep versions of its objects",
            why=f"the server answered {short_answer(error)}",
            fix="omit --versioning: vrdata overwrites no object; or set it up in the server",
        ) from error
    except BotoCoreError as error:
        raise connection.error(error, "keep versions of objects") from error


def _versioning(connection: Connection) -> str:
    try:
        return str(connection.call("get_bucket_versioning").get("Status") or "Off")
    except (ClientError, BotoCoreError):
        return ""


def _close(connection: Connection) -> str:
    """Let nobody use the bucket without credentials; how that was done.

    AWS blocks public access as a whole. Other servers have access lists, or none: then only a
    policy can open a bucket.
    """
    how = _block(connection) or _private_list(connection)
    if _has_public_policy(connection) or _is_listed_for_everybody(connection):
        bucket = connection.settings.bucket
        raise StorageError(
            f"s3://{bucket} is not private",
            why="its policy lets everybody read or list it",
            fix=f"delete the policy: aws s3api delete-bucket-policy --bucket {bucket}",
        )
    return how


def _block(connection: Connection) -> str:
    try:
        connection.call("put_public_access_block", PublicAccessBlockConfiguration=_CLOSED)
    except ClientError as error:
        if is_no_permission(error):
            doing = f"block public access to s3://{connection.settings.bucket}"
            raise _not_allowed(doing, "s3:PutBucketPublicAccessBlock", error) from error
        return ""  # other servers do not know it
    except BotoCoreError as error:
        raise connection.error(error, "block public access") from error
    return "public access is blocked"


def _private_list(connection: Connection) -> str:
    try:
        connection.call("put_bucket_acl", ACL="private")
    except ClientError as error:
        if error_code(error) == "AccessControlListNotSupported":
            return "the server has no access lists for it, and no policy opens it"
        if is_no_permission(error):
            doing = f"change the access list of s3://{connection.settings.bucket}"
            raise _not_allowed(doing, "s3:PutBucketAcl", error) from error
        raise StorageError(
            f"cannot make s3://{connection.settings.bucket} private",
            why=f"the server has neither public access blocks nor access lists "
            f"({short_answer(error)})",
            fix="omit --private, and check in the server who can read the bucket",
        ) from error
    except BotoCoreError as error:
        raise connection.error(error, "change the access list") from error
    return "its access list names only its owner"


def _has_public_policy(connection: Connection) -> bool:
    try:
        status = connection.call("get_bucket_policy_status").get("PolicyStatus", {})
    except (ClientError, BotoCoreError):  # no policy, or the server does not say
        return False
    return bool(status.get("IsPublic"))


def _is_listed_for_everybody(connection: Connection) -> bool:
    anonymous = Connection(replace(connection.settings, anonymous=True))
    try:
        anonymous.call("list_objects_v2", MaxKeys=1)
    except (ClientError, BotoCoreError):
        return False
    return True


def _not_allowed(doing: str, permission: str, error: ClientError) -> StoreAccessError:
    return StoreAccessError(
        f"cannot {doing}",
        why=f"these credentials do not allow it ({short_answer(error)})",
        fix=f"allow {permission}, or ask the server's administrator",
    )
