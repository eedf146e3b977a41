"""What a ``lurk:`` address leads to: a page, a filter on it, or a single picture of a filter.

``lurk:MODEL/LAYER`` is a page, ``lurk:MODEL/LAYER#12`` a filter (``#filter-12`` is the same), and
``lurk:MODEL/LAYER#12/crop.0`` its first crop as a picture file of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.pages.embed import find_filter
from mkdocs_lurk.pages.markdown import LINKS
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.pages.writing.single_pictures import SinglePicture, find_picture

_FILTER = re.compile(r"(?:filter-)?(?P<index>\d{1,9})(?:/(?P<picture>.*))?")


@dataclass(frozen=True)
class Link:
    """Where an address leads.

    Attributes:
        uri: The address of a generated page or file under the site, as ``Site.files`` has it.
        fragment: The place on that page; empty for its beginning.
        text: What to call it where the author gives no text.
        picture: The picture that is meant, where it is no page.
        missing: Why the page is that of the model instead: it has no results; None where it has.
    """

    uri: str
    fragment: str
    text: str
    picture: SinglePicture | None = None
    missing: str | None = None


def follow(address: str, site: Site) -> Link:
    """Return where an address leads, without its ``lurk:``.

    Raises:
        ConfigError: There is no such page, filter or picture.
    """
    path, _, fragment = address.partition("#")
    path, fragment = unquote(path).strip("/"), unquote(fragment)
    model, _, layer = path.partition("/")
    if layer and (why := site.missing.get(model)) is not None:
        return Link(site.links[model], "", site.titles[model], missing=why)
    if path not in site.links:
        raise ConfigError(f"there is no lurk:{path} to link to{near(path, site.links) or LINKS}")
    wanted = _FILTER.fullmatch(fragment)
    if wanted is None:
        _check_fragment(path, fragment)
        return Link(site.links[path], fragment, _text(path, site))
    if layer not in {*site.layers.get(model, {}), *site.layers.get(model, {}).values()}:
        raise ConfigError(
            f"lurk:{path}#{fragment}: a filter is one of a layer; give lurk:MODEL/LAYER#{wanted['index']}"
        )
    index = int(wanted["index"])
    target, results, item = find_filter(site, model, layer, index)
    uri, anchor = site.links[target], f"filter-{index}"
    text = f"filter {index} of {results['layer']['title']}"
    if wanted["picture"] is None:
        return Link(uri, anchor, text)
    picture = find_picture(item, site.folder(target), wanted["picture"], site)
    return Link(uri, anchor, text, picture)


def _check_fragment(path: str, fragment: str) -> None:
    """Check that what looks like a filter is one.

    Raises:
        ConfigError: It does, and is none.
    """
    if re.match(r"filter|\d", fragment):
        raise ConfigError(f"lurk:{path}#{fragment}: {fragment!r} is no filter; give its number, such as #12")


def _text(path: str, site: Site) -> str:
    """Return what to call a page: its title."""
    return next((file.title for file in site.files if file.uri == site.links[path] and file.title), path)
