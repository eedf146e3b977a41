"""The plugins that the matrix is made of: how each is declared, and the pages that show that it works."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.plugin.sites import FENCE

MATERIAL = "material"
_CELL = f"# A notebook\n\n[it](lurk:small) of `lurk small pictures`\n\n{FENCE}"
_NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "id": "one", "metadata": {}, "source": _CELL},
        {
            "cell_type": "code", "id": "two", "execution_count": 1, "metadata": {}, "outputs": [], "source": "1 + 1",
        },
    ],
    "metadata": {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}  # fmt: skip
_MODULE = '''
"""A module of the author's."""


def wheels() -> None:
    """Find wheels, as [filter 3](lurk:small/features.3#3) does."""
'''


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A plugin beside ours.

    Attributes:
        name: What the table calls it.
        packages: What is installed for it, beside MkDocs; empty for what comes with MkDocs or Material.
        plugins: Its entries under ``plugins``, as ``mkdocs.yml`` has them.
        files: Further files of the site, by their paths.
        site: Further keys of ``mkdocs.yml``.
        shows: For pages of the finished site, without their endings, what stands in them when all works.
        themes: The themes that it works in; empty for all.
        together: Whether it can be one of all plugins together, and why not.
    """

    name: str
    packages: tuple[str, ...] = ()
    plugins: tuple[Mapping[str, Any], ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    site: Mapping[str, Any] = field(default_factory=dict)
    shows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    themes: tuple[str, ...] = ()
    together: str = ""


_EMBED, _LAYER = "lurk-embed", "models/small/features.3/index.md"
_POST = f"---\ndate: 2026-01-02\n---\n# One\n\n[it](lurk:small)\n\n{FENCE}\n<!-- more -->\n\nRest.\n"
_EXEC = f"# Executed\n\n````python exec=\"on\"\nprint('''Four.\n\n{FENCE}''')\n````\n"
NEIGHBOURS = (
    Neighbour("search", plugins=({"search": {}},), shows={"index": ("search",)}),
    Neighbour(
        "tags",
        plugins=({"tags": {}},),
        files={
            "docs/tagged.md": "---\ntags: [Wheels]\n---\n# Tagged\n",
            "docs/tags.md": "# Tags\n\n<!-- material/tags -->\n",
        },
        shows={"tags": ("Wheels", "tagged")},
        themes=(MATERIAL,),
    ),
    Neighbour("social", plugins=({"social": {}},), shows={"index": ("og:image",)}, themes=(MATERIAL,)),
    Neighbour(
        "blog",
        plugins=({"blog": {"archive": False}},),
        files={"docs/blog/index.md": "# Blog\n", "docs/blog/posts/one.md": _POST},
        shows={"blog": (_EMBED,)},
        themes=(MATERIAL,),
    ),
    Neighbour(
        "macros",
        ("mkdocs-macros-plugin",),
        ({"macros": {}},),
        {"docs/macro.md": "# Macro\n\n{{ 6 * 7 }} of `lurk small pictures`, {% if true %}seen{% endif %}\n\n" + FENCE},
        shows={"macro": ("42 of", "seen", _EMBED)},
    ),
    Neighbour(
        "glightbox",
        ("mkdocs-glightbox",),
        ({"glightbox": {}},),
        {"docs/box.md": "# Box\n\n![c](lurk:small/features.3#3/crop.0)\n"},
        shows={"box": ("glightbox", "filter-3-crop-0.webp")},
    ),
    Neighbour("minify", ("mkdocs-minify-plugin",), ({"minify": {"minify_html": True}},)),
    Neighbour("offline", plugins=({"offline": {}},), themes=(MATERIAL,)),
    Neighbour(
        "privacy",
        plugins=({"privacy": {"assets_exclude": ["*"]}},),
        themes=(MATERIAL,),
    ),
    Neighbour("optimize", plugins=({"optimize": {"optimize_png": False}},), themes=(MATERIAL,)),
    Neighbour(
        "i18n",
        ("mkdocs-static-i18n",),
        (
            {
                "i18n": {
                    "docs_structure": "suffix",
                    "languages": [
                        {"locale": "en", "name": "English", "default": True, "build": True},
                        {"locale": "de", "name": "Deutsch", "build": True},
                        {"locale": "fr", "name": "Français", "build": True},
                    ],
                }
            },
        ),
        {
            "docs/index.de.md": f"# Anfang\n\n[Netz](lurk:small)\n\n{FENCE}",
            "docs/index.fr.md": f"# Début\n\n[Réseau](lurk:small)\n\n{FENCE}",
        },
        shows={
            "de/index": ("Anfang", _EMBED),
            "de/models/small/features.3": ("lurk-gallery",),
            "fr/models/small/features.3": ("lurk-gallery",),
        },
        together="it makes the files of blog and jupyter its own",
    ),
    Neighbour(
        "autorefs",
        ("mkdocs-autorefs",),
        ({"autorefs": {"resolve_closest": True}},),
        {"docs/refs.md": "# Refs\n\nSee [the start][home], and [it](lurk:small/features.3#3).\n"},
        shows={"refs": ("#home", "#filter-3")},
    ),
    Neighbour(
        "mkdocstrings",
        ("mkdocstrings[python]",),
        ({"mkdocstrings": {"handlers": {"python": {"paths": ["code"]}}}},),
        {"docs/code.md": "# Code\n\n::: own\n", "code/own.py": _MODULE},
        shows={"code": ("Find wheels", "#filter-3")},
    ),
    Neighbour("mike", ("mike",), ({"mike": {}},)),
    Neighbour(
        "redirects",
        ("mkdocs-redirects",),
        (
            {
                "redirects": {
                    "redirect_maps": {"old.md": "models/small/index.md", "older.md": "models/small/features.3/index.md"}
                }
            },
        ),
        shows={"old": ("models/small/",), "older": ("models/small/features.3/",)},
    ),
    Neighbour(
        "awesome-nav",
        ("mkdocs-awesome-nav",),
        ({"awesome-nav": {}},),
        {"docs/.nav.yml": "nav:\n  - index.md\n  - Networks:\n      - models/small/*\n"},
        shows={"index": ("Networks",)},
        together="the navigation has one owner",
    ),
    Neighbour(
        "literate-nav",
        ("mkdocs-literate-nav",),
        ({"literate-nav": {"nav_file": "SUMMARY.md"}},),
        {"docs/SUMMARY.md": "* [Start](index.md)\n* [Networks](models/)\n"},
        {"exclude_docs": "SUMMARY.md"},
        shows={"index": ("Networks",)},
        together="the navigation has one owner",
    ),
    Neighbour(
        "section-index",
        ("mkdocs-section-index",),
        ({"section-index": {}},),
        {"docs/part/index.md": "# Part\n", "docs/part/one.md": "# One\n"},
        themes=(MATERIAL, "readthedocs"),
        together="it makes the pages of blog its own",
    ),
    Neighbour(
        "jupyter",
        ("mkdocs-jupyter",),
        ({"mkdocs-jupyter": {"execute": False}},),
        {"docs/notebook.ipynb": json.dumps(_NOTEBOOK)},
        shows={"notebook": ("A notebook", "of <span", _EMBED, "models/small")},
    ),
    Neighbour(
        "print-site",
        ("mkdocs-print-site-plugin",),
        ({"print-site": {}},),
        shows={"print_page": (_EMBED, "lurk-gallery")},
        themes=(MATERIAL, "mkdocs", "readthedocs"),
    ),
    Neighbour(
        "markdown-exec",
        ("markdown-exec",),
        ({"markdown-exec": {}},),
        {"docs/exec.md": _EXEC},
        {"markdown_extensions": ["pymdownx.superfences"]},
        shows={"exec": ("Four.", _EMBED)},
    ),
    Neighbour(
        "monorepo",
        ("mkdocs-monorepo-plugin",),
        ({"monorepo": {}},),
        {
            "part/mkdocs.yml": "site_name: part\nnav:\n  - Inside: index.md\n",
            "part/docs/index.md": f"# Inside\n\n[it](lurk:small)\n\n{FENCE}",
        },
        {"nav": [{"Start": "index.md"}, {"Part": "!include ./part/mkdocs.yml"}]},
        shows={"part": ("Inside", _EMBED)},
        together="the navigation has one owner",
    ),
)
"""In the order of the table."""
