"""The generated pages as a tree for a site's navigation.

Every page of a site carries the whole navigation, so a tree of a thousand layers would be heavy: models with many
layers are listed without them. Their pages are reached from the model's page and from each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MAX_LISTED_LAYERS = 60
EVALUATION = "evaluation"
"""The folder of the page with a model's evaluation, in the model's own."""
CLASSES = "classes"
"""The folder of the list of a model's classes, and of a folder for each of them."""
PICTURES = "pictures"
"""The folder of the page with all pictures of a model."""
QUIZ = "quiz"
"""The folder of the page with a quiz about a model's filters."""
TRUST = "trust"
"""The folder of the page that compares a model with chance."""
COST = "cost"
"""The folder of the page about what a model costs to run."""
PAGES = {
    EVALUATION: "Evaluation",
    CLASSES: "Classes",
    PICTURES: "Pictures",
    COST: "What it costs to run",
    QUIZ: "Guess the filter",
    TRUST: "How far to trust these pictures",
}
"""The titles of the pages beside a model's layers, by their folders."""


@dataclass(frozen=True)
class NavItem:
    """A page (with an address) or a section (with children)."""

    title: str
    uri: str | None = None
    children: tuple[NavItem, ...] = ()

    def uris(self) -> Iterator[str]:
        """Yield the addresses of all pages in it."""
        if self.uri is not None:
            yield self.uri
        for child in self.children:
            yield from child.uris()


def navigation(models: Sequence[tuple[str, str, Sequence[tuple[str, str]], Sequence[tuple[str, str]]]]) -> NavItem:
    """Arrange the pages as a tree.

    Args:
        models: Folder and title of each model, title and folder of each of its own pages that are listed, and title and
            slug of each of its layers.

    Returns:
        A section without a title: the list of models, then one section per model, or its page alone.
    """
    children = [NavItem("Models", "models/index.md")] if models else []
    for place, title, own_pages, layers in models:
        listed = [*own_pages, *(layers if len(layers) <= MAX_LISTED_LAYERS else ())]
        page = NavItem(title, f"{place}/index.md")
        if listed:
            pages = (NavItem(page_title, f"{place}/{folder}/index.md") for page_title, folder in listed)
            page = NavItem(title, None, (page, *pages))
        children.append(page)
    return NavItem("", None, tuple(children))
