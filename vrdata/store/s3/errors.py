"""What an S3 server's or boto3's error means to the user. Never repeats a credential."""

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

CREDENTIALS_FIX = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws with "
    "--aws-profile; on a cluster, mend the Secret that the profile's storage.existingSecret names"
)

_BAD_CREDENTIALS = {
    "InvalidAccessKeyId": "the server does not know the access key",
    "XAdminUserNotFound": "the server does not know the access key",  # versitygw's name for it
    "SignatureDoesNotMatch": "the secret key does not belong to the access key",
    "AuthorizationHeaderMalformed": "the server expects another region (--region)",
    "ExpiredToken": "the session token has expired",
    "ExpiredTokenException": "the session token has expired",
    "InvalidToken": "the server refuses the session token",
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
        ObjectNotFoundError: no such key.
        StoreAccessError: no such bucket, or the credentials are missing or may not do this.
        DigestMismatchError: the server received other bytes than announced.
        StorageError: anything else: unreachable, overloaded, TLS, not understood.
    """
    what = f"cannot {doing} in {url}"
    if isinstance(error, ClientError):
        return _answered(error, what, bucket)
    if isinstance(error, boto.ProfileNotFound):
        return StoreAccessError(what, why=str(error), fix="list them: aws configure list-profiles")
    if isinstance(error, _CREDENTIAL_ERRORS):
        return StoreAccessError(what, why="no usable credentials were found", fix=CREDENTIALS_FIX)
    if isinstance(error, boto.ParamValidationError):
        return _bad_bucket_name(what, bucket)
    if isinstance(error, boto.SSLError):
        return StorageError(
            what,
            why=f"the server's TLS certificate is not accepted: {_first_line(error)}",
            fix="check --endpoint (http or https?); name your authority's file in AWS_CA_BUNDLE",
        )
    return StorageError(
        what,
        why=_first_line(error),
        fix="check --endpoint and the network; the same command goes on where it stopped",
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
    """The server's error code, e.g. `NoSuchKey`; the HTTP status for an answer without a body."""
    return str(error.response.get("Error", {}).get("Code", ""))


def http_status(error: ClientError) -> int:
    """The HTTP status of the answer; 0 when unknown."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_no_permission(error: Exception) -> bool:
    """Whether the server knows the credentials and does not allow them this request."""
    return isinstance(error, ClientError) and _error_code(error) in _NO_PERMISSION


def _answered(error: ClientError, what: str, bucket: str) -> VrdataError:
    code, status = _error_code(error), http_status(error)
    if code == "NoSuchBucket":
        return StoreAccessError(
            what,
            why=f"there is no bucket {bucket}",
            fix=f"check the name and --endpoint, or make it: aws s3 mb s3://{bucket}",
        )
    if code == "InvalidBucketName":
        return _bad_bucket_name(what, bucket)
    if code in _BAD_CREDENTIALS:
        return StoreAccessError(what, why=_BAD_CREDENTIALS[code], fix=CREDENTIALS_FIX)
    if code in _NO_PERMISSION or status == 403:
        return StoreAccessError(
            what,
            why=f"the server refuses these credentials ({code})",
            fix=f"allow s3:GetObject, s3:PutObject and s3:ListBucket on {bucket}",
        )
    if code in _NO_KEY:
        return ObjectNotFoundError(what, why="there is no such object", fix="check the name")
    return _misbehaving(code, status, what, _message(error))


def _bad_bucket_name(what: str, bucket: str) -> StoreAccessError:
    return StoreAccessError(
        what, why=f"{bucket!r} cannot be a bucket's name", fix="write s3://bucket/prefix"
    )


def _misbehaving(code: str, status: int, what: str, message: str) -> StorageError:
    why = f"the server answered {status} {code}: {message}".rstrip(": ")
    if code in _BAD_DIGEST:
        return DigestMismatchError(what, why="the server received other bytes than announced")
    if code in _WRONG_REGION:
        return StorageError(what, why=why, fix="name the bucket's region with --region")
    if code in _NO_CHECKSUMS:
        return StorageError(what, why=why, fix=_OLD_SERVER)
    return StorageError(what, why=why, fix="try again later; nothing half-written is left")


def _message(error: ClientError) -> str:
    return _clean(str(error.response.get("Error", {}).get("Message", "")))


def _first_line(error: Exception) -> str:
    return _clean((str(error).splitlines() or [type(error).__name__])[0])


def _clean(text: str) -> str:
    """Printable text of bounded length: a server's words are not trusted."""
    return "".join(char for char in text if char.isprintable())[:200]
