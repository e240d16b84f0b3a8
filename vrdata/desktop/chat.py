"""Sequences as conversations: the texts that a tokenizer gets. Pure."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from vrdata.errors import UsageError

Grid = tuple[int, int]
"""Rows and columns of the pieces of an image."""
_ANSWER = "\ue000answer\ue000"
"""Stands for the answer where a template is filled in."""


class Tokenizer(Protocol):
    """What is used of a tokenizer of the library transformers, with the tokens of nanoVLM.

    Where it has them, also `chat_template` and `apply_chat_template`, `eos_token`, and, for images
    in pieces, `global_image_token`, `r1c1`, `r1c2`, ….

    Attributes:
        image_token: stands for one embedding of an image.
    """

    image_token: str

    def encode(self, text: str, *, add_special_tokens: bool) -> Sequence[int]:
        """The tokens of a text."""


class Conversation(NamedTuple):
    """A question and its answer.

    Attributes:
        messages: dicts with role and content.
        asked: the text up to the answer, in the form of the tokenizer's template.
        answered: the answer, and what follows it.
    """

    messages: list[dict[str, str]]
    asked: str
    answered: str


class Chat:
    """Writes conversations.

    Args:
        tokenizer: see `Tokenizer`.
        embeddings: of an image, or of a piece of it.
        separator: between events.

    Attributes:
        has_overview: whether an image in pieces begins with one that shows all of it.

    Raises:
        UsageError: the tokenizer or the number cannot be used.
    """

    def __init__(self, tokenizer: Tokenizer, embeddings: int, separator: str) -> None:
        _check(tokenizer, embeddings)
        self._tokenizer: Any = tokenizer
        self._token, self._separator = tokenizer.image_token, separator
        self._whole = tokenizer.image_token * embeddings
        self._overview: str | None = getattr(tokenizer, "global_image_token", None)
        self.has_overview = self._overview is not None

    def conversation(
        self, instruction: str, events: Sequence[str], images: Sequence[Grid | None]
    ) -> Conversation:
        """The conversation about one sequence.

        Args:
            instruction: comes after the images.
            events: the answer.
            images: the pieces of each; None = it is not in pieces.
        """
        shown = "".join(
            self._image(grid, number, len(images)) for number, grid in enumerate(images)
        )
        question = {"role": "user", "content": shown + self._without_images(instruction)}
        answer = self._without_images(self._separator.join(events))
        before, after = self._template(question)
        messages = [question, {"role": "assistant", "content": answer}]
        return Conversation(messages, before, answer + after)

    def _image(self, grid: Grid | None, number: int, images: int) -> str:
        """The tokens of an image; of one in pieces, with the names of their places."""
        if grid is None:
            return self._whole
        text = f"<image: {number}>" if images > 1 else ""
        if self._overview is not None:
            text += f"{self._overview}{self._whole}"
            if grid == (1, 1):
                return text
        for row in range(1, grid[0] + 1):
            for column in range(1, grid[1] + 1):
                text += getattr(self._tokenizer, f"r{row}c{column}", "") + self._whole
        return text

    def _without_images(self, text: str) -> str:
        """A text without tokens that the model would replace by an image."""
        if self._token not in text:
            return text
        warnings.warn(f"{self._token} is removed from the text of a sequence", stacklevel=2)
        return text.replace(self._token, "")

    def _template(self, question: dict[str, str]) -> tuple[str, str]:
        """The text before and after an answer."""
        if getattr(self._tokenizer, "chat_template", None):
            messages = [question, {"role": "assistant", "content": _ANSWER}]
            text = self._tokenizer.apply_chat_template(messages, tokenize=False)
        else:
            end = getattr(self._tokenizer, "eos_token", None) or ""
            text = f"User: {question['content']}\nAssistant: {_ANSWER}{end}"
        before, _, after = text.rpartition(_ANSWER)
        return before, after


def _check(tokenizer: Tokenizer, embeddings: int) -> None:
    token = getattr(tokenizer, "image_token", None)
    if not token:
        raise UsageError(
            "the tokenizer has no image_token",
            fix='with transformers: extra_special_tokens={"image_token": "<|image|>"}',
        )
    pieces = len(tokenizer.encode(token, add_special_tokens=False))
    if pieces != 1:
        raise UsageError(
            f"{token} is {pieces} tokens",
            why="each token stands for one embedding of an image",
            fix="add it to the tokenizer as a special token",
        )
    if embeddings < 1:
        raise UsageError(f"mp_image_token_length={embeddings}", fix="use 1 or more")
