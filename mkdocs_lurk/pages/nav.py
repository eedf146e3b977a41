"""The generated pages as a tree for a site's navigation.

The layers of a large network stand in sections that fold. Every page of a site carries the whole navigation, so that
a thousand layers would be heavy: a model with more than ``MOST_LISTED`` is listed without them. Their pages are reached
from the model's page and from each other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mkdocs_lurk.pages.nav_sections import LayerSection, ListedLayer, fold_layers

log = logging.getLogger("mkdocs.plugins.lurk")

MOST_UNFOLDED_LAYERS = 60
"""The layers of a model that is listed without sections for its stages."""
MOST_LISTED = 400
"""The layers of a model that is listed with them."""
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
LIVE = "live"
"""The folder of the page on which a model runs in the visitor's browser."""
PAGES = {
    EVALUATION: "Evaluation",
    CLASSES: "Classes",
    PICTURES: "Pictures",
    COST: "What it costs to run",
    LIVE: "Show it your picture",
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


@dataclass(frozen=True)
class ModelPages:
    """The pages of a model.

    Attributes:
        folder: The folder of its pages under the site.
        title: Its title.
        own_pages: Title and folder of each page beside its layers.
        layers: Its layers, in the order in which they run.
    """

    folder: str
    title: str
    own_pages: Sequence[tuple[str, str]]
    layers: Sequence[ListedLayer]


def navigation(models: Sequence[ModelPages], comparisons: Sequence[tuple[str, str]] = ()) -> NavItem:
    """Arrange the pages as a tree.

    Args:
        models: In their order.
        comparisons: Title and folder of each page that compares two models.

    Returns:
        A section without a title: the list of models, one section per model, or its page alone, and the comparisons.
    """
    children = [NavItem("Models", "models/index.md")] if models else []
    for model in models:
        page = NavItem(model.title, f"{model.folder}/index.md")
        own_pages = (NavItem(title, f"{model.folder}/{folder}/index.md") for title, folder in model.own_pages)
        inside = (*own_pages, *_layer_items(model))
        children.append(NavItem(model.title, None, (page, *inside)) if inside else page)
    children += [NavItem(title, f"{folder}/index.md") for title, folder in comparisons]
    return NavItem("", None, tuple(children))


def _layer_items(model: ModelPages) -> Iterator[NavItem]:
    """Yield the pages of a model's layers, in sections where there are many."""
    if len(model.layers) > MOST_LISTED:
        log.info(
            "the navigation lists none of the %d layers of %s, which each page of the site would carry; the model's "
            "page leads to them",
            len(model.layers),
            model.title,
        )
        return
    folded = model.layers if len(model.layers) <= MOST_UNFOLDED_LAYERS else fold_layers(model.layers)
    for item in folded:
        yield _layer_item(item, model.folder)


def _layer_item(item: ListedLayer | LayerSection, folder: str) -> NavItem:
    if isinstance(item, ListedLayer):
        return NavItem(item.title, f"{folder}/{item.folder}/index.md")
    return NavItem(item.title, None, tuple(_layer_item(child, folder) for child in item.children))
