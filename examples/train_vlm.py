"""Train a tiny vision-language model on sequences of desktop recordings, on a CPU.

    python examples/train_vlm.py --mllm_dataset DIR

DIR is what `vrdata desktop sequences` wrote. The model sees the images and the instruction, and
predicts the events token by token. It shows how the parts fit together; to train a model of use,
give `OWADataset` the tokenizer and the image processor of nanoVLM.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import load_from_disk
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader

from vrdata.desktop.nanovlm import IGNORED, OWADataset, VQACollator
from vrdata.desktop.torch import VLMDatasetBuilder

EMBEDDINGS = 4  # of an image
SIDE = 32  # pixels of an image as the model sees it


class Tokenizer:
    """Tokens are names as `<NAME>`, words, and single characters."""

    image_token, eos_token = "<image>", "<end>"
    pad_token_id, unknown_id = 0, 1
    _TOKEN = re.compile(r"<\w+>|[A-Za-z_]+|.", re.DOTALL)

    def __init__(self, texts: Iterable[str]) -> None:
        template = "User: \nAssistant: "  # of OWADataset, as there is no `chat_template`
        known = {token for text in (*texts, template) for token in self._TOKEN.findall(text)}
        names = ["<padding>", "<unknown>", self.image_token, self.eos_token, *sorted(known)]
        self.numbers = {name: number for number, name in enumerate(names)}

    def encode(self, text: str, *, add_special_tokens: bool = False) -> list[int]:
        """The numbers of the tokens of a text; there are no special ones to add."""
        del add_special_tokens
        return [self.numbers.get(one, self.unknown_id) for one in self._TOKEN.findall(text)]


def process(image: Image.Image) -> torch.Tensor:
    """An image as the model sees it: float32 [3, SIDE, SIDE], from 0 to 1."""
    pixels = np.asarray(image.resize((SIDE, SIDE)), np.float32) / 255
    return torch.from_numpy(pixels.transpose(2, 0, 1).copy())


class Layer(nn.Module):
    """Attention to what came before, and a step of thought."""

    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.look = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 3 * width))
        self.think = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )

    def forward(self, state: torch.Tensor) -> torch.Tensor:
        """[examples, tokens, width] to the same."""
        parts = self.look(state).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(*parts, is_causal=True)
        state = state + seen.transpose(1, 2).flatten(2)
        return state + self.think(state)


class TinyVLM(nn.Module):
    """Images and tokens become vectors, which two layers read in order."""

    def __init__(self, tokens: int, image_token: int, width: int = 64) -> None:
        super().__init__()
        self.image_token = image_token
        self.see = nn.Sequential(
            nn.Conv2d(3, 32, 4, stride=4), nn.GELU(), nn.Conv2d(32, width, 4, stride=4)
        )
        self.embed = nn.Embedding(tokens, width)
        self.place = nn.Conv1d(width, width, 8, padding=7, groups=width)  # of the last 8 tokens
        self.layers = nn.Sequential(Layer(width), Layer(width))
        self.predict = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, tokens))

    def forward(self, tokens: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
        """Logits [examples, tokens, vocabulary] of each next token."""
        state = self.embed(tokens)
        if len(images):
            seen = self.see(images).flatten(2).transpose(1, 2).flatten(0, 1)
            state = state.masked_scatter((tokens == self.image_token)[..., None], seen)
        order = self.place(state.transpose(1, 2))[..., : tokens.shape[1]]
        return self.predict(self.layers(state + order.transpose(1, 2)))


def loss_of(model: TinyVLM, batch: Mapping[str, Any], device: torch.device) -> torch.Tensor:
    """Mean loss of the tokens of the answers."""
    images = [image for example in batch["images"] for image in example]
    pixels = torch.stack(images) if images else torch.empty(0)
    logits = model(batch["input_ids"].to(device), pixels.to(device))
    labels = batch["labels"].to(device)
    return nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


def mean_loss(model: TinyVLM, loader: Iterable[Any], optimizer: Any, device: torch.device) -> float:
    """The mean loss of all batches; with an optimizer, the model learns from each."""
    losses = []
    for batch in loader:
        with torch.set_grad_enabled(optimizer is not None):
            loss = loss_of(model, batch, device)
        if optimizer is not None:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append(float(loss))
    return sum(losses) / len(losses)


def tokenizer_of(rows: Any) -> Tokenizer:
    """A tokenizer that knows the tokens of these sequences."""
    texts = rows.select_columns(["instruction", "encoded_events"])
    return Tokenizer(text for row in texts for text in (row["instruction"], *row["encoded_events"]))


def loaders_of(splits: Any, tokenizer: Tokenizer, options: argparse.Namespace) -> dict[str, Any]:
    """The batches of each split that is not empty; those of `train` are shuffled."""
    return {
        name: DataLoader(
            OWADataset(VLMDatasetBuilder(rows, cache_images=True), tokenizer, process, EMBEDDINGS),
            batch_size=options.batch_size,
            shuffle=name == "train",
            num_workers=options.workers,
            collate_fn=VQACollator(tokenizer),
            generator=torch.Generator().manual_seed(options.seed),
        )
        for name, rows in splits.items()
        if len(rows)
    }


def train(options: argparse.Namespace) -> None:
    """Train, and print the losses of each epoch."""
    torch.manual_seed(options.seed)
    torch.use_deterministic_algorithms(True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    splits = load_from_disk(options.mllm_dataset)
    tokenizer = tokenizer_of(splits["train"])
    loaders = loaders_of(splits, tokenizer, options)
    model = TinyVLM(len(tokenizer.numbers), tokenizer.numbers[tokenizer.image_token]).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=options.learning_rate)
    for epoch in range(1, options.epochs + 1):
        line = f"epoch {epoch}: loss {mean_loss(model, loaders['train'], optimizer, device):.4f}"
        if "test" in loaders:
            line += f", of the test split {mean_loss(model, loaders['test'], None, device):.4f}"
        print(line, flush=True)
    if options.output:
        torch.save({"model": model.state_dict(), "tokens": list(tokenizer.numbers)}, options.output)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mllm_dataset", required=True, help="what stage 3 wrote")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--learning_rate", type=float, default=3e-3)
    parser.add_argument("--workers", type=int, default=0, help="processes that load images")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, help="file for the trained model")
    train(parser.parse_args())


if __name__ == "__main__":
    main()
