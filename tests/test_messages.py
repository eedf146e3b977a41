import re

import pytest

from mkdocs_lurk.errors import ConfigError
from tests.messages import MARK, PAGE, list_messages, render_messages

pytestmark = pytest.mark.xdist_group("messages")  # one process of several: the messages are listed once


def test_the_page_lists_every_refusal_and_warning() -> None:
    generated = PAGE.read_text("utf-8").partition(MARK)[2].lstrip()
    assert generated == render_messages(list_messages()), "write the page anew: python -m tests.messages"


def test_every_message_was_read_from_the_source() -> None:
    for message in list_messages():
        if message.text == "<name>: <unseen>":  # the line is a function's whole sentence
            continue
        fixed = re.sub(r"<[^>]*>", "", message.text)
        assert re.search(r"[a-z]{3,}", fixed), f"{message} says nothing by itself"


def test_every_line_says_what_to_do() -> None:
    generated = PAGE.read_text("utf-8").partition(MARK)[2]
    assert [line for line in generated.splitlines() if line.endswith("|  |")] == []


def test_messages_that_are_known_to_be_raised_are_listed() -> None:
    texts = [message.text for message in list_messages()]
    assert "<key>: <value> is not known; give true or false" in texts
    assert any(text.startswith("images: item <index> of <images> was read once and fails") for text in texts)
    assert any(text.startswith("cannot write <name> in <parent>") for text in texts)
    assert {message.kind for message in list_messages()} == {"refusal", "warning", "info", "note"}
    assert any(message.kind == "note" and message.text.endswith("one by one.") for message in list_messages())
    assert any(message.kind == "info" and "computed in plain passes" in message.text for message in list_messages())
    assert not any(ConfigError.__name__ in text for text in texts)
