"""What of a model's pictures may be published: all of them, thumbnails, or nothing; a choice for each of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, get_args

from mkdocs_lurk.config.validation import quoted, read_int
from mkdocs_lurk.errors import ConfigError, near

Mode = Literal["full", "thumbnails", "none"]
MODES: tuple[Mode, ...] = get_args(Mode)
PICTURE_FORMS = "full, thumbnails, {thumbnails: PX}, none, or a mapping of globs over paths, or label:GLOB, to these"

LABEL = "label:"
"""What a pattern over labels begins with."""
THUMBNAIL_PX = 64
"""The longer side of a thumbnail, at most, where the author names none."""
_MOST_THUMBNAIL_PX = 1024
_MOST_COMPARED = 2000
"""Names that are compared with a wrong pattern, at most: of a million pictures that would take minutes."""


@dataclass(frozen=True, slots=True)
class PictureRule:
    """What may be shown of the pictures that a pattern fits.

    Attributes:
        pattern: A glob over pictures' paths, or over their labels after ``label:``.
        mode: ``full``, ``thumbnails`` or ``none``.
        thumbnail_px: The longer side of a thumbnail, at most.
    """

    pattern: str
    mode: Mode
    thumbnail_px: int = THUMBNAIL_PX

    @property
    def is_about_labels(self) -> bool:
        """Whether the pattern is one over labels."""
        return self.pattern.startswith(LABEL)

    def fits(self, path: str | None, label: str | None) -> bool:
        """Return whether the rule is about a picture; letters with accents are the same however they are encoded.

        Of a picture whose path is not known (None), only a rule over labels and ``*`` are known to be about it.
        """
        if path is None and not self.is_about_labels:
            return self.pattern == "*"
        if self.is_about_labels:
            return label is not None and fnmatchcase(_composed(label), _composed(self.pattern.removeprefix(LABEL)))
        return fnmatchcase(_composed(path or ""), _composed(self.pattern))


@dataclass(frozen=True, slots=True)
class PictureRules:
    """The rules for a model's pictures: the first that fits counts; a picture that none fits is shown in full."""

    rules: tuple[PictureRule, ...] = ()

    @property
    def hide_anything(self) -> bool:
        """Whether there is a rule that holds something back."""
        return any(rule.mode != "full" for rule in self.rules)

    def rule_of(self, path: str | None, label: str | None) -> PictureRule:
        """Return the rule that counts for a picture.

        Args:
            path: None for a picture of a bundle whose path was left out there. A pattern over paths that comes before
                what fits it decided when the bundle was packed, so that nothing more is held back.
            label: None for a picture without one.
        """
        for rule in self.rules:
            if path is None and not rule.is_about_labels and rule.pattern != "*":
                break
            if rule.fits(path, label):
                return rule
        return PictureRule("*", "full")

    def check(self, pictures: Iterable[tuple[str | None, str | None]], path: str) -> tuple[str, ...]:
        """Check that every pattern fits a picture, since one with a slip of the pen would hide nothing.

        Args:
            pictures: Path and label of all pictures; the path is None where a bundle left it out.
            path: The path of the key ``pictures``, for the message.

        Returns:
            Patterns that hold something back and fit no picture that has a path; they may fit one that has none.

        Raises:
            ConfigError: A pattern fits none.
        """
        known = list(pictures)
        unchecked = []
        for rule in self.rules:
            if rule.pattern == "*" or any(rule.fits(*picture) for picture in known):
                continue
            if not rule.is_about_labels and any(name is None for name, _ in known):
                unchecked += [rule.pattern] if rule.mode != "full" else []
                continue
            kind = "label" if rule.is_about_labels else "path"
            names = {label if kind == "label" else name for name, label in known} - {None}
            near_names = sorted(str(name) for name in names)[:_MOST_COMPARED]
            hint = near(rule.pattern.removeprefix(LABEL), near_names) or f"; give a glob over the pictures' {kind}s"
            raise ConfigError(f"{path}[{rule.pattern!r}]: no picture has such a {kind}{hint}")
        return tuple(unchecked)


SHOW_ALL = PictureRules()


def read_pictures(value: object, path: str) -> PictureRules:
    """Read what of the pictures may be shown.

    Args:
        value: What was declared: one choice for all pictures, or a mapping from patterns to choices.
        path: The key's path.

    Raises:
        ConfigError: It is none of the forms. Nothing (``pictures:`` without a value) is none of them, either.
    """
    if isinstance(value, Mapping) and set(value) != {"thumbnails"}:
        if not value:
            raise ConfigError(f"{path}: the mapping is empty; give {PICTURE_FORMS}")
        rules = tuple(_read_rule(pattern, choice, path) for pattern, choice in value.items())
        if any(rule.pattern == "*" for rule in rules[:-1]):
            raise ConfigError(
                f"{path}: what comes after '*' never counts, since the first pattern that fits does; put '*' last"
            )
        return PictureRules(rules)
    return PictureRules((_read_choice("*", value, path),))


def _read_rule(pattern: object, choice: object, path: str) -> PictureRule:
    if not isinstance(pattern, str) or not pattern.removeprefix(LABEL):
        raise ConfigError(f"{path}: {quoted(pattern)} is no pattern; give a glob in quotes, such as 'private/*'")
    return _read_choice(pattern, choice, f"{path}[{pattern!r}]")


def _read_choice(pattern: str, value: object, path: str) -> PictureRule:
    if isinstance(value, Mapping) and set(value) == {"thumbnails"}:
        what = f"the longer side of a thumbnail, 1 to {_MOST_THUMBNAIL_PX} px"
        thumbnail_px = read_int(value["thumbnails"], f"{path}.thumbnails", 1, what, _MOST_THUMBNAIL_PX)
        return PictureRule(pattern, "thumbnails", thumbnail_px)
    for mode in MODES:
        if value == mode:
            return PictureRule(pattern, mode)
    hint = near(value, MODES) if isinstance(value, str) else ""
    raise ConfigError(f"{path}: {quoted(value)} is not known{hint or '; give ' + PICTURE_FORMS}")


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
