"""The record of a comparison of two models on the same pictures, published as its ``results.json``.

Wherever there are two of something, the first is of the first model and the second of the other.
"""

# No postponed annotations here: the check of records resolves these types.

from typing import TypedDict

from mkdocs_lurk.records.model_record import Skipped

COMPARISON_SCHEMA = "mkdocs-lurk/comparison/1"

FilterPair = tuple[str, int, str, int, float]
"""Layer and index of a filter of the first model, of one of the second, and the correlation of their responses."""


class ComparedModel(TypedDict):
    """A model by its name and its title; ``weights_digest`` is empty if it is not to be known."""

    name: str
    title: str
    weights_digest: str


class ChangedPicture(TypedDict):
    """A picture that one model names right and the other does not: its class, and what each takes it for."""

    image: int
    label: str
    taken: list[str]


class AccuracyComparison(TypedDict):
    """How often each model names the class of the same pictures.

    Attributes:
        n: Pictures on which both were evaluated.
        right: How many of them each names right.
        gained: Those that the second alone names right.
        lost: Those that the first alone names right.
        p: McNemar's test, exact and two-sided: how likely so unequal numbers of gained and lost pictures are if both
            models are right equally often.
    """

    n: int
    right: list[int]
    gained: list[ChangedPicture]
    lost: list[ChangedPicture]
    p: float


class ComparedLayer(TypedDict):
    """What became of one layer's filters in the other model.

    Attributes:
        name: Dotted name.
        filters: How many.
        constant: Those whose response is the same to all pictures, which match nothing.
        matched: Those with a match in the other model, whatever its layer.
        best: The median, over the filters that are not constant, of the highest correlation with any filter of the
            other model; None if all are constant.
        same: The median correlation with the filter of the same number, if the other model has a layer of this name
            with as many filters; None if not.
    """

    name: str
    filters: int
    constant: int
    matched: int
    best: float | None
    same: float | None


class CkaRecord(TypedDict):
    """Linear CKA of every layer of the first model (rows) with every layer of the second (columns).

    Attributes:
        pictures: How many it is computed on.
        values: -1 to 1; None for a layer whose responses are the same to all pictures.
    """

    pictures: int
    values: list[list[float | None]]


class ComparisonRecord(TypedDict):
    """Two models on the same pictures.

    Attributes:
        schema: ``COMPARISON_SCHEMA``.
        models: The two.
        pictures: On how many pictures responses are compared.
        accuracy: How often each is right.
        chance: The correlation above which a match counts: 99 of 100 filters find no higher one if the pictures of the
            other model are shuffled.
        layers: Of each model, in the order in which they run.
        matches: Filters that are each other's best match, above chance; the highest correlation first.
        changed: Of each model, the analysed filters whose best correlation with any filter of the other model is
            lowest, with that filter; the lowest first.
        cka: How alike layers order the pictures; skipped where there are too few.
    """

    schema: str
    models: list[ComparedModel]
    pictures: int
    accuracy: AccuracyComparison | Skipped
    chance: float
    layers: list[list[ComparedLayer]]
    matches: list[FilterPair]
    changed: list[list[FilterPair]]
    cka: CkaRecord | Skipped
