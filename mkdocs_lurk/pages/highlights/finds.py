"""Find unusual and telling filters of a model: one of each kind, by a rule that ``docs/how.md`` states."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.highlights.candidates import Candidate, any_candidate
from mkdocs_lurk.pages.model_records import is_computed, is_dead, shows_preference
from mkdocs_lurk.records.model_record import FilterRecord, ImageRecord

_LEAST_CLASSES = 3
_RARE, _COLOURFUL = 0.1, 0.5
_KINDS = ("Selective", "Mixed", "Changed by colour", "Beyond photos", "Rarely active", "Duplicated", "Dead")


@dataclass(frozen=True)
class FoundFilters:
    """A find: what it is called, what is unusual about it in a sentence, and the filters that show it."""

    title: str
    text: str
    filters: tuple[Candidate, ...]


class Finds:
    """Collects what each kind of find may show, layer by layer.

    Args:
        titles: What the model's layers are called.
        images: Its pictures.
    """

    def __init__(self, titles: Sequence[str], images: Sequence[ImageRecord]) -> None:
        self._titles, self._images = titles, images
        self._found: dict[str, list[tuple[float, FoundFilters]]] = defaultdict(list)

    def add(self, layer: int, filters: Sequence[FilterRecord]) -> None:
        """Add the filters of a layer, given by its place."""
        candidates = {item["index"]: any_candidate(layer, item, self._images) for item in filters}
        alive = [item for item in filters if not is_dead(item)]
        for item in alive:
            one = candidates[item["index"]]
            self._add_selective(item, one)
            self._add_mixed(item, one)
            self._add_colourful(item, one)
            self._add_beyond_photos(item, one)
            self._add_rare(item, one)
        self._add_duplicates(layer, alive, candidates)
        self._add_dead(layer, filters, candidates)

    def choose(self) -> list[FoundFilters]:
        """Return the find of each kind with the highest measure; no filter is shown twice.

        Of equal measures, the earlier layer and the lower index come first.
        """
        used: set[tuple[int, int]] = set()
        chosen = []
        for kind in _KINDS:
            for _, found in sorted(self._found[kind], key=lambda pair: -pair[0]):
                own = {(one.layer, one.index) for one in found.filters}
                if not own & used:
                    used |= own
                    chosen.append(found)
                    break
        return chosen

    def _note(self, kind: str, measure: float, text: str, *filters: Candidate) -> None:
        self._found[kind].append((measure, FoundFilters(kind, text, filters)))

    def _add_selective(self, item: FilterRecord, one: Candidate) -> None:
        label = item.get("label")
        if one.label and one.crops and is_computed(label) and len(label["any_of"]) == 1:
            proof = f"r = {one.correlation:.2f} on pictures that did not choose this label"
            self._note("Selective", one.correlation, f"It responds most to {one.label}: {proof}.", one)

    def _add_mixed(self, item: FilterRecord, one: Candidate) -> None:
        labels = [self._images[best["image"]]["label"] for best in item.get("top_max", ())]
        names = [label for label in dict.fromkeys(labels) if label is not None]
        if len(names) == len(labels) >= _LEAST_CLASSES and len(one.crops) == len(labels):
            text = f"Its strongest photos are of {len(names)} classes: {', '.join(names[:-1])} and {names[-1]}."
            self._note("Mixed", one.peak, text, replace(one, drawn=None))

    def _add_colourful(self, item: FilterRecord, one: Candidate) -> None:
        tuning = item.get("tuning")
        if not one.crops or not is_computed(tuning) or "grey" not in tuning["kept"]:
            return
        lost = tuning["depends"]["colour"]
        if lost is not None and lost >= _COLOURFUL:
            pictures = formatting.plural(tuning["n"], "picture")
            left = f"{100 * tuning['kept']['grey']:.0f} % of its response is left"
            text = f"Without colour, {left}, on the {pictures} that excite it most."
            self._note("Changed by colour", lost, text, replace(one, drawn=None))

    def _add_beyond_photos(self, item: FilterRecord, one: Candidate) -> None:
        synthesis = item.get("max_activ")
        if not one.crops or one.shows_weights or not shows_preference(synthesis) or synthesis["score"] <= 0:
            return
        ratio = (synthesis["ratio"] or 0.0) * min(1.0, synthesis["robust"]["shift8"] / synthesis["score"])
        if ratio > 1:
            text = f"The mean response to its synthesis is {formatting.ratio(ratio)} times that to the best photo"
            self._note("Beyond photos", ratio, f"{text}, after a shift by 8 px, too.", one)

    def _add_rare(self, item: FilterRecord, one: Candidate) -> None:
        stats = item.get("stats")
        if stats is not None and one.crops and 0 < stats["positive_share"] <= _RARE:
            share = formatting.percent(stats["positive_share"])
            self._note("Rarely active", -stats["positive_share"], f"Above zero in only {share} of the pictures.", one)

    def _add_duplicates(self, layer: int, alive: Sequence[FilterRecord], candidates: dict[int, Candidate]) -> None:
        indices = {item["index"] for item in alive}
        for item in alive:
            one = candidates[item["index"]]
            stats = item.get("stats")
            for other, correlation in stats["duplicate_of"] if stats is not None else ():
                pair = [replace(candidates[index], drawn=None) for index in (other, one.index) if index in indices]
                if len(pair) == 2 and all(own.crops for own in pair):
                    text = f"Filters {other} and {one.index} respond alike: their responses correlate at"
                    self._note("Duplicated", correlation, f"{text} {correlation:.3f}.", *pair)

    def _add_dead(self, layer: int, filters: Sequence[FilterRecord], candidates: dict[int, Candidate]) -> None:
        dead = [replace(candidates[item["index"]], crops=()) for item in filters if is_dead(item)]
        if dead:
            shown = next((one for one in dead if one.drawn is not None), dead[0])
            name, n = self._titles[layer], f"{len(dead):,} of the {len(filters):,}"
            verb = "responds" if len(dead) == 1 else "respond"
            self._note("Dead", len(dead) / len(filters), f"{n} filters analysed of {name} {verb} to no picture.", shown)
