"""See how often the network is right about the pictures, where their labels name its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mkdocs_lurk.run.mining import Findings
from mkdocs_lurk.run.session import Session


def evaluate(session: Session, findings: Findings, answers: Mapping[str, int] | Sequence[str]) -> dict[str, Any] | None:
    raise NotImplementedError
