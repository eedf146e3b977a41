"""Open Graph tags for generated pages, and small pages for filters, where the site says its own address."""

from __future__ import annotations

import html
import posixpath
import re
from collections import defaultdict
from dataclasses import dataclass, field
from urllib.parse import urljoin

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from mkdocs_lurk.pages.link_previews import HEIGHT_PX, WIDTH_PX, Preview
from mkdocs_lurk.pages.site import Site
from mkdocs_lurk.plugin.files import GeneratedFiles

_HAS_PREVIEW = re.compile(r"<meta\b[^>]*\b(?:property|name)\s*=\s*[\"']?(?:og:image|twitter:image)\b", re.IGNORECASE)
_TAG = re.compile(r"<meta\b[^>]*\b(?:property|name)\s*=\s*[\"']?([\w:]+)", re.IGNORECASE)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="canonical" href="{address}">
<meta http-equiv="refresh" content="0; url={target}">
{tags}</head>
<body><p><a href="{target}">{title}</a></p></body>
</html>
"""


@dataclass
class LinkPreviews:
    """The previews of one build's pages: none where ``site_url`` is empty, since pictures need whole addresses.

    Attributes:
        base: The site's address, with a slash at its end; empty without one.
        pages: By the source address of a page, its preview and the file of the picture.
        filters: By the source address of a layer's page, the filters that have a small page.
    """

    base: str = ""
    pages: dict[str, tuple[Preview, File]] = field(default_factory=dict)
    filters: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def publish(cls, site: Site, generated: GeneratedFiles, files: Files, config: MkDocsConfig) -> LinkPreviews:
        """Add the pictures, and a small page for each filter that has one, to ``files``."""
        base = config.site_url or ""
        previews = cls(base if base.endswith("/") or not base else f"{base}/")
        for model, own in site.previews.items() if base else ():
            for item in own:
                one, folder = item.preview, site.folders[model]
                uri = posixpath.join(folder, one["image"])
                picture = File.generated(config, uri, abs_src_path=str(item.path), inclusion=InclusionLevel.NOT_IN_NAV)
                files.append(picture)
                page = generated.src_uris[posixpath.join(folder, one["page"], "index.md")]
                if "filter" in one:
                    previews.filters[page].append(one["filter"])
                    small = posixpath.join(folder, one["page"], f"filter-{one['filter']}", "index.html")
                    text = previews._small_page(one, picture, posixpath.join(folder, one["page"], ""))
                    files.append(File.generated(config, small, content=text, inclusion=InclusionLevel.NOT_IN_NAV))
                else:
                    previews.pages[page] = one, picture
        return previews

    def tag(self, output: str, page: Page, site_name: str) -> str:
        """Return a finished page with its tags; as it is, where the theme or another plugin gives it a picture."""
        preview = self.pages.get(page.file.src_uri)
        head, end, body = output.partition("</head>")
        if preview is None or not end or _HAS_PREVIEW.search(head):
            return output
        present = set(_TAG.findall(head))
        tags = _tags(preview[0], self._whole(preview[1].url), self._whole(page.file.url), site_name, present)
        shared = " ".join(map(str, self.filters.get(page.file.src_uri, ())))
        if shared:
            body = body.replace("<lurk-gallery ", f'<lurk-gallery data-shared="{shared}" ', 1)
        return f"{head}{tags}{end}{body}"

    def _small_page(self, one: Preview, picture: File, folder: str) -> str:
        anchor = f"#filter-{one['filter']}"
        address = self._whole(f"{folder}{anchor}")
        small = self._whole(f"{folder}filter-{one['filter']}/")
        return _PAGE.format(
            title=html.escape(one["title"]),
            address=html.escape(address),
            target=html.escape(f"../index.html{anchor}"),
            tags=_tags(one, self._whole(picture.url), small, "", set()),
        )

    def _whole(self, url: str) -> str:
        return urljoin(self.base, "" if url == "." else url)


def _tags(one: Preview, image: str, address: str, site_name: str, present: set[str]) -> str:
    """Return the tags that a page lacks, each on a line."""
    values = {
        "og:type": "website",
        "og:site_name": site_name,
        "og:title": one["title"],
        "og:description": one["text"],
        "og:url": address,
        "og:image": image,
        "og:image:type": "image/jpeg",
        "og:image:width": str(WIDTH_PX),
        "og:image:height": str(HEIGHT_PX),
        "og:image:alt": one["text"],
        "twitter:card": "summary_large_image",
    }
    lines = []
    for key, value in values.items():
        if value and key not in present:
            attribute = "name" if key.startswith("twitter") else "property"
            lines.append(f'<meta {attribute}="{key}" content="{html.escape(value)}">\n')
    return "".join(lines)
