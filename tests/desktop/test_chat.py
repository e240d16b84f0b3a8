"""Sequences as conversations: the texts that a tokenizer gets."""

from __future__ import annotations

import pytest

from support.desktop.tokenizers import CharTokenizer, PiecesTokenizer, TemplateTokenizer
from vrdata.desktop.chat import Chat
from vrdata.errors import UsageError

EVENTS = ["<EVENT_START>a<EVENT_END>", "<EVENT_START>b<EVENT_END>"]


def test_the_instruction_is_asked_after_the_images_and_joined_events_are_answered() -> None:
    chat = Chat(CharTokenizer(), 3, "").conversation("type it", EVENTS, [None, None])
    assert chat.messages == [
        {"role": "user", "content": "▣▣▣▣▣▣type it"},
        {"role": "assistant", "content": "".join(EVENTS)},
    ]
    assert chat.asked == "User: ▣▣▣▣▣▣type it\nAssistant: "
    assert chat.answered == "".join(EVENTS) + "■"


def test_events_are_joined_by_the_separator() -> None:
    chat = Chat(CharTokenizer(), 1, "\n").conversation("", EVENTS, [])
    assert chat.messages[1]["content"] == "\n".join(EVENTS)


@pytest.mark.parametrize("answer", ["x", "", "  spaces around  "])
def test_a_template_is_cut_where_the_answer_begins(answer: str) -> None:
    chat = Chat(TemplateTokenizer(), 2, "").conversation("q", [answer], [None])
    assert chat.asked == "[user]▣▣q[end][assistant]"
    assert chat.answered == f"{answer}[end]"


def test_pieces_have_their_places_after_the_whole_image() -> None:
    tokenizer = PiecesTokenizer()
    chat = Chat(tokenizer, 2, "").conversation("q", [], [(1, 2), (1, 1)])
    assert chat.messages[0]["content"] == "<image: 0>◎▣▣①▣▣②▣▣<image: 1>◎▣▣q"


def test_pieces_without_a_token_for_the_whole_image_have_their_places_only() -> None:
    tokenizer = PiecesTokenizer(global_image_token=None)
    chat = Chat(tokenizer, 1, "").conversation("q", [], [(1, 2)])
    assert chat.messages[0]["content"] == "①▣②▣q"


def test_image_tokens_in_texts_are_removed_with_a_warning() -> None:
    chat = Chat(CharTokenizer(), 1, "")
    with pytest.warns(UserWarning, match="▣ is removed"):
        messages = chat.conversation("a▣b", ["c▣"], [None]).messages
    assert [one["content"] for one in messages] == ["▣ab", "c"]


@pytest.mark.parametrize(
    ("tokenizer", "embeddings", "message"),
    [
        (CharTokenizer(image_token=""), 1, "no image_token"),
        (CharTokenizer(image_token="<image>"), 1, "<image> is 7 tokens"),
        (CharTokenizer(), 0, "mp_image_token_length=0"),
    ],
)
def test_a_tokenizer_that_cannot_name_images_is_refused(
    tokenizer: CharTokenizer, embeddings: int, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        Chat(tokenizer, embeddings, "")
