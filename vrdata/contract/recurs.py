"""Whether a failure occurs again: one value for each reason. Pure."""

from __future__ import annotations

from enum import StrEnum


class Recurs(StrEnum):
    """Whether the next attempt of a shard fails in the same way.

    An attempt that would certainly fail is not started. An interrupted attempt is not charged
    to `failurePolicy.retries`. The value is shown in the documentation.
    """

    ALWAYS = "never"
    SEEDED = "unless seeded"  # the same seed gives the same block
    MAYBE = "yes"
    OUTSIDE = "yes, not charged"  # the generator is not the cause
