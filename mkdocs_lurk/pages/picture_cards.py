"""Pictures with what the network says of them, and with the filters that rank them among their best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.data.script_records import PhotoRank
from mkdocs_lurk.pages.pictures.sheets import SheetRegion
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture, svg_picture
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.evaluation_record import EvaluatedPicture, EvaluationRecord

CARD_PX = 96
_SHOWN_FILTERS = 2


@dataclass(frozen=True)
class FilterLink:
    """A filter that ranks a picture among its best: its layer's title, its index, and its index with its name."""

    layer: str
    slug: str
    index: int
    filter: str


@dataclass(frozen=True)
class PictureCard:
    """A picture and what the network says of it.

    Attributes:
        image: Its id.
        view: None for a picture that is not shown.
        confidence: Empty where the network's outputs have no names, or are no probabilities of one choice.
    """

    image: int
    view: SvgPicture | None
    path: str
    own: str
    taken: str
    confidence: str
    filters: tuple[FilterLink, ...] = ()


class PictureCards:
    """Makes cards for one page.

    Args:
        model: The model; the files of its photos are written.
        evaluation: Its evaluation; None if there is none.
        ranks: For each picture the filters that rank it among their best, the most telling first.
        up: The way from the page's folder to the model's: ``..``, say.
    """

    def __init__(
        self,
        model: PublishedModel,
        evaluation: EvaluationRecord | None,
        ranks: Mapping[int, Sequence[PhotoRank]],
        up: str,
    ) -> None:
        self._model, self._ranks, self._up = model, ranks, up
        self._names = [] if evaluation is None else [one["name"] for one in evaluation["classes"]]
        self._is_sure = evaluation is not None and evaluation["outputs"] != "independent"

    def evaluated(
        self, picture: EvaluatedPicture, shown_px: int = CARD_PX, *, with_filters: bool = True
    ) -> PictureCard:
        """Return the card of an evaluated picture."""
        image, own, taken, confidence = picture
        filters = tuple(self._filters(image)) if with_filters else ()
        sure = formatting.percent(confidence) if self._is_sure else ""
        return self._card(image, self._names[own], self._names[taken], sure, filters, shown_px)

    def labelled(self, image: int, label: str) -> PictureCard:
        """Return the card of a picture that was not evaluated, with the network's first guess where that has a name."""
        guesses = self._model.record["images"][image].get("predictions", [])
        taken, sure = guesses[0] if guesses else (label, None)
        return self._card(image, label, taken, "" if sure is None else formatting.percent(sure), (), CARD_PX)

    def view(self, region: SheetRegion | None, text: str, shown_px: int) -> SvgPicture | None:
        """Show a region of a photo on the page; None if there is no picture of it."""
        if region is None:
            return None
        view = svg_picture(region, self._model.photos.sizes, text, shown_px)
        return replace(view, src=f"{self._up}/{view.src}")

    def _card(
        self, image: int, own: str, taken: str, sure: str, filters: tuple[FilterLink, ...], shown_px: int
    ) -> PictureCard:
        path = self._model.record["images"][image]["path"]
        view = self.view(self._model.photos.thumbnails[image], f"{path}: {own}", shown_px)
        return PictureCard(image, view, path, own, taken, sure, filters)

    def _filters(self, image: int) -> list[FilterLink]:
        layers = self._model.record["layers"]
        links = [
            FilterLink(
                self._model.titles[layers[layer]["name"]],
                layers[layer]["slug"],
                index,
                self._model.names.title(layers[layer]["name"], index),
            )
            for layer, index, *_ in self._ranks.get(image, ())
        ]
        return list(dict.fromkeys(links))[:_SHOWN_FILTERS]
