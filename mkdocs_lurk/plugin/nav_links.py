"""``lurk:`` addresses in the author's navigation: they become pages of it, like any other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.pages.writing.targets import follow


def resolve_nav(
    nav: list[object], site: Site, src_uris: Mapping[str, str], tell: Callable[[str, str], object]
) -> list[object]:
    """Return the entries of ``nav`` with pages in the place of ``lurk:`` addresses; links to filters stay links.

    Args:
        nav: What ``mkdocs.yml`` says.
        site: What was generated.
        src_uris: MkDocs' source address of each generated page.
        tell: Warns of a fault, by its message and the address; the entry is left out.
    """

    def resolve(value: object) -> object:
        if isinstance(value, list):
            return [kept for entry in value if (kept := resolve(entry)) is not None]
        if isinstance(value, dict):
            kept = {title: resolve(child) for title, child in value.items()}
            return {title: child for title, child in kept.items() if child is not None} or None
        if not isinstance(value, str) or not value.startswith("lurk:"):
            return value
        try:
            link = follow(value.removeprefix("lurk:"), site)
            if link.picture is not None:
                raise ConfigError(f"{value} is a picture; name a page or a filter")
        except ConfigError as error:
            tell(str(error), value)
            return None
        return value if link.fragment else src_uris[link.uri]

    return [kept for entry in nav if (kept := resolve(entry)) is not None]
