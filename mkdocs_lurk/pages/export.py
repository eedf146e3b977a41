"""Write the pages as plain Markdown and files, for other site generators."""

from __future__ import annotations

import logging
import os
import posixpath
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mkdocs_lurk.addresses import is_plain_path
from mkdocs_lurk.declared_files import is_regular
from mkdocs_lurk.errors import ConfigError, StoreError
from mkdocs_lurk.files import file_digest, read_json, write_json
from mkdocs_lurk.pages.data.tables import MATCHES, TABLES, csv_text, match_rows
from mkdocs_lurk.pages.export_docs import AuthorDocs, check_target, copy_docs, replaced
from mkdocs_lurk.pages.front_end import SCRIPT, STYLE, front_end
from mkdocs_lurk.pages.markdown import replace_attributes, replace_links
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.results import RESULTS_FILE, read, read_comparison

log = logging.getLogger("mkdocs.plugins.lurk")
_LIST = ".lurk-export.json"
"""What an export wrote: the digest of each file by its address."""


def export(site: Site, out: Path, *, tables: bool = False, docs: AuthorDocs | None = None) -> int:
    """Write all pages and files into a folder, for a generator that makes ``X/index.html`` of ``X/index.md``.

    Each page loads the front end itself, since no plugin adds it there. What an earlier export wrote into the folder
    and this one does not is removed: it may be a picture that is held back by now.

    Args:
        site: What was generated.
        out: The folder.
        tables: Whether tables in CSV are written beside each model's ``results.json``.
        docs: The author's own pages, which are copied as they are, for a generator with our Markdown extension.

    Returns:
        The number of files written.

    Raises:
        StoreError: The folder cannot be written, or a page has an address outside it.
        ConfigError: The folder is the author's own.
    """
    static = front_end(is_live=site.is_live)
    own: set[str] = set()
    if docs is not None:
        check_target(docs, out)
        own = {*docs.files(), *docs.pictures(site)}
        site = _without(site, docs)
    analysed = [name for name in site.titles if tables and name not in site.missing]
    models = [posixpath.dirname(site.links[f"{name}/{RESULTS_FILE}"]) for name in analysed]
    compared = site.compared if tables else ()
    names = _all_names(site, [*(uri for uri, _ in static), *_csv_files(models, compared)], own, out)
    try:
        _write(site, static, out, names, models)
        _write_matches(out / folder for folder in compared)
        if docs is not None:
            copy_docs(docs, site, out)
        write_json(out / _LIST, {name: file_digest(out / name) for name in sorted(names)})
    except OSError as error:
        raise StoreError(
            f"cannot write {error.filename or out}: {(error.strerror or str(error)).lower()}; give another folder"
        ) from error
    return len(names)


def _csv_files(models: Sequence[str], compared: Sequence[str]) -> list[str]:
    """Return the addresses of all tables of models and of comparisons, which are given by their folders."""
    return [*(f"{model}/{name}" for model in models for name in TABLES), *(f"{one}/{MATCHES}" for one in compared)]


def _write(
    site: Site, static: Sequence[tuple[str, Path]], out: Path, names: Sequence[str], tables: Iterable[str]
) -> None:
    """Write what was generated in place of what an earlier export wrote, with tables in the folders of models."""
    out.mkdir(parents=True, exist_ok=True)
    earlier = _read_list(out)
    write_json(out / _LIST, {**earlier, **dict.fromkeys(names, "")})  # whenever this ends, the next export knows
    _remove({name: digest for name, digest in earlier.items() if name not in names}, out)
    _write_site(site, static, out)
    for model in tables:
        _write_tables(out / model)


def _all_names(site: Site, others: Iterable[str], own: set[str], out: Path) -> list[str]:
    """List the site's files, other generated ones and the author's own; refuses a name taken twice or outside."""
    names = [*(file.uri for file in site.files), *others]
    taken = own.intersection(names)
    if taken:
        raise ConfigError(f"{min(taken)} in docs_dir has the name of a generated file; rename or remove it")
    strange = [file.uri for file in site.files if not is_plain_path(file.uri)]
    if strange:
        raise StoreError(f"a page would be written to {ascii(strange[0])[:90]}, outside {out}; delete cache_dir")
    return [*names, *sorted(own)]


def _without(site: Site, docs: AuthorDocs) -> Site:
    """Return a site without the pages that the author wrote, and with links to those."""
    written = replaced(docs, site)
    links = {target: written.get(uri, uri) for target, uri in site.links.items()}
    return replace(site, files=tuple(file for file in site.files if file.uri not in written), links=links)


def _write_site(site: Site, static: Sequence[tuple[str, Path]], out: Path) -> None:
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


def _write_tables(folder: Path) -> None:
    results = read(folder)
    for table, rows in TABLES.items():
        (folder / table).write_text(csv_text(rows(results)), "utf-8", newline="\n")


def _write_matches(folders: Iterable[Path]) -> None:
    """Write which filters match into the folder of each comparison."""
    for folder in folders:
        (folder / MATCHES).write_text(csv_text(match_rows(read_comparison(folder))), "utf-8", newline="\n")


def _read_list(out: Path) -> dict[str, str]:
    """Return the digests of the files that an earlier export wrote, by their addresses; empty without a list.

    Raises:
        StoreError: The list is damaged, so that nobody knows what is left of that export.
        OSError: It cannot be read.
    """
    if not os.path.lexists(out / _LIST):
        return {}
    try:
        listed = read_json(out / _LIST)
    except ValueError:
        listed = None
    pairs = listed.items() if isinstance(listed, dict) else [("\0", "")]
    if not all(isinstance(digest, str) and "\0" not in name for name, digest in pairs):
        raise StoreError(
            f"{out / _LIST}, the list of an earlier export, is damaged; remove that folder, or export into another"
        )
    return dict(pairs)


def _remove(files: Mapping[str, str], out: Path) -> None:
    """Remove files of an earlier export, and the folders that are empty then; what the author changed stays."""
    home, removed = out.resolve(), 0
    for name, digest in files.items():
        path = out / name
        if not path.parent.resolve().is_relative_to(home) or not is_regular(path):
            continue
        if digest and file_digest(path) != digest:
            log.warning("%s was written by an earlier export and changed since; it stays, remove it by hand", path)
            continue
        path.unlink()
        removed += 1
        for folder in path.parents:
            if folder == out or any(folder.iterdir()):
                break
            folder.rmdir()
    if removed:
        log.info("%d files of an earlier export are removed from %s", removed, out)


def _page(markdown: str, uri: str, site: Site) -> str:
    folder = posixpath.dirname(uri)

    def relative(target: str) -> str:
        return posixpath.relpath(target, folder)

    page = replace_links(markdown, site.links, relative)
    page = replace_attributes(page, site.links, relative, lambda _model, address: address)
    style = f'<link rel="stylesheet" href="{relative(STYLE)}">'
    return f'{page}\n<div>{style}<script src="{relative(SCRIPT)}" defer></script></div>\n'
