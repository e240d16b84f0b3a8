"""Numbers as digits of mixed bases, each a token `<digit>`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod

from vrdata.desktop.encoders.errors import InvalidTokenError

_TOKENS = re.compile(r"(?:<[^<>]*>)*")
_TOKEN = re.compile(r"<[^<>]*>")
_DIGIT = re.compile(r"<(0|[1-9][0-9]{0,2})>", re.ASCII)


def digits_of(value: int, bases: Sequence[int]) -> list[int]:
    """The digits of a number, the most significant first; modulo the product of the bases.

    A negative number gives its complement, as in two's complement.
    """
    digits = []
    for base in reversed(bases):
        value, digit = divmod(value, base)
        digits.append(digit)
    return digits[::-1]


def number_of(digits: Sequence[int], bases: Sequence[int], *, signed: bool = False) -> int:
    """The number of digits.

    Args:
        digits: as many as bases.
        bases: of the digits.
        signed: the upper half of the range are negative numbers.

    Raises:
        InvalidTokenError: there are more or fewer digits than bases, or one is too large.
    """
    if len(digits) != len(bases):
        raise InvalidTokenError(f"{len(digits)} digits instead of {len(bases)}")
    value = 0
    for digit, base in zip(digits, bases, strict=True):
        if digit >= base:
            raise InvalidTokenError(f"the digit <{digit}> is not below {base}")
        value = value * base + digit
    whole = prod(bases)
    return value - whole if signed and value >= whole // 2 else value


def digit_tokens(value: int, bases: Sequence[int]) -> list[str]:
    """The tokens of `digits_of`."""
    return [f"<{digit}>" for digit in digits_of(value, bases)]


def digits_in(tokens: Sequence[str], prefix: str = "") -> list[int]:
    """The digits of tokens.

    Args:
        tokens: such as `<7>`, or `<MB_7>` with the prefix `MB_`.
        prefix: before each number.

    Raises:
        InvalidTokenError: one is not such a token.
    """
    digits = []
    for token in tokens:
        bare = f"<{token[1 + len(prefix) :]}" if token.startswith(f"<{prefix}") else ""
        found = _DIGIT.fullmatch(bare)
        if found is None:
            raise InvalidTokenError(f"{token} is not a number")
        digits.append(int(found[1]))
    return digits


def split_tokens(text: str) -> list[str]:
    """The tokens of a text.

    Raises:
        InvalidTokenError: something in it is none.
    """
    if not _TOKENS.fullmatch(text):
        raise InvalidTokenError("the text has something between its tokens")
    return _TOKEN.findall(text)
