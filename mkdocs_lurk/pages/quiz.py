"""The questions of the quiz "Guess the filter": which of two sets of held-out crops excites a filter?

Whether people can say so tells how well the pictures explain the filter (Borowski et al. 2021, arXiv:2010.12606;
Zimmermann et al. 2021, arXiv:2106.12447). As there, the crops to judge are of photos that are not among those shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mkdocs_lurk.pages.data.quiz_records import QuizCrop, QuizData, QuizLayer, QuizQuestion
from mkdocs_lurk.pages.data.scripts import SheetList
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.highlights.shown import CONTEXT_PX
from mkdocs_lurk.pages.model_records import is_dead, shows_preference
from mkdocs_lurk.pages.pictures.layer_pictures import LayerPictures, picture_key
from mkdocs_lurk.pages.pictures.sheets import scale_box
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.model_record import FilterRecord
from mkdocs_lurk.records.record_format import round_floats
from mkdocs_lurk.records.response_records import BoxList

MOST_QUESTIONS = 200
LEAST_QUESTIONS = 5
ROUND = 10
"""Questions of a round; the twin of ``ROUND`` in ``assets/gallery/src/quiz/round.ts``."""
_SET_SIZE, _MOST_SHOWN = 2, 8
_STRONG, _WEAK = (0.99, 0.9), (0.0, 0.25)


@dataclass(frozen=True)
class JudgedCrop:
    """A crop of a question: the image's id, the filter's response, and its box with what that is."""

    image: int
    score: float
    box: BoxList
    is_exact: bool


@dataclass(frozen=True)
class Question:
    """A filter's crops to learn from, and two sets of crops to judge, equally many."""

    shown: tuple[JudgedCrop, ...]
    strong: tuple[JudgedCrop, ...]
    weak: tuple[JudgedCrop, ...]

    @property
    def crops(self) -> tuple[JudgedCrop, ...]:
        """All crops."""
        return self.shown + self.strong + self.weak


@dataclass(frozen=True)
class QuizPage:
    """What ``lurk/quiz.md.j2`` receives as ``page``."""

    about: DeclaredModel
    n: int
    round: int


class QuizWriter:
    """Gathers questions while the layers of a model are written.

    Args:
        model: The model; the files of its photos are written.
    """

    def __init__(self, model: PublishedModel) -> None:
        self._model, self._sheets = model, SheetList()
        self._n_each = max(1, MOST_QUESTIONS // max(1, len(model.record["layers"])))
        self._layers: list[QuizLayer] = []
        self._questions: list[QuizQuestion] = []

    def add(self, layer: int, filters: Sequence[FilterRecord], pictures: LayerPictures) -> None:
        """Add questions of a layer, given by its place in the model's list: filters at even distances."""
        entry = self._model.record["layers"][layer]
        title = self._model.titles[entry["name"]]
        self._layers.append({"name": entry["name"], "slug": entry["slug"], "title": title})
        shows = [region is not None for region in self._model.photos.regions]
        asked = [(item, question) for item in filters if (question := ask(item, shows)) is not None]
        step = max(1.0, len(asked) / self._n_each)
        for n in range(min(self._n_each, len(asked))):
            item, question = asked[int(n * step)]
            self._questions.append(self._packed(layer, item, question, pictures))

    def data(self) -> QuizData | None:
        """Return the quiz; None if there are too few questions."""
        if len(self._questions) < LEAST_QUESTIONS:
            return None
        declared = self._model.declared
        return {
            "model": declared.name,
            "title": declared.title,
            "layers": self._layers,
            "questions": self._questions,
            "sheets": self._sheets.names,
        }

    def page(self) -> QuizPage:
        """Return what the quiz's page says."""
        return QuizPage(self._model.declared, len(self._questions), min(ROUND, len(self._questions)))

    def _packed(self, layer: int, item: FilterRecord, question: Question, pictures: LayerPictures) -> QuizQuestion:
        name = self._model.names.name(self._model.record["layers"][layer]["name"], item["index"])
        synthesis = item.get("max_activ")
        region = pictures.regions[picture_key(synthesis["picture"])] if shows_preference(synthesis) else None
        boxes = [crop.box for crop in question.crops]
        side = max(CONTEXT_PX, *(edge for box in boxes for edge in (box[2] - box[0], box[3] - box[1])))
        marks = all(crop.is_exact for crop in question.crops)
        shown, strong, weak = (
            [self._packed_crop(crop, side, marks=marks) for crop in crops]
            for crops in (question.shown, question.strong, question.weak)
        )
        return {
            "layer": layer,
            "filter": item["index"],
            "name": name,
            "synthesis": self._sheets.pack_optional(region),
            "shown": shown,
            "strong": strong,
            "weak": weak,
        }

    def _packed_crop(self, crop: JudgedCrop, side: int, *, marks: bool) -> QuizCrop:
        """Return a crop as a part of its photo: all crops of a question have one size, or their shape would tell."""
        photos = self._model.photos
        frame, region = photos.frame(crop.image), photos.regions[crop.image]
        if region is None:
            raise ValueError(f"picture {crop.image} is not published")
        size = region.height, region.width
        window = square_window(crop.box, frame, side)
        mark = scale_box(crop.box, frame, size) if marks and crop.box != window else None
        return crop.image, round_floats(crop.score), self._sheets.pack(region), scale_box(window, frame, size), mark


def ask(item: FilterRecord, shows: Sequence[bool] | Mapping[int, bool]) -> Question | None:
    """Choose the crops of a question about a filter; None where there is nothing to ask.

    Shown are the strongest crops but the last. To judge are the last, with the crop at 99 % or 90 % of the responses,
    against the weakest, with that at 25 %: as many of both, two at most. No photo stands in a question twice, and the
    filter responds to every crop of the first set positively and more than to any of the second.

    Args:
        item: The filter.
        shows: By its id, whether a photo is published.
    """
    best = [
        JudgedCrop(one["image"], one["score"], one["box"], one["field"] == "exact")
        for one in item.get("top_max", [])
        if shows[one["image"]]
    ]
    if is_dead(item) or len(best) < 2:
        return None
    shown = best[:-1][:_MOST_SHOWN]
    used = {one["image"] for one in item["top_max"]}
    strong = [best[-1], *_at(item, _STRONG, used, shows)][:_SET_SIZE]
    weak = _at(item, _WEAK, used | {crop.image for crop in strong}, shows)[:_SET_SIZE]
    n = min(len(strong), len(weak))
    strong, weak = strong[:n], weak[:n]
    is_clear = n > 0 and min(crop.score for crop in strong) > max(0.0, *(crop.score for crop in weak))
    return Question(tuple(shown), tuple(strong), tuple(weak)) if is_clear else None


def square_window(box: BoxList, frame: Sequence[int], side: int) -> BoxList:
    """Return a square of a side around a box, moved into the photo and no larger than it, in px.

    Args:
        box: No side is longer than ``side``.
        frame: Height and width of the photo.
        side: The side of the square.
    """
    starts, ends = [], []
    for axis in (0, 1):
        length = min(side, frame[axis])
        start = min(max(0, (box[axis] + box[axis + 2] - length) // 2), frame[axis] - length)
        starts.append(start)
        ends.append(start + length)
    return [*starts, *ends]


def _at(
    item: FilterRecord, quantiles: Sequence[float], used: set[int], shows: Sequence[bool] | Mapping[int, bool]
) -> list[JudgedCrop]:
    """Return the crops of a filter's range at some quantiles, in that order, of published photos that are not used."""
    crops: list[JudgedCrop] = []
    for quantile in quantiles:
        for one in item.get("range", []):
            top, left, bottom, right = one["box"]
            is_new = one["image"] not in used and all(crop.image != one["image"] for crop in crops)
            is_seen = shows[one["image"]] and top < bottom and left < right
            if one["quantile"] == quantile and "of" not in one and is_new and is_seen:
                crops.append(JudgedCrop(one["image"], one["score"], one["box"], one["field"] == "exact"))
    return crops
