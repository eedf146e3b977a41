"""Choose filters by stated rules: five for the story, six for each column; the rules are those of ``docs/how.md``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mkdocs_lurk.pages.highlights.candidates import Candidate, by_rank

STORY_PANELS, STORY_CROPS, COLUMN_FILTERS = 5, 4, 6


def choose_story(stages: Sequence[Sequence[Candidate]]) -> list[Candidate]:
    """Choose one filter of each stage, with crops so that no picture is shown twice.

    The deepest stage chooses first: its filters respond to few pictures. A filter with a picture that is shown already
    gives way to the next, if there is one that shares none; if not, it goes without that crop. Where pictures are few,
    each stage has its share of them, and a filter whose pictures are all shown already repeats the strongest.

    Args:
        stages: The filters of each stage, in the order in which they run; a stage without any is left out.

    Returns:
        The chosen filters from the first stage to the last, with the crops to show.
    """
    used: set[int] = set()
    chosen: list[Candidate] = []
    most = _story_crops(stages)
    for stage in reversed(stages):
        ranked = [replace(one, crops=one.crops[:STORY_CROPS]) for one in by_rank(stage)]
        own = [(one, _without(one, used)) for one in ranked]
        left = [kept for one, kept in own if len(kept.crops) == len(one.crops)] or [kept for _, kept in own]
        best = next((one for one in left if one.pictures_missing < 2), None)
        if best is not None:
            whole = next(one for one in ranked if (one.layer, one.index) == (best.layer, best.index))
            best = replace(best, crops=best.crops[:most] or whole.crops[:1])
            used.update(_images(best))
            chosen.append(best)
    return chosen[::-1]


def _story_crops(stages: Sequence[Sequence[Candidate]]) -> int:
    """Return how many crops each filter of the story may show, so that few pictures suffice for all."""
    pictures = {image for stage in stages for one in stage for image in _images(one)}
    return max(1, min(STORY_CROPS, len(pictures) // max(1, sum(map(bool, stages)))))


def _images(candidate: Candidate) -> list[int]:
    return [image for image, _ in candidate.crops]


def choose_columns(columns: Sequence[Sequence[Candidate]], most: int = COLUMN_FILTERS) -> list[list[Candidate]]:
    """Choose the best filters of each column, without duplicates.

    The last column chooses first. As long as others are left, a filter whose best crop is from a picture that is shown
    already gives way to the next.

    Returns:
        For each column at most ``most`` filters, by layer and index.
    """
    used: set[int] = set()
    chosen = [_choose_column(by_rank(choices), most, used) for choices in reversed(columns)]
    return [sorted(column, key=lambda one: (one.layer, one.index)) for column in reversed(chosen)]


def _choose_column(ranked: Sequence[Candidate], most: int, used: set[int]) -> list[Candidate]:
    """Choose the filters of one column; the pictures of their best crops are added to ``used``."""
    chosen: list[Candidate] = []
    fresh = [one for one in ranked if not one.pictures_missing]
    rest = [one for one in ranked if one.pictures_missing]
    for group, may_repeat in ((fresh, False), (fresh, True), (rest, False), (rest, True)):
        for one in group:
            image = one.crops[0][0] if one.crops else None
            if len(chosen) == most or (image in used and not may_repeat):
                continue
            if one not in chosen and not any(one.repeats(other) for other in chosen):
                chosen.append(one)
                used.update(() if image is None else (image,))
    return chosen


def _without(candidate: Candidate, used: set[int]) -> Candidate:
    """Return a filter with those crops alone whose pictures are not shown yet."""
    return replace(candidate, crops=tuple(crop for crop in candidate.crops if crop[0] not in used))
