"""What the script of a quiz holds; each type has a twin in ``assets/gallery/src/data/schema/``."""

# No postponed annotations here: the tests resolve these types.

from typing import TypedDict

from mkdocs_lurk.pages.data.script_records import PackedPicture
from mkdocs_lurk.records.response_records import BoxList

QuizCrop = tuple[int, float, PackedPicture, BoxList, BoxList | None]
"""An image, the filter's response, its photo, the part to show and the box to mark, if any; both in px of the photo."""


class QuizLayer(TypedDict):
    """A layer that questions are about."""

    name: str
    slug: str
    title: str


class QuizQuestion(TypedDict):
    """A filter with crops that show what excites it, and two sets of held-out crops.

    Attributes:
        layer: The layer's place in the quiz's list.
        name: What the filter is called, if it has a name.
        shown: The crops to learn from.
        strong: Crops that excite the filter.
        weak: Crops that do not.
    """

    layer: int
    filter: int
    name: str | None
    synthesis: PackedPicture | None
    shown: list[QuizCrop]
    strong: list[QuizCrop]
    weak: list[QuizCrop]


class QuizData(TypedDict):
    """``quiz.js``: the questions of the quiz."""

    model: str
    title: str
    layers: list[QuizLayer]
    questions: list[QuizQuestion]
    sheets: list[str]
