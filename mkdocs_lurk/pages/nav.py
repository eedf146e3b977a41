"""The generated pages as a tree for a site's navigation.

Every page of a site carries the whole navigation, so a tree of a thousand layers would be heavy: models with many
layers are listed without them. Their pages are reached from the model's page and from each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_LISTED_LAYERS = 60


@dataclass(frozen=True)
class NavItem:
    """A page (with an address) or a section (with children)."""

    title: str
    uri: str | None = None
    children: tuple[NavItem, ...] = ()


def navigation(models: Sequence[tuple[str, str, Sequence[tuple[str, str]]]]) -> NavItem:
    """Arrange the pages as a tree.

    Args:
        models: Name and title of each model, and name and slug of each of its layers.

    Returns:
        A section without a title: the list of models, then one section per model, or its page alone.
    """
    children = [NavItem("Models", "models/index.md")] if models else []
    for name, title, layers in models:
        page = NavItem(title, f"models/{name}/index.md")
        if 0 < len(layers) <= MAX_LISTED_LAYERS:
            pages = (NavItem(layer, f"models/{name}/{slug}/index.md") for layer, slug in layers)
            page = NavItem(title, None, (page, *pages))
        children.append(page)
    return NavItem("", None, tuple(children))
