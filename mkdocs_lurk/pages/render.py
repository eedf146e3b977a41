"""Render templates as Markdown.

An author overrides a block by a template of the same name in the folder ``lurk`` of the theme's ``custom_dir``, which
extends the original as ``lurk/NAME``: ``overrides/lurk/layer.md.j2`` begins with ``{% extends "lurk/layer.md.j2" %}``.
"""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
from markupsafe import Markup

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.escaping import address, cell, code, escaped, quoted_yaml, spoken, title_html

_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_KEPT_NEWLINE = "\x1e"
_TEMPLATES = Path(__file__).parent / "templates"


class Templates:
    """The templates of pages.

    Args:
        overrides: A folder with an author's own templates, if any.
    """

    def __init__(self, overrides: Path | None = None) -> None:
        self.overrides = overrides
        folders = [_TEMPLATES, overrides] if overrides else [_TEMPLATES]
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(folders),
            autoescape=True,
            finalize=escaped,
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
        )
        self._environment.filters.update(plain=escaped, code=code, cell=cell, spoken=spoken, verbatim=verbatim)
        self._environment.filters.update(address=address, title_html=title_html, quoted_yaml=quoted_yaml)

    def body(self, template: str, **variables: object) -> str:
        """Render the part of a page below its title.

        Raises:
            ConfigError: An author's template cannot be rendered.
        """
        overridden = self.overrides is not None and (self.overrides / template).is_file()
        name = template if overridden else f"lurk/{template}"
        try:
            text = self._environment.get_template(name).render(variables)
        except jinja2.TemplateError as error:
            place = f", line {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
            raise ConfigError(
                f"the template {template}{place} cannot be rendered: {error}; mend your template, or remove it"
            ) from error
        return _BLANK_LINES.sub("\n\n", text).strip().replace(_KEPT_NEWLINE, "\n") + "\n"

    def page(self, title: str, body: str) -> str:
        """Render a whole page: front matter, title and body."""
        return self.body("page.md.j2", title=title, body=body)


def verbatim(text: str) -> Markup:
    """Keep an author's Markdown as it is, blank lines included."""
    return Markup(text.replace("\n", _KEPT_NEWLINE))  # noqa: S704
