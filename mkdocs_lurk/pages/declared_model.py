"""What an author declares of a model that shapes its pages, and that may change without a new analysis."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mkdocs_lurk.config.names import FilterNames
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.declared_files import read_text_file
from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.limits import MOST_CARD_BYTES
from mkdocs_lurk.pages.card import Card
from mkdocs_lurk.pages.card_process import read_card
from mkdocs_lurk.pages.disclosure import OPEN, Disclosure
from mkdocs_lurk.text import published_reference


@dataclass(frozen=True)
class DeclaredModel:
    """A model's name, title, source, card and names of filters; templates receive it as ``about``.

    Attributes:
        source: Empty for an anonymous model.
        disclosure: What the author lets be known.
        names: The author's names of filters.
        names_place: Their key's path, for messages.
        unseen: What its results were made from and could not be compared with, since it is not at hand.
    """

    name: str
    title: str
    source: str
    card_text: str | None = None
    card_path: Path = Path()
    unseen: tuple[str, ...] = ()
    disclosure: Disclosure = OPEN
    names: FilterNames = field(default_factory=dict)
    names_place: str = "names"

    @classmethod
    def from_config(cls, config: ModelConfig, unseen: tuple[str, ...] = ()) -> DeclaredModel:
        """Read what ``mkdocs.yml`` and the card say."""
        card, place = config.card, f"{config.place}.card"
        text = None if card is None else read_text_file(card, MOST_CARD_BYTES, ConfigError, place)
        disclosure = Disclosure.of(config)
        source, unseen = "" if config.anonymous else published_reference(config.source), disclosure.unseen(unseen)
        card_path, names_place = card or Path(), f"{config.place}.names"
        return cls(
            config.name, config.title, source, text, card_path, unseen, disclosure, config.names, names_place
        )  # fmt: skip

    @property
    def card(self) -> Card | None:
        """The model card; None if none was declared.

        Raises:
            ConfigError: The card's metadata is no YAML mapping.
        """
        if self.card_text is None:
            return None
        return read_card(self.card_text, self.card_path, self.name, anonymous=self.disclosure.anonymous)

    @property
    def analyze(self) -> str:
        """The command that computes what is missing."""
        return f"mkdocs-lurk analyze {self.name}"
