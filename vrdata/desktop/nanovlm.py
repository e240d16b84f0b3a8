"""Sequences of desktop recordings as conversations, in the form of nanoVLM. Needs torch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

import torch
from PIL import Image
from torch.utils.data import Dataset

from vrdata.desktop.chat import Chat, Grid, Tokenizer
from vrdata.errors import UsageError

Item = dict[str, Any]
"""See `OWADataset.__getitem__`."""
OnLong = Literal["raise", "skip"]
"""An example with more tokens than a batch can have: an error, or skipped with a warning."""
ImageProcessor = Callable[[Image.Image], Any]
"""Image to a tensor [3, H, W], or to pieces [n, 3, H, W] and their (rows, columns)."""
IGNORED = -100
"""The label of a token that is not learned."""


class Examples(Protocol):
    """`VLMDatasetBuilder`, or any sequence of such items."""

    def __len__(self) -> int:
        """The number of items."""

    def __getitem__(self, index: int, /) -> Mapping[str, Any]:
        """`instruction`, `encoded_events`, and `images` as PIL images."""


class OWADataset(Dataset[Item]):
    """Each sequence as a conversation: images and instruction are asked, events are answered."""

    def __init__(
        self,
        dataset: Examples,
        tokenizer: Tokenizer,
        image_processor: ImageProcessor,
        mp_image_token_length: int,
        *,
        separator: str = "",
    ) -> None:
        """Load nothing yet.

        Args:
            dataset: sequences with their images.
            tokenizer: see `Tokenizer`.
            image_processor: see `ImageProcessor`.
            mp_image_token_length: embeddings of an image, or of a piece of it.
            separator: between events.

        Raises:
            UsageError: the tokenizer or the number cannot be used.
        """
        self._chat = Chat(tokenizer, mp_image_token_length, separator)
        self.dataset, self.tokenizer = dataset, tokenizer
        self.image_processor, self.mp_image_token_length = image_processor, mp_image_token_length

    def __len__(self) -> int:
        """The number of sequences."""
        return len(self.dataset)

    def __getitem__(self, index: int) -> Item:
        """One example.

        Returns:
            `images`, a list of what the image processor returns; `text_data`, the messages, as
            collators of June 2025 expect them; and, as later ones do, `input_ids`,
            `attention_mask` and `labels`, int64 [tokens]. A label is the next token, if it
            belongs to the answer.

        Raises:
            UsageError: the dataset has no PIL images, or the processor returns something else.
            MediaError: see `VLMDatasetBuilder`.
        """
        return self.__getitems__([index])[0]

    def __getitems__(self, indexes: Sequence[int]) -> list[Item]:
        """Several examples; their images are loaded together, if the dataset can do that."""
        together = getattr(self.dataset, "__getitems__", None)
        rows = together(indexes) if together else [self.dataset[index] for index in indexes]
        return [self._item(row) for row in rows]

    def _item(self, row: Mapping[str, Any]) -> Item:
        seen = [self._processed(image) for image in row["images"]]
        grids = [grid for _, grid in seen]
        chat = self._chat.conversation(row["instruction"], row["encoded_events"], grids)
        encode = self.tokenizer.encode
        asked = list(encode(chat.asked, add_special_tokens=False))
        answered = list(encode(chat.answered, add_special_tokens=False))
        tokens = torch.tensor(asked + answered, dtype=torch.int64)
        labels = torch.full_like(tokens, IGNORED)
        learned = max(len(asked), 1)
        labels[learned - 1 : -1] = tokens[learned:]
        return {
            "images": [tensor for tensor, _ in seen],
            "text_data": chat.messages,
            "input_ids": tokens,
            "attention_mask": torch.ones_like(tokens),
            "labels": labels,
        }

    def _processed(self, image: Any) -> tuple[torch.Tensor, Grid | None]:
        """What the model sees of an image; the rows and columns if it is in pieces."""
        if not isinstance(image, Image.Image):
            raise UsageError(
                f"the images of the dataset are {type(image).__name__}",
                fix='use image_format="pil"',
            )
        result = self.image_processor(image if image.mode == "RGB" else image.convert("RGB"))
        if isinstance(result, torch.Tensor):
            return result, None
        match result:
            case (torch.Tensor() as tensor, (rows, columns)):
                grid = (int(rows), int(columns))
                # Without a token for it, the piece that shows the whole image is dropped.
                return tensor if self._chat.has_overview else tensor[-rows * columns :], grid
        raise UsageError(
            f"the image processor returned {type(result).__name__}",
            fix="use one that returns a tensor, or pieces and their (rows, columns)",
        )


class VQARows(Dataset[Item]):
    """Sequences as rows for nanoVLM's own `VQADataset`; made by `as_vqa`."""

    def __init__(self, dataset: Examples, separator: str) -> None:
        self._dataset, self._separator = dataset, separator

    def __len__(self) -> int:
        """The number of sequences."""
        return len(self._dataset)

    def __getitem__(self, index: int) -> Item:
        """`images` and `texts`, and the same as `image` and `conversations`."""
        row = self._dataset[index]
        images = list(row["images"])
        user, assistant = row["instruction"], self._separator.join(row["encoded_events"])
        return {
            "images": images,
            "texts": [{"user": user, "assistant": assistant}],
            "image": images,
            "conversations": [
                {"from": "human", "value": user},
                {"from": "gpt", "value": assistant},
            ],
        }


def as_vqa(dataset: Examples, separator: str = "") -> VQARows:
    """Sequences as rows of The Cauldron, and of datasets with conversations.

    Args:
        dataset: sequences with PIL images.
        separator: between events.
    """
    return VQARows(dataset, separator)


class VQACollator:
    """Makes a batch of items of `OWADataset`, as nanoVLM's class of this name does.

    Args:
        tokenizer: its `pad_token_id` fills shorter examples, at their beginning.
        max_length: tokens of each example of a batch; None = those of the longest one.
        on_long: what becomes of an example with more tokens.

    Raises:
        UsageError: the tokenizer has no `pad_token_id`, or an argument is out of range.
    """

    def __init__(
        self, tokenizer: Any, max_length: int | None = None, on_long: OnLong = "raise"
    ) -> None:
        padding = getattr(tokenizer, "pad_token_id", None)
        if padding is None:
            raise UsageError(
                "the tokenizer has no pad_token_id", fix="set it, for example to its eos_token_id"
            )
        if on_long not in ("raise", "skip"):
            raise UsageError(f"on_long={on_long!r}", fix="use raise or skip")
        if max_length is not None and max_length < 1:
            raise UsageError(f"max_length={max_length}", fix="use 1 or more")
        self._padding, self._max_length, self._on_long = int(padding), max_length, on_long

    def __call__(self, items: Sequence[Item]) -> Item:
        """A batch.

        Returns:
            `input_ids`, `attention_mask`, `labels`, int64 [examples, tokens], and `images`, a list
            for each example. Empty lists if no example is left.

        Raises:
            UsageError: an example has too many tokens, with `on_long="raise"`.
        """
        kept = [item for item in items if self._fits(item)]
        names = ("input_ids", "attention_mask", "labels", "images")
        if not kept:
            return {name: [] for name in names}
        length = self._max_length or max(len(item["input_ids"]) for item in kept)
        fill = (self._padding, 0, IGNORED)
        batch: Item = {
            name: torch.stack([_padded(item[name], length, value) for item in kept])
            for name, value in zip(names[:3], fill, strict=True)
        }
        return batch | {"images": [item["images"] for item in kept]}

    def _fits(self, item: Item) -> bool:
        tokens = len(item["input_ids"])
        if self._max_length is None or tokens <= self._max_length:
            return True
        what = f"an example has {tokens} tokens, a batch {self._max_length}"
        if self._on_long == "raise":
            raise UsageError(
                what,
                fix="use a larger max_length, --encoder factorized, a smaller --sequence_length, "
                'or on_long="skip"',
            )
        warnings.warn(f"{what}: skipped", stacklevel=3)
        return False


def _padded(values: torch.Tensor, length: int, value: int) -> torch.Tensor:
    return torch.nn.functional.pad(values, (length - len(values), 0), value=value)
