"""Tokenizers with one token for each character."""

from __future__ import annotations

from collections.abc import Sequence


class CharTokenizer:
    """The number of a token is that of its character."""

    eos_token = "■"
    pad_token_id = 0

    def __init__(self, image_token: str = "▣") -> None:
        self.image_token = image_token

    def encode(self, text: str, *, add_special_tokens: bool = True) -> list[int]:
        """The tokens of a text, with the last one if it is to have special ones."""
        return [ord(one) for one in text + self.eos_token * add_special_tokens]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens."""
        return "".join(chr(one) for one in tokens)


class TemplateTokenizer(CharTokenizer):
    """Has a template for conversations."""

    chat_template = "{% for message in messages %}…"

    def apply_chat_template(self, messages: list[dict[str, str]], *, tokenize: bool) -> str:
        """The text of messages."""
        assert not tokenize
        return "".join(f"[{one['role']}]{one['content']}[end]" for one in messages)


class PiecesTokenizer(CharTokenizer):
    """Names the places of the pieces of an image."""

    r1c1, r1c2 = "①", "②"

    def __init__(self, global_image_token: str | None = "◎") -> None:
        super().__init__()
        self.global_image_token = global_image_token
