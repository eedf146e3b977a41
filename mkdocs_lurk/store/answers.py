"""Answers to a request: the analyses that were made of one declaration, from the same inputs or from others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypedDict


class _StoredAnswer(TypedDict):
    key: str
    inputs: dict[str, object]


class Alias(TypedDict, total=False):
    """What is stored under a request key: the answers, the last first, and the declaration that it is the digest of."""

    answers: list[_StoredAnswer]
    declared: dict[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """An analysis that answers a request.

    Attributes:
        key: The key of its model record.
        inputs: What it was made from, as JSON; what that means is known to those who wrote it.
    """

    key: str
    inputs: Mapping[str, object] = field(default_factory=dict)
