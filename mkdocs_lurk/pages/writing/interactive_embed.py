"""The generated pages' elements in an author's page: a layer's gallery, a network's map, the quiz, a live network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.pages.embed import check_model, find_layer
from mkdocs_lurk.pages.nav import LIVE, PAGES, QUIZ
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site

_KEYS = {
    "gallery": ("model", "show", "layer", "caption"),
    "map": ("model", "show", "caption"),
    "quiz": ("model", "show", "layer", "caption"),
    "live": ("model", "show", "caption"),
}
_NEEDED = {"gallery": ("model", "layer"), "map": ("model",), "quiz": ("model",), "live": ("model",)}
_SOURCES = {"gallery": "layer.js", "map": "model.js", "quiz": "quiz.js", "live": "live.js"}
_OWN_PAGES = {"quiz": QUIZ, "live": LIVE}
"""The folders of what has a page beside the layers."""


def render_interactive(
    keys: Mapping[object, object], site: Site, templates: Templates, address: Callable[[str], str]
) -> str:
    """Render a gallery, a map, the quiz, or a network that runs.

    Raises:
        ConfigError: A key is unknown or missing, or the model or the layer is, or the model has no quiz or does not
            run in browsers.
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
    page = f"{model}/{_OWN_PAGES[show]}" if show in _OWN_PAGES else target
    return templates.body(
        "interactive.html.j2",
        element=f"lurk-{show}",
        source=address(f"{site.folder(model if show in _OWN_PAGES else target)}/{_SOURCES[show]}"),
        key=page,
        layer=target.partition("/")[2] if show == "quiz" else "",
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
    if show == "live" and f"{model}/{LIVE}" not in site.links:
        raise ConfigError(
            f"lurk fence: {model} does not run in browsers; set 'live: true', or see its page for why not"
        )
    if "layer" not in keys:
        return model, f"{PAGES[_OWN_PAGES[show]]}: {title}" if show in _OWN_PAGES else title
    target, results = find_layer(site, model, keys["layer"])
    name = f"{results['layer']['title']} in {title}"
    return target, f"{PAGES[QUIZ]}: {name}" if show == "quiz" else name
