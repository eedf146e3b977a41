"""Format numbers and facts as the pages show them, with as many digits as they are worth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from mkdocs_lurk.records.evaluation_record import EvaluationRecord
from mkdocs_lurk.records.model_record import ReceptiveFieldRecord

TIMES = "\N{MULTIPLICATION SIGN}"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_KIND_NAMES = {
    "Conv2d": "convolution",
    "ConvTranspose2d": "transposed convolution",
    "Linear": "linear",
    "tokens": "tokens",
}
GRADIENT_METHODS = {
    "guided": "guided backpropagation (Springenberg et al. 2015, arXiv:1412.6806)",
    "deconv": "deconvolution (Zeiler and Fergus 2014, arXiv:1311.2901)",
    "saliency": "the plain gradient (Simonyan et al. 2014, arXiv:1312.6034)",
}


def score(value: float | None) -> str:
    """Format a response with up to three digits: ``21.5``, ``0.012``, ``1,230``; None gives a dash.

    ``assets/gallery/src/numbers.ts`` formats alike: ``assets/gallery/test/numbers.json`` has the cases of both.
    """
    if value is None:
        return "-"
    size = abs(value)
    if size == 0 or size >= 0.1:
        return fixed(value, 0 if size >= 100 else 1 if size >= 10 else 2)
    digits, exponent = f"{value:.1e}".split("e")
    if size < 0.001:
        return f"{with_minus(digits)} {TIMES} 10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    return fixed(value, 1 - int(exponent))


def ratio(value: float | None) -> str:
    """Format a ratio with two digits: ``2.4``, ``22``; None gives a dash."""
    return "-" if value is None else fixed(value, 0 if value >= 10 else 1)


def fixed(value: float, decimals: int = 2) -> str:
    """Format a number with so many decimals, halves away from zero, and a true minus sign: ``\N{MINUS SIGN}0.31``."""
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return with_minus(f"{abs(rounded) if rounded == 0 else rounded:,}")


def with_minus(number: str) -> str:
    """Write a number's hyphen as a minus sign."""
    return number.replace("-", "\N{MINUS SIGN}")


def count(value: int) -> str:
    """Format a number of things: ``1.24 million``, ``12,345``."""
    for scale, word in ((10**9, "billion"), (10**6, "million")):
        if value >= scale:
            return f"{value / scale:.3g} {word}"
    return f"{value:,}"


def bytes_size(value: int) -> str:
    """Format a number of bytes: ``4.94 MB``, ``802 kB``, ``12 bytes``; a kB is 1,000 bytes."""
    for scale, word in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if value >= scale:
            return f"{value / scale:.3g} {word}"
    return plural(value, "byte")


def duration(seconds: float) -> str:
    """Format a time: ``12.3 ms``, ``1.5 s``."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


def enumeration(names: Sequence[str]) -> str:
    """List names, one at least, in a sentence: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def plural(value: int, word: str) -> str:
    """Format a number with its noun: ``1 filter``, ``3 filters``."""
    return f"{value:,} {word}" if value == 1 else f"{value:,} {word}s"


def shape(sizes: Sequence[int]) -> str:
    """Format a tensor's shape: ``64 x 111 x 111``, with the multiplication sign."""
    return f" {TIMES} ".join(str(size) for size in sizes)


def sentence(note: str) -> str:
    """Format a note as a sentence, with multiplication signs between sizes; an empty note stays empty."""
    text = re.sub(r"(?<=\d) x (?=\d)", f" {TIMES} ", note.strip())
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}." if text else ""


def percent(share: float) -> str:
    """Format ``0.583`` as ``58.3 %``."""
    return f"{share * 100:.3g} %"


def with_interval(share: float, interval: Sequence[float]) -> str:
    """Format a share with its 95 % interval: ``58.3 % (95 % interval: 52 to 64.4 %)``."""
    low, high = (percent(edge).removesuffix(" %") for edge in interval)
    return f"{percent(share)} (95 % interval: {low} to {high} %)"


def accuracy(evaluation: EvaluationRecord) -> str:
    """Say in one sentence how often a network is right."""
    share = with_interval(evaluation["top1"], evaluation["top1_interval"])
    text = f"The first guess is right for {share} of {plural(evaluation['n'], 'picture')} with a known class"
    if "top5" in evaluation:
        text += f", and one of the first five for {with_interval(evaluation['top5'], evaluation['top5_interval'])}"
    return text + "."


def layer_kind(kind: str) -> str:
    """Return the plain name of a layer's kind, or the kind itself if it has none."""
    return _KIND_NAMES.get(kind, kind)


def receptive_field(field: ReceptiveFieldRecord) -> str:
    """Format a receptive field: ``7 × 7 px``, ``about 120 × 120 px``, ``the whole picture``."""
    if field["status"] == "whole":
        return "the whole picture"
    size = f"{shape(field['size'])} px"
    return f"about {size}" if field["status"] == "effective" else size


def describe_unseen(unseen: Sequence[str]) -> str:
    """Say which inputs of an analysis are not at hand, so that its results could not be compared with them."""
    names = unseen[0] if len(unseen) == 1 else f"{', '.join(unseen[:-1])} and {unseen[-1]}"
    plural = len(unseen) > 1 or unseen[0].endswith((" pictures", " files"))
    return f"Not compared with the network here: {names} {'are' if plural else 'is'} not at hand."
