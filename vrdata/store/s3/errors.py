"""Explain errors of S3 servers and boto3 to the user, without repeating credentials."""

from __future__ import annotations

from botocore import exceptions as boto
from botocore.exceptions import ClientError

from vrdata.errors import VrdataError
from vrdata.store.port import (
    DigestMismatchError,
    ObjectNotFoundError,
    StorageError,
    StoreAccessError,
)
from vrdata.text import printable_line

CREDENTIALS_FIX = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws with "
    "--aws-profile; on a cluster, fix the Secret that the profile's storage.existingSecret names"
)

_BAD_CREDENTIALS = {
    "InvalidAccessKeyId": "the server does not know the access key",
    "XAdminUserNotFound": "the server does not know the access key",  # versitygw's name for it
    "SignatureDoesNotMatch": "the secret key does not match the access key",
    "AuthorizationHeaderMalformed": "the server expects another region: set --region",
    "ExpiredToken": "the session token has expired",
    "ExpiredTokenException": "the session token has expired",
    "InvalidToken": "the server rejects the session token",
    "TokenRefreshRequired": "the session token has expired",
    "RequestTimeTooSkewed": "this machine's clock is wrong",
}
_NO_PERMISSION = {"AccessDenied", "AllAccessDisabled", "AccountProblem", "Forbidden", "403"}
_NO_KEY = {"NoSuchKey", "NotFound", "404"}
_BAD_DIGEST = {
    "BadDigest",
    "InvalidDigest",
    "XAmzContentSHA256Mismatch",
    "XAmzContentChecksumMismatch",
}
_WRONG_REGION = {"PermanentRedirect", "301", "IllegalLocationConstraintException"}
_OLD_SERVER = "if the server is old: export AWS_REQUEST_CHECKSUM_CALCULATION=when_required"
_NO_CHECKSUMS = {"NotImplemented", "InvalidRequest", "InvalidArgument"}


def s3_error(error: Exception, doing: str, url: str, bucket: str) -> VrdataError:
    """The VrdataError for what boto3 raised while `doing` something at `url`.

    Returns:
        ObjectNotFoundError: the object does not exist.
        StoreAccessError: the bucket does not exist, or the credentials are missing or invalid, or
            do not allow this.
        DigestMismatchError: the bytes that the server received do not have their digest.
        StorageError: anything else: unreachable, overloaded, TLS, unknown answers.
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
    if isinstance(error, boto.SSLError):
        return StorageError(
            what,
            why=f"the server's TLS certificate is not trusted: {_first_line(error)}",
            fix="check --endpoint (http or https?); set AWS_CA_BUNDLE to your CA's file",
        )
    return StorageError(
        what,
        why=_first_line(error),
        fix="check --endpoint and the network; the same command resumes where it stopped",
    )


_CREDENTIAL_ERRORS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.NoAuthTokenError,
    boto.TokenRetrievalError,
    boto.SSOError,
)


def _error_code(error: ClientError) -> str:
    """The server's error code, e.g. `NoSuchKey`; the HTTP status of an answer without a body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def http_status(error: ClientError) -> int:
    """The HTTP status of the answer; 0 if unknown."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_no_permission(error: Exception) -> bool:
    """Whether the credentials are valid and do not allow the request."""
    return isinstance(error, ClientError) and _error_code(error) in _NO_PERMISSION


def _error_of_answer(error: ClientError, what: str, bucket: str) -> VrdataError:
    code, status = _error_code(error), http_status(error)
    if code == "NoSuchBucket":
        return StoreAccessError(
            what,
            why=f"the bucket {bucket} does not exist",
            fix=f"check the name and --endpoint, or create it: aws s3 mb s3://{bucket}",
        )
    if code == "InvalidBucketName":
        return _bad_bucket_name(what, bucket)
    if code in _BAD_CREDENTIALS:
        return StoreAccessError(what, why=_BAD_CREDENTIALS[code], fix=CREDENTIALS_FIX)
    if code in _NO_PERMISSION or status == 403:
        return StoreAccessError(
            what,
            why=f"these credentials do not allow it ({code})",
            fix=f"allow s3:GetObject, s3:PutObject and s3:ListBucket on {bucket}",
        )
    if code in _NO_KEY:
        return ObjectNotFoundError(what, why="the object does not exist", fix="check the name")
    return _server_error(code, status, what, _message(error))


def _bad_bucket_name(what: str, bucket: str) -> StoreAccessError:
    return StoreAccessError(
        what, why=f"{bucket!r} is not a valid bucket name", fix="write s3://bucket/prefix"
    )


def _server_error(code: str, status: int, what: str, message: str) -> StorageError:
    why = f"the server answered {status} {code}: {message}".rstrip(": ")
    if code in _BAD_DIGEST:
        return DigestMismatchError(
            what, why="the server received bytes that do not have their digest"
        )
    if code in _WRONG_REGION:
        return StorageError(what, why=why, fix="set the bucket's region with --region")
    if code in _NO_CHECKSUMS:
        return StorageError(what, why=why, fix=_OLD_SERVER)
    return StorageError(what, why=why, fix="try again later; no partial objects remain")


def _message(error: ClientError) -> str:
    return _clean(str(error.response.get("Error", {}).get("Message", "")))


def _first_line(error: Exception) -> str:
    return _clean((str(error).splitlines() or [type(error).__name__])[0])


def _clean(text: str) -> str:
    """Printable text of bounded length: a server's messages are not trusted."""
    return printable_line(text)[:200]
