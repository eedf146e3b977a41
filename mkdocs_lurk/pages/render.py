"""Render templates as Markdown.

An author overrides a block by a template of the same name in the folder ``lurk`` of the theme's ``custom_dir``, which
extends the original as ``lurk/NAME``: ``overrides/lurk/layer.md.j2`` begins with ``{% extends "lurk/layer.md.j2" %}``.
"""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
import jinja2.nodes
from markupsafe import Markup

from mkdocs_lurk.errors import ConfigError, near
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

    def problems(self) -> list[tuple[str, str, str]]:
        """Return the author's templates, and blocks of them, that replace none of ours, with what to do."""
        known = sorted(path.name for path in (_TEMPLATES / "lurk").glob("*.j2"))
        found = []
        for path in sorted(self.overrides.glob("*.j2")) if self.overrides else ():
            if path.name not in known:
                hint = near(path.name, known) or "; there are " + ", ".join(known)
                found.append((path.name, "there is none of this name to replace", hint.removeprefix("; ")))
                continue
            blocks = self._blocks((_TEMPLATES / "lurk" / path.name).read_text("utf-8"))
            source = path.read_text("utf-8", errors="replace")
            own = self._blocks(source, outermost=True) if re.search(r"\{%-?\s*extends\b", source) else []
            for name in own:
                if name not in blocks:
                    hint = near(name, blocks) or "; there are " + ", ".join(blocks)
                    found.append((path.name, f"there is no block {name!r} to replace", hint.removeprefix("; ")))
        return found

    def _blocks(self, source: str, *, outermost: bool = False) -> list[str]:
        """Return the names of a template's blocks; none of one that cannot be read, which rendering tells of."""
        try:
            tree = self._environment.parse(source)
        except jinja2.TemplateSyntaxError:
            return []
        every = list(tree.find_all(jinja2.nodes.Block))
        inner = {id(one) for block in every for one in block.find_all(jinja2.nodes.Block)}
        return [block.name for block in every if not (outermost and id(block) in inner)]

    def page(self, title: str, body: str) -> str:
        """Render a whole page: front matter, title and body."""
        return self.body("page.md.j2", title=title, body=body)


def verbatim(text: str) -> Markup:
    """Keep an author's Markdown as it is, blank lines included."""
    return Markup(text.replace("\n", _KEPT_NEWLINE))  # noqa: S704
