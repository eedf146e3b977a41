"""A layer's whole gallery, or a network's map, inside an author's own page: the elements of the generated pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.pages.embed import check_model, find_layer
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.pages.site import Site

_KEYS = {"gallery": ("model", "show", "layer", "caption"), "map": ("model", "show", "caption")}


def render_interactive(
    keys: Mapping[object, object], site: Site, templates: Templates, address: Callable[[str], str]
) -> str:
    """Render a gallery or a map.

    Raises:
        ConfigError: A key is unknown or missing, or the model or the layer is.
    """
    show = str(keys["show"])
    known = _KEYS[show]
    for key in keys:
        if key not in known:
            hint = near(str(key), known) or "; there are " + ", ".join(known)
            raise ConfigError(f"lurk fence: {key!r} is not known{hint}")
    for key in ("model", "layer"):
        if key in known and key not in keys:
            raise ConfigError(f"lurk fence: {key!r} is missing; give it for show: {show}")
    model = str(keys["model"])
    check_model(model, site)
    title = site.titles[model]
    if (missing := site.missing.get(model)) is not None:
        return templates.body("embed.html.j2", missing=f"{title} is not shown: {missing}", layer=None, model=title)
    target, name = model, title
    if show == "gallery":
        target, results = find_layer(site, model, keys["layer"])
        name = f"{results['layer']['title']} in {title}"
    return templates.body(
        "interactive.html.j2",
        element=f"lurk-{show}",
        source=address(f"{site.folder(target)}/{'layer' if show == 'gallery' else 'model'}.js"),
        key=target,
        url=address(site.links[target]),
        name=name,
        caption=keys.get("caption"),
    )
