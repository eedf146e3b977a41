"""The generated pages as a tree for a site's navigation.

Every page of a site carries the whole navigation, so a tree of a thousand layers would be heavy: models with many
layers are listed without them. Their pages are reached from the model's page and from each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MAX_LISTED_LAYERS = 60
EVALUATION = "evaluation"
"""The folder of the page with a model's evaluation, in the model's own."""
EVALUATION_TITLE = "Evaluation"


@dataclass(frozen=True)
class NavItem:
    """A page (with an address) or a section (with children)."""

    title: str
    uri: str | None = None
    children: tuple[NavItem, ...] = ()


def navigation(models: Sequence[tuple[str, str, Sequence[tuple[str, str]], bool]]) -> NavItem:
    """Arrange the pages as a tree.

    Args:
        models: Name and title of each model, name and slug of each of its layers, and whether it has an evaluation.

    Returns:
        A section without a title: the list of models, then one section per model, or its page alone.
    """
    children = [NavItem("Models", "models/index.md")] if models else []
    for name, title, layers, is_evaluated in models:
        page = NavItem(title, f"models/{name}/index.md")
        pages = [NavItem(EVALUATION_TITLE, f"models/{name}/{EVALUATION}/index.md")] if is_evaluated else []
        if len(layers) <= MAX_LISTED_LAYERS:
            pages += [NavItem(layer, f"models/{name}/{slug}/index.md") for layer, slug in layers]
        if pages:
            page = NavItem(title, None, (page, *pages))
        children.append(page)
    return NavItem("", None, tuple(children))
