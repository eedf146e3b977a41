"""Write the pages as plain Markdown and files, for other site generators."""

from __future__ import annotations

import posixpath
import shutil
from pathlib import Path

from mkdocs_lurk.addresses import is_plain_path
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.pages.front_end import SCRIPT, STYLE, front_end
from mkdocs_lurk.pages.markdown import replace_attributes, replace_links
from mkdocs_lurk.pages.site import Site


def export(site: Site, out: Path) -> int:
    """Write all pages and files into a folder, for a generator that makes ``X/index.html`` of ``X/index.md``.

    Each page loads the front end itself, since no plugin adds it there.

    Returns:
        The number of files written.

    Raises:
        StoreError: The folder cannot be written, or a page has an address outside it.
    """
    static = front_end()
    strange = [file.uri for file in site.files if not is_plain_path(file.uri)]
    if strange:
        raise StoreError(f"a page would be written to {ascii(strange[0])[:90]}, outside {out}; delete cache_dir")
    try:
        for file in site.files:
            target = out / file.uri
            target.parent.mkdir(parents=True, exist_ok=True)
            if file.body is None:
                shutil.copyfile(file.path, target)
            else:
                target.write_text(_page(file.path.read_text("utf-8"), file.uri, site), "utf-8", newline="\n")
        for uri, path in static:
            target = out / uri
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    except OSError as error:
        raise StoreError(f"cannot write {error.filename or out}: {(error.strerror or str(error)).lower()}") from error
    return len(site.files) + len(static)


def _page(markdown: str, uri: str, site: Site) -> str:
    folder = posixpath.dirname(uri)

    def relative(target: str) -> str:
        return posixpath.relpath(target, folder)

    page = replace_links(markdown, site.links, relative)
    page = replace_attributes(page, site.links, relative, lambda _model, address: address)
    style = f'<link rel="stylesheet" href="{relative(STYLE)}">'
    return f'{page}\n<div>{style}<script src="{relative(SCRIPT)}" defer></script></div>\n'
