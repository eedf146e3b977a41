"""The words of generated pages in other languages: ``words.json`` has a row for each, with its translations.

Names and figures stand for themselves: ``{}`` in a row is any text. What has no row stays English, such as the long
explanations, and so does all that authors write.
"""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TABLE = Path(__file__).with_name("words.json")
_PIECE = re.compile(
    r"(?P<raw><!--.*?-->|<(?P<name>script|style|pre|code|textarea)\b.*?</(?P=name)\s*>)|(?P<tag><[^>]*>)|(?P<text>[^<]+)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r'(?P<before>\s(?:title|aria-label|placeholder|alt)=")(?P<value>[^"]*)(?=")')


@dataclass(frozen=True)
class Words:
    """The words of one language.

    Attributes:
        language: Its code.
        table: The translation of each text.
    """

    language: str
    table: Mapping[str, str]

    @classmethod
    @functools.cache
    def of(cls, language: str) -> Words:
        """Return the words of a language, ``de-AT`` being one of ``de``; none for one that has no column."""
        code = re.split(r"[-_]", language)[0].lower()
        rows: Mapping[str, Mapping[str, str]] = json.loads(TABLE.read_text("utf-8"))
        return cls(code, {english: row[code] for english, row in rows.items() if code in row})

    def translate(self, text: str) -> str:
        """Return a text in this language, with its blanks; as it is, if the table has no row for it."""
        words = text.strip()
        if not self.table or not words:
            return text
        found = self.table.get(words)
        if found is None:
            for pattern, translation in self._patterns:
                if match := pattern.fullmatch(words):
                    parts = iter(match.groups())
                    found = re.sub(r"\{\}", lambda _: self.translate(next(parts)), translation)  # noqa: B023
                    break
        return text if found is None else text.replace(words, found, 1)

    def translate_html(self, text: str) -> str:
        """Return HTML with its texts and the attributes that are read out translated; code stays as it is."""
        return _PIECE.sub(self._piece, text) if self.table else text

    def _piece(self, match: re.Match[str]) -> str:
        if match["text"]:
            return html.escape(self.translate(html.unescape(match["text"])), quote=False)
        return _ATTRIBUTE.sub(self._attribute, match["tag"]) if match["tag"] else match[0]

    def _attribute(self, match: re.Match[str]) -> str:
        return f"{match['before']}{html.escape(self.translate(html.unescape(match['value'])))}"

    @functools.cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """The rows with ``{}``, those with the most words first."""
        rows = sorted((row for row in self.table.items() if "{}" in row[0]), key=lambda row: -len(row[0]))
        return [(re.compile(re.escape(key).replace(r"\{\}", "(.+?)"), re.DOTALL), value) for key, value in rows]
