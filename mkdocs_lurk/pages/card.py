"""Model cards: Markdown that opens with Hugging Face's YAML metadata, which becomes a table; the text is sanitised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.limits import LARGEST_NUMBER
from mkdocs_lurk.pages.card_limits import excess
from mkdocs_lurk.pages.card_parts import front_matter, missing_sections, without_front_matter
from mkdocs_lurk.pages.card_text import card_blocks
from mkdocs_lurk.yaml_text import YamlTextError, read_yaml

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
        rest: The sections from the first heading on, written in the same way.
        rows: The metadata, as label and value.
        missing: What of the usual template it says nothing of.
    """

    lead: str
    rest: str
    rows: tuple[tuple[str, str], ...]
    missing: tuple[str, ...] = ()


def parse_card(text: str, file: str, model: str, *, anonymous: bool = False) -> Card:
    """Split a card into its text and the rows of its metadata; ``card_process`` does so in bounded time.

    Args:
        text: The card.
        file: The name of its file, for messages.
        model: The name of its model.
        anonymous: Leave out the metadata that may tell who made the model.

    Raises:
        ConfigError: The metadata is no YAML mapping, or the card makes more than a page can hold.
    """
    metadata, body = _split_front_matter(text, file)
    if anonymous:
        metadata = {key: value for key, value in metadata.items() if key in _ANONYMOUS_KEYS}
    blocks = card_blocks(body, model)
    rows = tuple(_rows(metadata, anonymous=anonymous))
    if why := excess(blocks, rows):
        raise ConfigError(f"{file}: it makes {why} are the most; make it simpler")
    if blocks and blocks[0].startswith("# "):
        del blocks[0]
    n_lead = next((place for place, block in enumerate(blocks) if block.startswith("#")), len(blocks))
    return Card("\n\n".join(blocks[:n_lead]), "\n\n".join(blocks[n_lead:]), rows, missing_sections(blocks))


def _split_front_matter(text: str, file: str) -> tuple[dict[object, object], str]:
    """Split Markdown into its YAML front matter and the rest.

    Raises:
        ConfigError: The front matter is no YAML mapping.
    """
    found = front_matter(text)
    if found is None:
        return {}, text
    try:
        metadata = read_yaml(found) or {}
    except YamlTextError as error:
        line = "" if error.line is None else f", line {error.line + 2}"
        raise ConfigError(f"{file}{line}: the metadata is no YAML that is read: {error}; mend it there") from error
    if not isinstance(metadata, dict):
        raise ConfigError(f"{file}: the metadata is no mapping; write lines of 'key: value' between the '---'")
    return metadata, without_front_matter(text)


def _rows(metadata: Mapping[object, object], *, anonymous: bool) -> Iterator[tuple[str, str]]:
    for key, value in metadata.items():
        if key in _HIDDEN_KEYS or value is None or value == [] or value == "":
            continue
        if key == "model-index":
            yield from _metrics(value, with_data=not anonymous)
        else:
            yield _LABELS.get(str(key), str(key).replace("_", " ").replace("-", " ").capitalize()), _text(value)


def _metrics(index: object, *, with_data: bool) -> Iterator[tuple[str, str]]:
    """Yield label and value of each metric in Hugging Face's ``model-index``, ``with_data`` that it was measured on."""
    for model in _mappings(index):
        for result in _mappings(model.get("results")):
            dataset = result.get("dataset")
            data = dataset.get("name", "") if isinstance(dataset, dict) else dataset
            for metric in _mappings(result.get("metrics")):
                name = str(metric.get("name") or metric.get("type") or "score")
                on = f" on {_text(data)}" if data and with_data else ""
                yield f"{name[:1].upper()}{name[1:]}{on}", _text(metric.get("value"))


def _mappings(value: object) -> list[dict[object, object]]:
    """Return the mappings in a list; none for any other value."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    """Format a YAML value as text."""
    if isinstance(value, int) and abs(value) >= LARGEST_NUMBER:
        return "a whole number of hundreds of digits"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_text(item)}" for key, item in value.items())
    return str(value)
