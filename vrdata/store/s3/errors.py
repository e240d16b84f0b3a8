"""Explain errors of S3 servers and boto3 to the user, without repeating credentials."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from botocore import exceptions as boto
from botocore.exceptions import ClientError

from vrdata.errors import VrdataError
from vrdata.privacy.texts import without_url_credentials
from vrdata.store.port import (
    DigestMismatchError,
    ObjectNotFoundError,
    PermissionRefusedError,
    StorageError,
    StoreAccessError,
    StoreUnreachableError,
)
from vrdata.text import printable_line

CREDENTIALS_FIX = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws with "
    "--aws-profile; on a cluster, fix the Secret that the profile's storage.existingSecret names"
)

_LOG_IN = "get new credentials, for example: aws sso login"
_BAD_CREDENTIALS = {
    "InvalidAccessKeyId": ("the server does not know the access key", CREDENTIALS_FIX),
    # versitygw's name for it
    "XAdminUserNotFound": ("the server does not know the access key", CREDENTIALS_FIX),
    "SignatureDoesNotMatch": (
        "the secret key does not match the access key, or a proxy changes the request",
        CREDENTIALS_FIX,
    ),
    "ExpiredToken": ("the session token has expired", _LOG_IN),
    "ExpiredTokenException": ("the session token has expired", _LOG_IN),
    "InvalidToken": ("the server rejects the session token", _LOG_IN),
    "TokenRefreshRequired": ("the session token has expired", _LOG_IN),
}
_NO_PERMISSION = {"AccessDenied", "AllAccessDisabled", "AccountProblem", "Forbidden", "403"}
_NO_KEY = {"NoSuchKey", "NotFound", "404"}
_BAD_DIGEST = {
    "BadDigest",
    "InvalidDigest",
    "XAmzContentSHA256Mismatch",
    "XAmzContentChecksumMismatch",
}
_OTHER_REGION = {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
_BUCKET_OPERATIONS = {"PutObject", "ListObjectsV2", "ListObjects"}  # 404: no such bucket
_BUSY = {"SlowDown", "ServiceUnavailable", "TooManyRequests", "RequestLimitExceeded", "429", "503"}
_LATE = {"RequestTimeout", "InternalError", "OperationAborted"}
_NO_API = "check --endpoint: it must be the URL of the S3 API, not of a web page or console"


def s3_error(error: Exception, doing: str, url: str, bucket: str) -> VrdataError:
    """The VrdataError for what boto3 raised while `doing` something at `url`.

    Returns:
        ObjectNotFoundError: the object does not exist.
        StoreAccessError: the bucket does not exist, or the credentials are missing or invalid, or
            do not allow this.
        DigestMismatchError: the bytes that the server received do not match their digest.
        StoreUnreachableError: the server cannot be reached, is overloaded or has failed.
        StorageError: anything else: TLS, redirects, unknown answers.
    """
    what = f"cannot {doing} in {url}"
    if isinstance(error, ClientError):
        return _error_of_answer(error, what, bucket)
    if isinstance(error, boto.ProfileNotFound):
        return StoreAccessError(what, why=str(error), fix="list them: aws configure list-profiles")
    if isinstance(error, _CREDENTIAL_ERRORS):
        return StoreAccessError(what, why="no usable credentials were found", fix=CREDENTIALS_FIX)
    if isinstance(error, boto.ParamValidationError):
        return _bad_bucket_name(what, bucket)
    if isinstance(error, boto.SSLError) and "certificate" in str(error).lower():
        return StorageError(
            what,
            why=f"the server's TLS certificate is not trusted: {_first_line(error)}",
            fix="check --endpoint (http or https?); set AWS_CA_BUNDLE to your CA's file",
        )
    endpoint = "--endpoint (http or https?)" if isinstance(error, boto.SSLError) else "--endpoint"
    return StoreUnreachableError(
        what,
        why=_first_line(error),
        fix=f"check {endpoint} and the network; the same command resumes where it stopped",
    )


_CREDENTIAL_ERRORS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.NoAuthTokenError,
    boto.TokenRetrievalError,
    boto.SSOError,
)


def error_code(error: ClientError) -> str:
    """The server's error code, e.g. `NoSuchKey`; the HTTP status of an answer without a body."""
    return str(error.response.get("Error", {}).get("Code") or http_status(error))


def error_text(error: ClientError) -> str:
    """All that the server says in its answer: code, message, and further fields."""
    return " ".join(str(value) for value in error.response.get("Error", {}).values())


def short_answer(error: ClientError) -> str:
    """Status and code of an answer, such as `501 NotImplemented`."""
    status, code = http_status(error), _clean(error_code(error))
    return f"{status}" if code in {"", str(status)} else f"{status} {code}"


def http_status(error: ClientError) -> int:
    """The HTTP status of the answer; 0 if unknown."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_no_permission(error: Exception) -> bool:
    """Whether the credentials are valid and do not allow the request."""
    return isinstance(error, ClientError) and error_code(error) in _NO_PERMISSION


def _error_of_answer(error: ClientError, what: str, bucket: str) -> VrdataError:
    code, status = error_code(error), http_status(error)
    if code in _OTHER_REGION or 300 <= status < 400:
        return _elsewhere(error, what)
    if refused := _error_of_access(error, what, bucket):
        return refused
    if code in _NO_KEY:
        return ObjectNotFoundError(what, why="the object does not exist", fix="check the name")
    return _server_error(error, what)


def _error_of_access(error: ClientError, what: str, bucket: str) -> StoreAccessError | None:
    """The error if the bucket does not exist or these credentials may not use it."""
    code = error_code(error)
    if code == "NoSuchBucket":
        why = f"the bucket {bucket} does not exist"
        fix = f"check the name and --endpoint, or create it: vrdata bucket create s3://{bucket}"
    elif code in _BAD_CREDENTIALS:
        why, fix = _BAD_CREDENTIALS[code]
    elif code in _NO_KEY and error.operation_name in _BUCKET_OPERATIONS:
        why, fix = f"the server answered 404: no bucket {bucket} here", _NO_API
    elif code == "InvalidBucketName":
        return _bad_bucket_name(what, bucket)
    elif code == "RequestTimeTooSkewed":
        return _wrong_clock(error, what)
    elif code in _NO_PERMISSION or http_status(error) in {401, 403}:
        return _no_permission(error, what, bucket)
    else:
        return None
    return StoreAccessError(what, why=why, fix=fix)


def _bad_bucket_name(what: str, bucket: str) -> StoreAccessError:
    return StoreAccessError(
        what,
        why=f"{bucket!r} is not a valid bucket name",
        fix="write s3://bucket/prefix; a bucket has 3 to 63 lower-case letters, digits and hyphens",
    )


def _no_permission(error: ClientError, what: str, bucket: str) -> StoreAccessError:
    message = _message(error)
    return PermissionRefusedError(
        what,
        why=f"these credentials do not allow it ({short_answer(error)})"
        + (f": {message}" if message else ""),
        fix=f"allow s3:GetObject, s3:PutObject and s3:ListBucket on {bucket}; check --endpoint",
    )


def _wrong_clock(error: ClientError, what: str) -> StoreAccessError:
    why = "this machine's clock is wrong"
    try:
        theirs = parsedate_to_datetime(_header(error, "date"))
        ahead = (datetime.now(UTC) - theirs).total_seconds()
        why += f": {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the server's"
    except (TypeError, ValueError):
        pass
    return StoreAccessError(what, why=why, fix="set the clock: timedatectl set-ntp true")


def _elsewhere(error: ClientError, what: str) -> StorageError:
    """The bucket is in another region, or has another address."""
    details = error.response.get("Error", {})
    region = _clean(str(details.get("Region") or _header(error, "x-amz-bucket-region")))
    location = _header(error, "location")
    endpoint = str(details.get("Endpoint") or "")
    why = f"the server answered {short_answer(error)}: {_message(error)}".rstrip(": ")
    if region:
        return StorageError(what, why=why, fix=f"name the bucket's region: --region {region}")
    if location:
        parts = urlsplit(location)
        endpoint = f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""
        why = f"the server redirects to {_clean(endpoint or location)} ({short_answer(error)})"
    if endpoint:
        url = endpoint if "://" in endpoint else f"https://{endpoint}"
        return StorageError(
            what, why=why, fix=f"use the server's own URL: --endpoint {_clean(url)}"
        )
    return StorageError(what, why=why, fix="name the bucket's region with --region")


def _server_error(error: ClientError, what: str) -> StorageError:
    code, status = error_code(error), http_status(error)
    why = f"the server answered {short_answer(error)}: {_message(error)}".rstrip(": ")
    if code in _BAD_DIGEST:
        return DigestMismatchError(
            what,
            why="the server received bytes that do not match their digest",
            fix="run the same command again; if it fails again, check the network and its proxies",
        )
    if code in _BUSY or status in {429, 503}:
        return StoreUnreachableError(
            what, why=why, fix="run the same command again later, with a smaller --jobs"
        )
    if status == 507 or "quota" in code.lower() or "StorageFull" in code:
        return StorageError(what, why=why, fix="free space or raise the quota, then try again")
    if status == 405:
        return StorageError(what, why=why, fix=_NO_API)
    if status in {400, 501}:
        return StorageError(
            what, why=why, fix="the server does not support this request: use another S3 server"
        )
    kind = (
        StoreUnreachableError if status >= 500 or status == 408 or code in _LATE else StorageError
    )
    return kind(what, why=why, fix="try again later; no partial objects remain")


def _header(error: ClientError, name: str) -> str:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get(name, ""))


def _message(error: ClientError) -> str:
    return _clean(str(error.response.get("Error", {}).get("Message") or ""))


def _first_line(error: Exception) -> str:
    return _clean((str(error).splitlines() or [type(error).__name__])[0])


def _clean(text: str) -> str:
    """Printable, short, without credentials: a server's messages are not trusted."""
    return without_url_credentials(printable_line(text))[:200]
