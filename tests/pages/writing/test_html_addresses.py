"""Addresses in attributes are replaced, whatever wrote the tag; text, code and scripts are left alone."""

from __future__ import annotations

import pytest

from mkdocs_lurk.pages.writing.html_addresses import left_in_text, pin_addresses, resolve_addresses


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="lurk:net#1" title="lurk:net">x</a>', '<a href="(lurk:net#1)" title="lurk:net">x</a>'),
        ("<a class=b href=lurk:net>x</a>", '<a class=b href="(lurk:net)">x</a>'),
        ("<a\nhref='lurk:net/a'>x</a>", '<a\nhref="(lurk:net/a)">x</a>'),
        ('<image xlink:href="lurk-file&#58;a/b.webp"/>', '<image xlink:href="(lurk-file:a/b.webp)"/>'),
        ('<a href="lurk-card:net/x.png">', '<a href="(lurk-card:net/x.png)">'),
        ('<code>&lt;a href="lurk:net"&gt;</code>', '<code>&lt;a href="lurk:net"&gt;</code>'),
        ('<p title="a href=lurk:net >">lurk:net</p>', '<p title="a href=lurk:net >">lurk:net</p>'),
        ("<script>'<a href=\"lurk:net\">'</script>", "<script>'<a href=\"lurk:net\">'</script>"),
        ('<!-- <a href="lurk:net"> -->', '<!-- <a href="lurk:net"> -->'),
        ('<a href="https://lurk:net">', '<a href="https://lurk:net">'),
    ],
)
def test_addresses_in_attributes_are_replaced(html: str, expected: str) -> None:
    assert resolve_addresses(html, lambda name, address: f'{name}="({address})"') == expected


def test_an_attribute_can_be_left_out() -> None:
    assert resolve_addresses('<a href="lurk:net">x</a>', lambda name, address: "") == "<a>x</a>"


def test_what_nobody_made_a_link_is_found_in_text_alone() -> None:
    html = '<p>lurk:net/a and lurk: a word</p><pre>lurk:b</pre><code>lurk:c</code><a href="lurk:d">x</a> unlurk:e'
    assert left_in_text(html) == ["lurk:net/a"]


def test_pictures_and_data_of_a_page_that_is_copied_are_named_under_the_site() -> None:
    html = (
        '<lurk-gallery data-src="layer.js"></lurk-gallery><image xlink:href="../photos-0.webp"/>'
        '<image xlink:href="lurk-file:models/a.webp"/><image xlink:href="https://a/b"/><a href="layer.js">x</a>'
    )
    assert pin_addresses(html, "models/net/conv1") == (
        '<lurk-gallery data-src="lurk-file:models/net/conv1/layer.js"></lurk-gallery>'
        '<image xlink:href="lurk-file:models/net/photos-0.webp"/>'
        '<image xlink:href="lurk-file:models/a.webp"/><image xlink:href="https://a/b"/><a href="layer.js">x</a>'
    )
