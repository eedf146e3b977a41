"""Model cards: metadata and text of other people, rendered on a page of the author's."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random

import yaml

from tests.fuzz.markup import foreign_schemes, pages, read_page
from tests.fuzz.sites import Sites
from tests.fuzz.texts import PAYLOADS, hostile_text, spoiled
from tests.fuzz.watch import Watch

_GOOD = """---
license: mit
tags: [a, b]
---

# T

Text [x](https://a.example).

## Part

| a | b |
| - | - |
| 1 | 2 |

- one
    - two
"""
_DEEP = (
    "[",
    "(",
    "*",
    "_",
    "> ",
    "- ",
    "`",
    "![",
    "<b>",
    "<div>",
    "<details>",
    "&",
    "[a](",
    "**a ",
    "1. ",
    "    ",
    "|",
    "~",
    "<",
)
_YAML = (
    "a: &a [*a]", "a: &a {b: *a}", "? [a, b]\n: c", "a: !!python/object/apply:os.system ['touch x']", "a: !!binary x",
    "a: 2024-13-45", "a: 2024-01-01", "a: .nan", "a: .inf", "a: 0x_", "a: !!set {b}", "- a", "text", "a: b: c",
    "\ta: b", "a: |\n  x",
    "model-index: 3", "model-index: [{results: [{metrics: [3]}]}]", "model-index: [{results: 3}]",
    "model-index: [{results: [{dataset: 3, metrics: [{value: 1}]}]}]",
    "model-index: [{results: [{metrics: {a: b}}]}]",
    "model-index: {a: b}", "1: 2", "null: x", "true: x", "tags: {a: {b: {c: d}}}", "license: [[[[]]]]",
    "a: " + "[" * 2000, "a: " + "9" * 5000, "'" + "k" * 5000 + "': v", "a: \"\\x1b[2J\"", "a: \"\\uD800\"", "a: *b",
    "%YAML 9.9",
)  # fmt: skip


def attack(random: Random, root: Path, sites: Sites) -> Watch:
    site = sites.fake(root)
    (root / "cards").mkdir()
    (root / "cards" / "card.md").write_bytes(card(random))
    site.made.declare(
        {
            "models": [
                {
                    "name": "small", "title": "T", "source": "torchvision:squeezenet1_1", "images": "photos",
                    "card": "cards/card.md",
                }
            ]
        },
        markdown_extensions=["attr_list", "md_in_html", "admonition"],
    )  # fmt: skip
    outcome = site.run(site.build)
    if outcome == "accepted":
        check_pages(root / "site", sites.active)
    return site.watch


def card(random: Random) -> bytes:
    """Return the bytes of a card."""
    kind = random.randrange(6)
    if kind == 0:
        return spoiled(_GOOD.encode(), random)
    if kind == 1:
        deep = random.choice(_DEEP)
        end = random.choice(("", deep[::-1], "\n", "a"))
        return (deep * random.choice((30, 300, 3000)) + end).encode()
    if kind == 2:
        lines = "\n".join(random.sample(_YAML, random.choice((1, 1, 2))))
        return f"---\n{lines}\n---\n\n{hostile_text(random)}\n".encode("utf-8", "surrogatepass")
    if kind == 3:
        return bombs(random)
    metadata = {f"{hostile_text(random)[:200]}": [hostile_text(random)[:2000]] for _ in range(random.randint(0, 3))}
    body = random.choice(("\n\n", "\n", " ")).join(
        random.choice(PAYLOADS) if random.random() < 0.7 else hostile_text(random) for _ in range(random.randint(1, 12))
    )
    front = "".join(f"{json.dumps(key)}: {json.dumps(value)}\n" for key, value in metadata.items())
    wrap = random.choice(
        ("{}", "# {}", "> {}", "- {}", "| a |\n| - |\n| {} |", "<div>\n{}\n</div>", "```\n{}\n```", "```lurk\n{}\n```")
    )
    return f"---\n{front}---\n\n{wrap.replace('{}', body)}\n\nThe end.\n".encode("utf-8", "surrogatepass")


def bombs(random: Random) -> bytes:
    """Return a card that grows when it is read, or that is in another encoding."""
    lists = ["a0: &a0 [x, x, x, x, x, x, x, x]"]
    lists += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, random.choice((3, 9, 20)))]
    text = "---\n" + "\n".join(lists) + "\n---\n\nText.\n"
    return random.choice(
        (
            text.encode(),
            _GOOD.encode("utf-16"),
            _GOOD.replace("Text", "Tête").encode("latin-1"),
            b"\xef\xbb\xbf" + _GOOD.encode(),
            _GOOD.replace("\n", "\r\n").encode(),
            b"\x00" * 3000,
            b"",
            b"---\n",
            yaml.safe_dump({"a": hostile_text(random)}).encode(),
            ("# " + hostile_text(random) + "\n").encode("utf-8", "surrogatepass") * 200,
        )
    )


def check_pages(site: Path, before: Mapping[str, Counter[str]]) -> None:
    """Check that a card brought text, pictures and links only.

    Args:
        site: The built site.
        before: What the pages held without the card, by their addresses.
    """
    for path in pages(site):
        found = read_page(path.read_text("utf-8"))
        assert found.handlers == [], path
        assert foreign_schemes(found.addresses) == [], path
        assert found.active == before[path.relative_to(site).as_posix()], path
