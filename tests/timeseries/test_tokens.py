"""The tokenizer gives equal numbers for equal words, without a vocabulary."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vrdata.timeseries.tokens import HashTokenizer

EXPECTED = [28915, 25530, 5000, 15926]


def test_words_and_marks_have_numbers_that_are_the_same_on_each_machine() -> None:
    tokens = HashTokenizer()(["Pick the cube.", "the"])
    pick, the, cube, dot = EXPECTED
    assert tokens["input_ids"].tolist() == [[1, pick, the, cube, dot, 2], [1, the, 2, 0, 0, 0]]
    assert tokens["attention_mask"].tolist() == [[1] * 6, [1] * 3 + [0] * 3]
    assert tokens["input_ids"].dtype == np.int64


@given(st.lists(st.text(), max_size=4), st.integers(2, 9), st.integers(4, 50))
def test_all_texts_become_rows_within_their_limits(
    texts: list[str], length: int, size: int
) -> None:
    tokens = HashTokenizer(size, length)(texts)
    ids, mask = tokens["input_ids"], tokens["attention_mask"]
    assert ids.shape == mask.shape
    assert len(ids) == len(texts)
    assert ids.shape[1] <= length
    assert (ids < size).all()
    assert ((ids > 0) == (mask == 1)).all()


def test_a_text_is_whole_without_truncation() -> None:
    tokens = HashTokenizer(max_length=3)(["a b c d"], truncation=False)
    assert tokens["input_ids"].shape == (1, 6)


@pytest.mark.parametrize("wrong", [{"padding": False}, {"return_tensors": "tf"}])
def test_what_it_cannot_do_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="only padding=True"):
        HashTokenizer()(["a"], **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("sizes", [(3, 512), (100, 1)])
def test_sizes_without_room_for_words_are_refused(sizes: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="or more"):
        HashTokenizer(*sizes)
