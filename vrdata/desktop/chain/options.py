"""The options of converters: the same names and values as those of the commands. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

from vrdata.errors import UsageError

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
_YES = {"true": True, "false": False}


class OptionValues:
    """The options of one converter.

    Args:
        given: names and values.
        known: names that exist.

    Raises:
        ValueError: a name does not exist.
    """

    def __init__(self, given: Mapping[str, str], known: tuple[str, ...]) -> None:
        if unknown := sorted(given.keys() - set(known)):
            raise ValueError(f"there is no option {unknown[0]}: the options are {', '.join(known)}")
        self._given = given

    def text(self, name: str, default: str) -> str:
        """A text."""
        return self._given.get(name, default)

    def parsed(self, name: str, default: str, parse: Callable[[str], T]) -> T:
        """What `parse` makes of a text.

        Raises:
            ValueError: it refuses the text.
        """
        try:
            return parse(self.text(name, default))
        except UsageError as error:
            raise ValueError(f"option {name}: {error.what}; {error.fix}") from None

    def words(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Words between commas or spaces."""
        text = self._given.get(name)
        return default if text is None else tuple(text.replace(",", " ").split())

    def choice(self, name: str, default: E) -> E:
        """One of the values of an enumeration.

        Raises:
            ValueError: it is another value.
        """
        kind = type(default)
        text = self.text(name, default)
        if text not in set(kind):
            raise ValueError(f"option {name}: {text!r} is not one of {', '.join(kind)}")
        return kind(text)

    def number(self, name: str, default: int) -> int:
        """A whole number, 1 or more.

        Raises:
            ValueError: it is something else.
        """
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdecimal() and int(text) >= 1):
            raise ValueError(f"option {name}: {text!r} is not a whole number from 1")
        return int(text)

    def flag(self, name: str) -> bool:
        """A text that is true or false; false by default.

        Raises:
            ValueError: it is something else.
        """
        text = self.text(name, "false").lower()
        if text not in _YES:
            raise ValueError(f"option {name}: {text!r} is neither true nor false")
        return _YES[text]
