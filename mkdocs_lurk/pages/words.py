"""Numbers and facts in the words of the pages; figures are rounded to what they are worth."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

TIMES = "\N{MULTIPLICATION SIGN}"
_KINDS = {"Conv2d": "convolution", "ConvTranspose2d": "transposed convolution", "Linear": "linear", "tokens": "tokens"}
GRADIENTS = {
    "guided": "guided backpropagation (Springenberg et al. 2015, arXiv:1412.6806)",
    "deconv": "deconvolution (Zeiler and Fergus 2014, arXiv:1311.2901)",
    "saliency": "the plain gradient (Simonyan et al. 2014, arXiv:1312.6034)",
}


def score(value: float | None) -> str:
    """A response with three figures: ``21.5``, ``0.0123``, ``1,230``; a dash where there is none."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 0.001:
        return f"{value:.3g}"
    return f"{value:.1e}"


def count(value: int) -> str:
    """A number of things: ``1.24 million``, ``12,345``."""
    for scale, word in ((10**9, "billion"), (10**6, "million")):
        if value >= scale:
            return f"{value / scale:.3g} {word}"
    return f"{value:,}"


def plural(value: int, word: str) -> str:
    """``1 filter``, ``3 filters``."""
    return f"{value:,} {word}" if value == 1 else f"{value:,} {word}s"


def shape(sizes: Sequence[int]) -> str:
    """``64 x 111 x 111``, with the sign of multiplication."""
    return f" {TIMES} ".join(str(size) for size in sizes)


def sentence(note: str | None) -> str:
    """A note as a sentence, sizes with the sign of multiplication; nothing where there is no note."""
    text = re.sub(r"(?<=\d) x (?=\d)", f" {TIMES} ", (note or "").strip())
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}." if text else ""


def percent(share: float) -> str:
    """``0.583`` as ``58.3 %``."""
    return f"{share * 100:.3g} %"


def kind(name: str) -> str:
    """A layer's kind in words, where there are any."""
    return _KINDS.get(name, name)


def field(receptive_field: Mapping[str, Any] | None) -> str:
    """A receptive field in words: ``7 × 7 px``, ``about 120 × 120 px``, ``the whole picture``."""
    if not receptive_field or "size" not in receptive_field:
        return "unknown"
    status = receptive_field.get("status")
    if status == "whole":
        return "the whole picture"
    size = f"{shape(receptive_field['size'])} px"
    return f"about {size}" if status == "effective" else size


def skipped(value: Any) -> str | None:
    """Why a result is missing; None where it is there, or was not asked for."""
    return str(value["skipped"]) if isinstance(value, Mapping) and "skipped" in value else None


def present(value: Any) -> TypeGuard[Any]:
    """Whether a result is there: neither absent nor skipped."""
    return value is not None and skipped(value) is None
