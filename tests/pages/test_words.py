"""The words of other languages: every row is whole and still in use, and nothing else is changed."""

from __future__ import annotations

import json
from pathlib import Path

from mkdocs_lurk.pages.words import TABLE, Words

ROOT = Path(__file__).parents[2]
PLAIN = (
    *("Convolution {}", "Convolution {}: filter {}", "Hide dead filters ({})", "Hide duplicates ({})", "{} % sure"),
    *("✓ Set {}", "✓ Set {}, your choice"),
    *("Response {}: {}. Rank {} among its best {}.", "The network says: {}. {} ms for this picture."),
    *("{}, was {}", "{} (was {})", "{}, kept one {}", "{} (kept one {})"),
    *(
        f"{{}} of {{}} {n} of {{}} {what}: {{}}"
        for n in ("pictures", "picture")
        for what in ("are taken for {}", "is taken for {}", "are named right", "is named right")
    ),
)
"""Texts that are put together of parts."""


def test_every_row_has_all_languages_with_the_same_places() -> None:
    rows = json.loads(TABLE.read_text("utf-8"))
    for english, row in rows.items():
        assert set(row) == {"de", "fr"}, english
        assert all(words.count("{}") == english.count("{}") for words in row.values()), english


def test_every_row_is_in_use() -> None:
    sources = [*(ROOT / "mkdocs_lurk").rglob("*.py"), *(ROOT / "mkdocs_lurk").rglob("*.j2")]
    sources += [*(ROOT / "mkdocs_lurk").rglob("definitions.json"), *(ROOT / "assets" / "gallery" / "src").rglob("*.ts")]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    for english in json.loads(TABLE.read_text("utf-8")):
        parts = [part.strip() for part in english.split("{}") if len(part.strip()) > 2]
        assert english in PLAIN or all(part in text or part.lower() in text for part in parts), english


def test_texts_and_attributes_are_translated_and_code_stays() -> None:
    words = Words.of("de_AT")
    assert words.translate(" Filter 3 of Convolution 2\n") == " Filter 3 von Faltung 2\n"
    assert words.translate_html(
        '<p title="Crops &amp; more">Crops <b data-x="Crops" title="Crops">dead</b></p>'
        "<code>Crops</code><!-- <i>Crops</i> -->"
    ) == (
        '<p title="Crops &amp; more">Ausschnitte <b data-x="Crops" title="Ausschnitte">ohne Antwort</b></p>'
        "<code>Crops</code><!-- <i>Crops</i> -->"
    )
    hostile = "<p>Filter &lt;img src=x&gt; of &quot;a&quot;</p>"
    assert words.translate_html(hostile) == '<p>Filter &lt;img src=x&gt; von "a"</p>'
    assert Words.of("en").translate_html(hostile) == hostile
    assert Words.of("xx").table == {}
