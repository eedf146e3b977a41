"""Sites in several languages by the plugin static-i18n, which builds the site once for each.

It keeps pages of ``docs_dir`` only, so that generated ones are held back from it, and placed in the folder of the
language afterwards. Their data lie in the site once, beside the pages of the default language.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from mkdocs_lurk.pages.words import Words

PLUGIN = "i18n"
_DRAWN = re.compile(r"<lurk-(?:gallery|map|photo)\b")
_DATA = re.compile(r"(?P<name>\b(?:href|src|data-src|xlink:href))=\"(?P<path>(?!lurk|[a-z]+:|[/#])[^\"#]+)")


@dataclass(frozen=True)
class Language:
    """The language that is being built.

    Attributes:
        code: Its code, such as ``de``.
        folder: The folder of its pages under the site; empty for the default language.
        all: The codes of all languages that are built, the default one first; only ``code`` without static-i18n.
        by_folder: Whether authors keep a folder for each language, and no suffix.
    """

    code: str
    folder: str = ""
    all: tuple[str, ...] = ()
    by_folder: bool = False

    @classmethod
    def of(cls, config: MkDocsConfig) -> Language:
        """Return the language of static-i18n's present build, or else that of the theme."""
        plugin: Any = config.plugins.get(PLUGIN)
        if plugin is not None:
            default = str(plugin.default_language)
            code = str(plugin.current_language or default)  # none before the first build
            codes = (default, *(str(one) for one in plugin.build_languages if one != default))
            return cls(code, "" if code == default else code, codes, plugin.config.docs_structure == "folder")
        theme = config.theme
        return cls(str(theme.get("language") or getattr(theme.get("locale"), "language", None) or "en"))

    def own_names(self, names: Iterable[str]) -> list[str]:
        """Return what an author can call a page in this language, the first first."""
        if len(self.all) < 2:
            return list(names)
        if self.by_folder:
            return [f"{folder}{name}" for folder in (f"{self.code}/", f"{self.all[0]}/", "") for name in names]
        own = [f"{name.removesuffix('.md')}.{self.code}.md" for name in names]
        return [*own, *names]

    def is_localised(self, uri: str) -> bool:
        """Return whether a page of the author's has the language in its own name."""
        return len(self.all) > 1 and not self.by_folder and uri.endswith(f".{self.code}.md")


def translate_page(page: Page, words: Words, *, is_generated: bool) -> None:
    """Translate the headings that the table of contents lists, and the title of a page that no author wrote."""
    if not words.table:
        return
    if is_generated and page.title:
        page.title = words.translate(str(page.title))
    entries = list(page.toc.items)
    for entry in entries:
        entry.title = words.translate(entry.title)
        entries.extend(entry.children)


def hold_back(files: Files, uris: Collection[str]) -> list[File]:
    """Take the generated pages out of ``files``, before static-i18n drops them with a warning for each.

    It fails on files that have no path, which are taken out, too.
    """
    pages = [file for file in files.documentation_pages() if file.src_uri in uris and file.generated_by is not None]
    held = [*pages, *(file for file in files if file.abs_src_path is None and file not in pages)]
    for file in held:
        files.remove(file)
    return held


def place(held: Iterable[File], files: Files, config: MkDocsConfig, language: Language) -> None:
    """Add the generated pages to ``files``, in the language's folder; static-i18n links them with the others."""
    for file in held:
        if file.abs_src_path is None:
            files.append(file)
            continue
        versions = {code: _version(file, config, "" if code == language.all[0] else code) for code in language.all}
        for code, version in versions.items():
            version.__dict__ |= {
                "locale": code, "locale_alternate_of": code, "localization": None, "norm_src_uri": file.src_uri,
                "alternates": versions,
            }  # fmt: skip
        files.append(versions[language.code])
    plugin: Any = config.plugins[PLUGIN]
    plugin.i18n_files_per_language[language.code] = files.documentation_pages()


def _version(file: File, config: MkDocsConfig, folder: str) -> File:
    """Return the file of a page in one language."""
    version = File.generated(config, file.src_uri, abs_src_path=str(file.abs_src_path), inclusion=file.inclusion)
    version.dest_uri = posixpath.join(folder, version.dest_uri)
    for name in ("url", "abs_dest_path"):  # properties that MkDocs caches
        version.__dict__.pop(name, None)
    return version


def pin_data(text: str, uri: str, language: Language, known: Collection[str], folders: Iterable[str]) -> str:
    """Return a generated page's HTML with the addresses of data under the site, and the folder that links lead into.

    Args:
        text: The HTML.
        uri: The page's address under the site, in the default language.
        language: The language that is being built.
        known: The addresses of all generated files.
        folders: The folders of the models under the site, in the default language.
    """
    own = max((folder for folder in folders if uri.startswith(f"{folder}/")), key=len, default="models")
    pages = posixpath.relpath(posixpath.join(language.folder, own), own) + "/"

    def pinned(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(uri), html.unescape(match["path"])))
        return f'{match["name"]}="lurk-file:{html.escape(target)}' if target in known else match[0]

    marked = _DRAWN.sub(lambda match: f'{match[0]} data-pages-in="{html.escape(pages)}"', text)
    return _DATA.sub(pinned, marked)
