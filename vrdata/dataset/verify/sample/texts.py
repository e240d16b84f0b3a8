"""Check the texts of a sample: its prompt and other text files. The input is untrusted. Pure.

The generator child normalises to the same rules (worker/vrdata_child/sample/texts.py).
"""

from __future__ import annotations

import unicodedata

from vrdata.model import Model

PROMPT = "prompt.txt"
TEXT_ENDINGS = (".text", ".transcript", ".txt")
"""File name endings whose content readers return as text."""

_LAYOUT = frozenset("\t\n\v\f\x85")
# Letters and a symbol that are drawn as nothing: Hangul fillers, the empty Braille pattern.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


class PromptLengths(Model):
    """Number and lengths of prompts.

    Attributes:
        count: prompts that could be read.
        shortest: characters of the shortest one.
        longest: characters of the longest one.
    """

    count: int = 0
    shortest: int = 0
    longest: int = 0

    def plus(self, other: PromptLengths) -> PromptLengths:
        """Both together."""
        if not (self.count and other.count):
            return self if self.count else other
        return PromptLengths(
            count=self.count + other.count,
            shortest=min(self.shortest, other.shortest),
            longest=max(self.longest, other.longest),
        )


def text_problem(name: str, body: bytes) -> tuple[str, str] | None:
    """Kind and message of what is wrong with a text file; None if nothing is."""
    kind = "BadPrompt" if name == PROMPT else "BadText"
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return kind, f"it is not UTF-8: {error}"
    if text.startswith("\ufeff"):
        return kind, "it begins with a byte order mark"
    if name == PROMPT and not has_visible_text(text):
        return kind, "it contains no visible text"
    if found := next(filter(_is_control, text), ""):
        return kind, f"it contains the control character U+{ord(found):04X}"
    return None


def has_visible_text(text: str) -> bool:
    """Whether a character is drawn: no space, mark, control or format character, or filler."""
    return any(map(_is_visible, text))


def _is_visible(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] not in "ZM" and category not in ("Cc", "Cf") and character not in _BLANK


def _is_control(character: str) -> bool:
    return unicodedata.category(character) == "Cc" and character not in _LAYOUT | {"\r"}
