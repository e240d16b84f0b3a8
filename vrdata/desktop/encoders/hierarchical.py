"""Tokens `<0>` to `<255>` for everything; the digits of dx and dy alternate. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vrdata.desktop.encoders.digits import digit_tokens, digits_in, number_of
from vrdata.desktop.encoders.errors import InvalidInputError, InvalidTokenError
from vrdata.desktop.encoders.textual import END, START
from vrdata.desktop.encoders.tokens import KEYBOARD, MOUSE, PRESS, RELEASE, SCREEN, TokenEncoder

_DELTA = (2, 20, 10, 10)
_SCROLL = (2, 10)
_FLAGS = 3
_WORDS = (START, END, KEYBOARD, MOUSE, SCREEN, PRESS, RELEASE)
_VOCAB = frozenset({*_WORDS, *(f"<{number}>" for number in range(256))})


class HierarchicalEventEncoder(TokenEncoder):
    """Time modulo 16 s; movement from -2000 to 1999; -10 to 9 steps of the wheel."""

    time_bases = (16, 10, 10)
    shortest, longest = -2000, 1999

    @property
    def vocab(self) -> frozenset[str]:
        """See `TokenEncoder.vocab`."""
        return _VOCAB

    def _key(self, vk: int) -> str:
        return f"<{vk}>"

    def _vk(self, token: str) -> int:
        return number_of(digits_in([token]), [256])

    def _mouse(self, dx: int, dy: int, flags: Sequence[int], steps: int | None) -> list[str]:
        pairs = zip(digit_tokens(dx, _DELTA), digit_tokens(dy, _DELTA), strict=True)
        tokens = [token for pair in pairs for token in pair]
        tokens += [f"<{flag}>" for flag in flags]
        if steps is None:
            return tokens
        if not -10 <= steps <= 9:
            raise InvalidInputError(f"{steps} steps of the wheel are not between -10 and 9")
        return tokens + digit_tokens(steps, _SCROLL)

    def _raw(self, tokens: Sequence[str]) -> tuple[int, int, Sequence[int], int | None]:
        moved = 2 * len(_DELTA)
        least = moved + _FLAGS
        if len(tokens) not in {least, least + len(_SCROLL)}:
            raise InvalidTokenError(f"a mouse event does not have {len(tokens)} tokens")
        digits = digits_in(tokens)
        dx = number_of(digits[0:moved:2], _DELTA, signed=True)
        dy = number_of(digits[1:moved:2], _DELTA, signed=True)
        scroll = digits[least:]
        steps = number_of(scroll, _SCROLL, signed=True) if scroll else None
        return dx, dy, digits[moved:least], steps
