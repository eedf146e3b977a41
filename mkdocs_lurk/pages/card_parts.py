"""The parts of a card: its metadata, and which sections of the usual template say something."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?\r?\n)?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
EVALUATION = "evaluation"
SECTIONS = {
    "intended use": r"\buse|\busage|intended|purpose|verwend|zweck|einsatz|utilisation",
    "limitations": r"limit|bias|risk|caveat|keep in mind|grenzen|einschränk|verzerr|risik|biais|risque",
    "training data": r"\btrain|entraînement|apprentissage",
    EVALUATION: r"evaluat|results?\b|performance|how good|accura|auswert|ergebnis|genauigkeit|évaluation|résultat",
    "ethics": r"ethic|fairness|societal|bias|risk|ethik|éthique|équité|verzerr|risik|biais|risque",
    "citation": r"\bcit(e|ing|ation)\b|bibtex|zitier|zitat|\bciter\b",
}
"""What the template of a model card asks for, and what a heading about it is recognised by, in three languages."""


def front_matter(text: str) -> str | None:
    """Return a card's metadata as YAML; None if there is none."""
    match = _FRONT_MATTER.match(text)
    return None if match is None else match[1] or ""


def without_front_matter(text: str) -> str:
    """Return a card's text without its metadata."""
    match = _FRONT_MATTER.match(text)
    return text if match is None else text[match.end() :]


def missing_sections(blocks: Sequence[str]) -> tuple[str, ...]:
    """Return what of the usual template a card has no section about; a heading without text below it says nothing.

    Args:
        blocks: The card's text, as ``card_blocks`` writes it.
    """
    told = " \n ".join(_headings_with_text(blocks)).lower()
    return tuple(name for name, words in SECTIONS.items() if not re.search(words, told))


def _headings_with_text(blocks: Sequence[str]) -> list[str]:
    """Return the headings under which there is text, their own or that of a heading below them."""
    found: list[str] = []
    opened: list[tuple[int, str]] = []
    for block in blocks:
        marks = re.match(r"#+", block)
        if marks is None:
            found += [heading for _, heading in opened]
            opened = []
            continue
        level = len(marks[0])
        opened = [one for one in opened if one[0] < level]
        opened.append((level, html.unescape(block[level:]).strip()))
    return found
