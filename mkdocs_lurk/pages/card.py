"""Model cards: Markdown that opens with Hugging Face's YAML metadata, which becomes a table; the text is sanitised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.card_text import card_blocks

_FRONT_MATTER = re.compile(r"\A\ufeff?---[ \t]*\r?\n(.*?\r?\n)?(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_LABELS = {
    "base_model": "Made from",
    "datasets": "Data",
    "language": "Language",
    "library_name": "Library",
    "license": "Licence",
    "license_name": "Name of the licence",
    "license_link": "Text of the licence",
    "metrics": "Measured by",
    "pipeline_tag": "Task",
    "tags": "Tags",
}
_ANONYMOUS_KEYS = {"language", "library_name", "license", "metrics", "model-index", "pipeline_tag"}
"""Metadata that an anonymous model keeps; all other entries may name people, projects and addresses."""
_HIDDEN_KEYS = {"thumbnail", "widget", "inference", "title"}


@dataclass(frozen=True)
class Card:
    """A card without its title, since the page has one.

    Attributes:
        lead: The text before the first heading, which opens the page, as ``card_text`` writes it.
        rest: The sections from the first heading on, likewise.
        rows: The metadata, as label and value.
    """

    lead: str
    rest: str
    rows: tuple[tuple[str, str], ...]


def read_card(text: str, path: Path, model: str, *, anonymous: bool = False) -> Card:
    """Split a card into its text and the rows of its metadata.

    Args:
        text: The card.
        path: Its file, for messages.
        model: The name of its model.
        anonymous: Leave out the metadata that may tell who made the model.

    Raises:
        ConfigError: The metadata is no YAML mapping.
    """
    metadata, body = split_front_matter(text, path)
    if anonymous:
        metadata = {key: value for key, value in metadata.items() if key in _ANONYMOUS_KEYS}
    blocks = card_blocks(body, model)
    if blocks and blocks[0].startswith("# "):
        del blocks[0]
    n_lead = next((place for place, block in enumerate(blocks) if block.startswith("#")), len(blocks))
    return Card("\n\n".join(blocks[:n_lead]), "\n\n".join(blocks[n_lead:]), tuple(_rows(metadata)))


def split_front_matter(text: str, path: Path) -> tuple[dict[object, object], str]:
    """Split Markdown into its YAML front matter and the rest.

    Raises:
        ConfigError: The front matter is no YAML mapping.
    """
    match = _FRONT_MATTER.match(text)
    if match is None:
        return {}, text
    try:
        metadata = yaml.safe_load(match[1] or "") or {}
    except yaml.YAMLError as error:
        place = getattr(error, "problem_mark", None)
        line = f", line {place.line + 2}" if place else ""
        raise ConfigError(f"{path}{line}: the metadata is no YAML: {getattr(error, 'problem', error)}") from error
    if not isinstance(metadata, dict):
        raise ConfigError(f"{path}: the metadata is no mapping; write lines of 'key: value' between the '---'")
    return metadata, text[match.end() :]


def _rows(metadata: Mapping[object, object]) -> Iterator[tuple[str, str]]:
    for key, value in metadata.items():
        if key in _HIDDEN_KEYS or value is None or value == [] or value == "":
            continue
        if key == "model-index":
            yield from _metrics(value)
        else:
            yield _LABELS.get(str(key), str(key).replace("_", " ").replace("-", " ").capitalize()), _text(value)


def _metrics(index: object) -> Iterator[tuple[str, str]]:
    """Yield label and value of each metric in Hugging Face's ``model-index``."""
    for model in index if isinstance(index, list) else []:
        for result in model.get("results", []) if isinstance(model, dict) else []:
            data = result.get("dataset", {}).get("name", "") if isinstance(result, dict) else ""
            for metric in result.get("metrics", []) if isinstance(result, dict) else []:
                name = str(metric.get("name") or metric.get("type") or "score")
                yield f"{name[:1].upper()}{name[1:]}" + (f" on {data}" if data else ""), _text(metric.get("value"))


def _text(value: object) -> str:
    """Format a YAML value as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_text(item)}" for key, item in value.items())
    return str(value)
