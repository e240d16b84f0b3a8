"""Own tokens for keys, buttons, signs and decimal digits. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vrdata.desktop.encoders.digits import digit_tokens, digits_in, number_of
from vrdata.desktop.encoders.errors import InvalidInputError, InvalidTokenError
from vrdata.desktop.encoders.textual import END, START
from vrdata.desktop.encoders.tokens import KEYBOARD, MOUSE, PRESS, RELEASE, SCREEN, TokenEncoder

PLUS, MINUS = "<SIGN_PLUS>", "<SIGN_MINUS>"
_DELTA = (2, 10, 10, 10)
_SCROLL = (10,)
_FLAGS = 3
_WORDS = (START, END, KEYBOARD, MOUSE, SCREEN, PRESS, RELEASE, PLUS, MINUS)
_VOCAB = frozenset(
    {
        *_WORDS,
        *(f"<VK_{number}>" for number in range(256)),
        *(f"<MB_{number}>" for number in range(16)),
        *(f"<{number}>" for number in range(10)),
    }
)


class FactorizedEventEncoder(TokenEncoder):
    """Time modulo 10 s; movement from -1999 to 1999; -9 to 9 steps of the wheel."""

    time_bases = (10, 10, 10)
    shortest, longest = -1999, 1999

    @property
    def vocab(self) -> frozenset[str]:
        """See `TokenEncoder.vocab`."""
        return _VOCAB

    def _key(self, vk: int) -> str:
        return f"<VK_{vk}>"

    def _vk(self, token: str) -> int:
        return number_of(digits_in([token], "VK_"), [256])

    def _mouse(self, dx: int, dy: int, flags: Sequence[int], steps: int | None) -> list[str]:
        tokens = _signed(dx, _DELTA) + _signed(dy, _DELTA)
        tokens += [f"<MB_{flag}>" for flag in flags]
        if steps is None:
            return tokens
        if not -9 <= steps <= 9:
            raise InvalidInputError(f"{steps} steps of the wheel are not between -9 and 9")
        return tokens + _signed(steps, _SCROLL)

    def _raw(self, tokens: Sequence[str]) -> tuple[int, int, Sequence[int], int | None]:
        one = 1 + len(_DELTA)
        least = 2 * one + _FLAGS
        if len(tokens) not in {least, least + 1 + len(_SCROLL)}:
            raise InvalidTokenError(f"a mouse event does not have {len(tokens)} tokens")
        dx, dy = _number(tokens[:one], _DELTA), _number(tokens[one : 2 * one], _DELTA)
        flags = digits_in(tokens[2 * one : least], "MB_")
        scroll = tokens[least:]
        return dx, dy, flags, _number(scroll, _SCROLL) if scroll else None


def _signed(value: int, bases: Sequence[int]) -> list[str]:
    return [PLUS if value >= 0 else MINUS, *digit_tokens(abs(value), bases)]


def _number(tokens: Sequence[str], bases: Sequence[int]) -> int:
    if tokens[0] not in {PLUS, MINUS}:
        raise InvalidTokenError(f"{tokens[0]} is not a sign")
    value = number_of(digits_in(tokens[1:]), bases)
    return value if tokens[0] == PLUS else -value
