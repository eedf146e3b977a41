"""A layer's whole gallery, a network's map or the quiz inside an author's page: the generated pages' elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.pages.embed import check_model, find_layer
from mkdocs_lurk.pages.nav import PAGES, QUIZ
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site

_KEYS = {
    "gallery": ("model", "show", "layer", "caption"),
    "map": ("model", "show", "caption"),
    "quiz": ("model", "show", "layer", "caption"),
}
_NEEDED = {"gallery": ("model", "layer"), "map": ("model",), "quiz": ("model",)}
_SOURCES = {"gallery": "layer.js", "map": "model.js", "quiz": "quiz.js"}


def render_interactive(
    keys: Mapping[object, object], site: Site, templates: Templates, address: Callable[[str], str]
) -> str:
    """Render a gallery, a map or the quiz.

    Raises:
        ConfigError: A key is unknown or missing, or the model or the layer is, or the model has no quiz.
    """
    show = str(keys["show"])
    known = _KEYS[show]
    for key in keys:
        if key not in known:
            hint = near(str(key), known) or "; there are " + ", ".join(known)
            raise ConfigError(f"lurk fence: {key!r} is not known{hint}")
    for key in _NEEDED[show]:
        if key not in keys:
            raise ConfigError(f"lurk fence: {key!r} is missing; give it for show: {show}")
    model = str(keys["model"])
    check_model(model, site)
    title = site.titles[model]
    if (missing := site.missing.get(model)) is not None:
        return templates.body("embed.html.j2", missing=f"{title} is not shown: {missing}", layer=None, model=title)
    target, name = _target(keys, site, model, show)
    is_quiz = show == "quiz"
    page = f"{model}/{QUIZ}" if is_quiz else target
    return templates.body(
        "interactive.html.j2",
        element=f"lurk-{show}",
        source=address(f"{site.folder(model if is_quiz else target)}/{_SOURCES[show]}"),
        key=page,
        layer=target.partition("/")[2] if is_quiz else "",
        url=address(site.links[page]),
        name=name,
        caption=keys.get("caption"),
    )


def _target(keys: Mapping[object, object], site: Site, model: str, show: str) -> tuple[str, str]:
    """Return the link target that is shown, and what its page is called.

    Raises:
        ConfigError: There is no such layer, or no quiz.
    """
    title = site.titles[model]
    if show == "quiz" and f"{model}/{QUIZ}" not in site.links:
        raise ConfigError(
            f"lurk fence: {model} has no quiz; too few of its filters have crops to judge (see range and pictures)"
        )
    if "layer" not in keys:
        return model, f"{PAGES[QUIZ]}: {title}" if show == "quiz" else title
    target, results = find_layer(site, model, keys["layer"])
    name = f"{results['layer']['title']} in {title}"
    return target, f"{PAGES[QUIZ]}: {name}" if show == "quiz" else name
