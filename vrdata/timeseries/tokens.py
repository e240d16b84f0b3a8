"""A tokenizer that needs no vocabulary and no network."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Tokens = dict[str, npt.NDArray[np.int64]]
_WORD = re.compile(r"\w+|[^\w\s]")


class Tokenizer(Protocol):
    """What a tokenizer of the library transformers can do, as far as vrdata calls it."""

    def __call__(
        self, text: list[str], *, padding: bool, truncation: bool, return_tensors: str
    ) -> Tokens:
        """Arrays `input_ids` and `attention_mask`, [texts, tokens], for `return_tensors="np"`."""


class HashTokenizer:
    """The number of a word is its hash: equal words have equal numbers, on each machine.

    Two words can share a number; with the default size, one word in 300 does so in a text of 100
    different words. Lower and upper case are equal.

    Attributes:
        vocab_size: all numbers are smaller; as large as that of BERT by default.
        max_length: tokens of a text that is cut, with the first and the last one.
        pad_token_id: fills shorter texts.
    """

    pad_token_id = 0
    first_token_id = 1
    last_token_id = 2
    _RESERVED = 3

    def __init__(self, vocab_size: int = 30_522, max_length: int = 512) -> None:
        """Raises ValueError for sizes that leave no room for words."""
        if vocab_size <= self._RESERVED or max_length < 2:
            raise ValueError("vocab_size must be 4 or more, max_length 2 or more")
        self.vocab_size, self.max_length = vocab_size, max_length

    def __call__(
        self,
        text: Sequence[str],
        *,
        padding: bool = True,
        truncation: bool = True,
        return_tensors: str = "np",
    ) -> Tokens:
        """Arrays `input_ids` and `attention_mask`, int64 [texts, tokens], padded to the longest.

        Raises:
            ValueError: `padding` is False or `return_tensors` is not "np".
        """
        if not padding or return_tensors != "np":
            raise ValueError("only padding=True and return_tensors='np' are implemented")
        rows = [self._numbers(one, truncation) for one in text]
        length = max(map(len, rows), default=0)
        ids = np.full((len(rows), length), self.pad_token_id, np.int64)
        for row, numbers in zip(ids, rows, strict=True):
            row[: len(numbers)] = numbers
        return {"input_ids": ids, "attention_mask": (ids != self.pad_token_id).astype(np.int64)}

    def _numbers(self, text: str, truncation: bool) -> list[int]:
        words = _WORD.findall(text.lower())
        if truncation:
            words = words[: self.max_length - 2]
        return [self.first_token_id, *map(self._number, words), self.last_token_id]

    def _number(self, word: str) -> int:
        digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return self._RESERVED + int.from_bytes(digest, "big") % (self.vocab_size - self._RESERVED)
