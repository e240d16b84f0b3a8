"""What an S3-compatible server understands, and what to drop from a write that it refuses. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from vrdata.store.limits import CHECKSUM, CONDITION


@dataclass(frozen=True, slots=True)
class Dialect:
    """The optional headers of a write.

    Attributes:
        condition: send `If-None-Match: *`; without it, a writer checks that the key is free.
        checksum: send the SHA-256 for the server to check.
    """

    condition: bool = True
    checksum: bool = True

    def dropped(self, since: Dialect) -> tuple[str, ...]:
        """The headers that `since` sends and this dialect does not."""
        names = []
        if since.checksum and not self.checksum:
            names.append(CHECKSUM)
        if since.condition and not self.condition:
            names.append(CONDITION)
        return tuple(names)

    def keeps(self, proven: Dialect) -> bool:
        """Whether it sends all headers that `proven` sends."""
        return (self.condition or not proven.condition) and (self.checksum or not proven.checksum)

    def with_all_of(self, other: Dialect) -> Dialect:
        """A dialect that sends the headers of both."""
        return Dialect(self.condition or other.condition, self.checksum or other.checksum)


# Answers about something other than an optional header. SignatureDoesNotMatch is absent: it is
# also the answer when a proxy removes or changes a signed header (boto/boto3#4400).
_OTHER_CODES = {
    "AccountProblem",
    "AuthorizationHeaderMalformed",
    "EntityTooLarge",
    "ExpiredToken",
    "ExpiredTokenException",
    "IllegalLocationConstraintException",
    "InvalidAccessKeyId",
    "InvalidBucketName",
    "InvalidObjectName",
    "InvalidToken",
    "KeyTooLongError",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "TokenRefreshRequired",
}
_STATUSES = {400, 405, 411, 415, 417, 422, 501}
_CHECKSUM_WORDS = ("checksum", "chunked", "trailer", "content-sha256", "digest", "streaming")


def is_refusal(status: int, code: str) -> bool:
    """Whether this answer to a write can be about an optional header.

    Args:
        status: the HTTP status.
        code: the error code in the body, such as `NotImplemented`.
    """
    return code == "SignatureDoesNotMatch" or (status in _STATUSES and code not in _OTHER_CODES)


def alternatives(dialect: Dialect, text: str) -> tuple[Dialect, ...]:
    """The dialects to try after a refusal, those that drop less first.

    Args:
        dialect: the refused one.
        text: code and message of the answer; a header that it names is dropped first.
    """
    words = text.lower()
    named_condition = CONDITION.lower() in words
    named_checksum = any(word in words for word in _CHECKSUM_WORDS)
    without_checksum = replace(dialect, checksum=False)
    without_condition = replace(dialect, condition=False)
    first = [without_checksum, without_condition]
    if named_condition and not named_checksum:
        first.reverse()
    tried = dict.fromkeys([*first, Dialect(condition=False, checksum=False)])
    return tuple(other for other in tried if other != dialect)
