"""What the template of the page with all pictures receives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.picture_cards import PictureCards
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.model_record import ImageRecord

MOST_PICTURES = 600
"""Pictures on the page at most: of more, the first ones of each class."""
_SHOWN_PX = 72


@dataclass(frozen=True)
class ShownPhoto:
    """A picture of the list; ``view`` is None for one that is not shown."""

    image: int
    path: str
    view: SvgPicture | None


@dataclass(frozen=True)
class PictureGroup:
    """The pictures of a class; ``label`` is empty for those without one."""

    label: str
    pictures: tuple[ShownPhoto, ...]
    left_out: int


@dataclass(frozen=True)
class PicturesPage:
    """What ``lurk/pictures.md.j2`` receives as ``page``."""

    about: DeclaredModel
    n: int
    groups: tuple[PictureGroup, ...]


def pictures_page(model: PublishedModel) -> PicturesPage:
    """List the pictures of a model that could be read, by class."""
    readable = [image for image in model.record["images"] if "skipped" not in image]
    by_label: dict[str, list[ImageRecord]] = defaultdict(list)
    for image in readable:
        by_label[image["label"] or ""].append(image)
    labels = sorted(by_label, key=lambda label: (not label, label))
    each = _share([len(by_label[label]) for label in labels], MOST_PICTURES)
    cards = PictureCards(model, None, {}, "..")
    groups = []
    for label in labels:
        own = by_label[label]
        shown = tuple(
            ShownPhoto(
                image["id"],
                image["path"],
                cards.view(model.photos.thumbnails[image["id"]], image["path"], _SHOWN_PX),
            )
            for image in own[:each]
        )
        groups.append(PictureGroup(label, shown, len(own) - len(shown)))
    return PicturesPage(model.declared, len(readable), tuple(groups))


def _share(counts: Sequence[int], most: int) -> int:
    """Return the largest number of pictures of each class with which there are no more than ``most``, at least one."""
    low, high = 1, max(counts, default=1)
    while low < high:
        middle = (low + high + 1) // 2
        if sum(min(count, middle) for count in counts) <= most:
            low = middle
        else:
            high = middle - 1
    return low
