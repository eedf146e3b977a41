"""What units of work store as JSON, by stage; what is published of it is in ``records``."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict, final

from mkdocs_lurk.records.model_record import Robustness, WonBy
from mkdocs_lurk.records.response_records import BoxList


class ShardRecord(TypedDict):
    """Of the responses to a shard of pictures.

    Attributes:
        kept: The pictures whose responses are stored for statistics.
        skipped: Pictures that could not be read, each with the reason, which follows the picture's name.
        read: Those that could be read, as the rows of outputs list them; none if the network does not classify.
    """

    kept: list[int]
    skipped: list[tuple[int, str]]
    read: list[int]


class FacetCropsRecord(TypedDict):
    """Of the units that excite filters most on a chunk of pictures: the pictures."""

    images: list[int]


class StoredFacets(TypedDict):
    """Of one filter: as ``FacetsRecord``, with the rows of each kind among the filter's crops, the strongest first."""

    clarity: float
    polysemanticity: float | None
    chance: float
    groups: list[list[int]]
    clarities: list[float]
    others: list[list[tuple[int, float, float]]]


class FacetsUnitRecord(TypedDict):
    """Of a layer, by the index of each filter with enough crops."""

    filters: dict[str, StoredFacets]


class TuningUnitRecord(TypedDict):
    """Of a chunk of changed pictures: their ids."""

    images: list[int]


class TwinUnitRecord(TypedDict):
    """Of the twin's responses to a chunk of pictures: their ids."""

    images: list[int]


@final
class FailedTwin(TypedDict):
    """Stands in place of what the twin could not compute, and says why."""

    failed: str


class SanityRecord(TypedDict):
    """Of the gradients of a layer's filters: rank correlations with those of the twin, and of another filter."""

    twin: list[float]
    other: list[float]


class PathsUnitRecord(TypedDict):
    """Of the responses to syntheses: layer and index of their filters."""

    filters: list[tuple[str, int]]


class PhotosRecord(TypedDict):
    """Of a chunk of kept pictures: their ids."""

    images: list[int]


class StoredGradient(TypedDict, total=False):
    """What is stored beside a gradient's picture; no ``grad_size`` if there is none.

    Attributes:
        grad_size: ``[width, height]`` of the picture.
        grad_cosine: Its cosine to the computed gradient, over the channels that are shown.
        grad_skipped: Why there is no picture; absent if the unit's receptive field is padding.
    """

    box: BoxList
    field_box: BoxList
    grad_box: BoxList
    field: Literal["exact", "effective"]
    energy: float
    grad_size: list[int]
    grad_cosine: float
    grad_skipped: str


class GradientsRecord(TypedDict):
    """Of a chunk of pairs of a filter and a picture, in the order of the unit's items."""

    pairs: list[StoredGradient]


@final
class StoredSynthesis(TypedDict):
    """What is stored beside a synthesis; ``seen`` is its score on a clean pass, in the number format of the ascent."""

    seen: float
    steps: int
    seed: int
    robust: Robustness


@final
class FailedSynthesis(TypedDict):
    """Stands in place of a synthesis that could not be made, and says why."""

    failed: str


class SynthesesRecord(TypedDict):
    """Of a chunk of a layer's filters, by index."""

    layer: str
    filters: dict[str, StoredSynthesis | FailedSynthesis]


class VerifiedUnitRecord(TypedDict):
    """Of the scores of a unit of photos or of syntheses, computed a second time; of photos there is an array ``range``.

    Attributes:
        largest: The largest relative difference.
        scores: How many scores were compared.
        where: Column among all filters, and picture, of the largest difference; -1 stands for a synthesis.
        won_by: Of syntheses, by the filter's index, what they win by, where that is not what the filter looks for.
        scores_by_filter: Of syntheses, their scores by the filter's index.
    """

    largest: float
    scores: int
    where: list[int] | None
    won_by: NotRequired[dict[str, WonBy]]
    scores_by_filter: NotRequired[dict[str, float]]


class ConnectionsRecord(TypedDict):
    """Of all connections.

    Attributes:
        names: The layers.
        starts: For each of them the number of its first filter among all filters.
        unknown_reasons: For layers whose inputs are not known, the reason.
        kernels: For layers that read the picture, ``[width, height]`` of their kernels' pictures.
        hidden_kernels: For some of them, the filters whose weights lie in channels that are not shown.
    """

    names: list[str]
    starts: list[int]
    unknown_reasons: dict[str, str]
    kernels: dict[str, list[int]]
    hidden_kernels: dict[str, list[int]]


class ContributionsRecord(TypedDict):
    """Of the contributions of all filters on a chunk of pictures.

    Attributes:
        read: The pictures that could be read.
        pairs: A picture and one of its outputs for each row of the arrays.
        not_finite: Pairs that are left out, since a contribution is NaN or infinity.
    """

    read: list[int]
    pairs: list[tuple[int, int]]
    not_finite: int


class AblationUnitRecord(TypedDict):
    """Of a layer: the filters without which the network was run, one for each row of the arrays."""

    filters: list[int]
