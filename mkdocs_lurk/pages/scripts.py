"""The data that the front end reads: classic scripts, since pages opened from disk may load nothing else.

A picture is ``[sheet, x, y, width, height]``, its sheet a place in the list ``sheets`` (or ``photos``) of its file.
Scores carry five figures here; ``results.json`` has them all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mkdocs_lurk.pages import words
from mkdocs_lurk.pages.layer_pictures import LayerPictures, name_of
from mkdocs_lurk.pages.model import About, link
from mkdocs_lurk.pages.photos import Photos
from mkdocs_lurk.pages.results_json import canonical, relative, resolve, strongest
from mkdocs_lurk.pages.sheets import Spot

Json = dict[str, Any]
Pic = list[int]
Labels = Mapping[str, int]
Published = Mapping[str, Collection[int]]
"""Every label, in order, and its place."""

_FIGURES = 5
_BEST_A_PHOTO = 40
_RESPONDING_CLASSES = 3


def script(key: str, value: Json) -> str:
    """A classic script that leaves ``value`` under ``key``."""
    return f"(window.lurkData||={{}})[{canonical(key)}]={canonical(value)};\n"


@dataclass
class Sheets:
    """The sheets that a script names, in the order of their first use."""

    slug: str = ""
    names: list[str] = field(default_factory=list)

    def pic(self, spot: Spot | None) -> Pic | None:
        """A picture as scripts have it."""
        if spot is None:
            return None
        name = relative(spot.src, self.slug)
        if name not in self.names:
            self.names.append(name)
        return [self.names.index(name), *spot.rect]


def model_script(
    about: About, record: Json, photos: Photos, strips: Sequence[Sequence[tuple[int, Spot]]], labels: Labels
) -> Json:
    """``model.js``: the map, the table, and the photos with what the network says of them."""
    sheets = Sheets()
    items = [
        [image["path"], _label(labels, image.get("label")), sheets.pic(spot), image.get("predictions")]
        for image, spot in zip(record["images"], photos.spots, strict=True)
    ]
    layers = []
    for entry, strip in zip(record["layers"], strips, strict=True):
        field_ = entry.get("receptive_field") or {}
        layers.append(
            {
                **{name: entry.get(name) for name in ("name", "kind", "filters", "output", "parameters", "macs")},
                "slug": link(entry).slug,
                "field": {**field_, "note": words.sentence(entry.get("field_note")) or None},
                "strip": [[index, sheets.pic(spot)] for index, spot in strip],
            }
        )
    return {
        "name": about.name,
        "title": about.title,
        "images": {"labels": list(labels), "items": items},
        "layers": layers,
        "graph": record.get("graph"),
        "sheets": sheets.names,
    }


def layer_script(
    about: About, record: Json, place: int, layer: Json, photos: Photos, pictures: LayerPictures, labels: Labels,
    chunk: int,
) -> Json:  # fmt: skip
    """``layer.js``: what the grid needs of every filter, a column a fact."""
    entries = record["layers"]
    entry = entries[place]
    slug = link(entry).slug
    sheets = Sheets(slug)
    filters = layer["filters"]
    shown = {name: value for name, value in entry.items() if name != "unit"}
    return {
        "model": about.name,
        "layer": {**shown, "slug": slug, "field_note": words.sentence(entry.get("field_note")) or None},
        "previous": _neighbour(entries, place - 1),
        "next": _neighbour(entries, place + 1),
        "labels": list(labels),
        "top_k": record.get("top_k", 4),
        "gradient": record.get("gradient", "guided"),
        "input_size": record["model"]["input"]["size"][1:],
        "chunk": chunk,
        "chunks": [f"filters-{number}.js" for number in range(-(-len(filters) // chunk))],
        "filters": _columns(filters, photos, pictures, labels, sheets),
        "sheets": sheets.names,
    }


def _columns(filters: Sequence[Json], photos: Photos, pictures: LayerPictures, labels: Labels, sheets: Sheets) -> Json:
    stats = [_part(item, "stats") for item in filters]
    chosen = [_part(one, "selectivity") for one in stats]
    return {
        "index": [item["index"] for item in filters],
        "max": [rounded(_best(item, "top_max")) for item in filters],
        "avg": [rounded(_best(item, "top_avg")) for item in filters],
        "ratio": [rounded(_part(item, "max_activ").get("ratio")) for item in filters],
        "selectivity": [rounded(one.get("index")) for one in chosen],
        "best_class": [_label(labels, _best_class(item, one)) for item, one in zip(filters, chosen, strict=True)],
        "dead": [int(bool(one.get("dead"))) for one in stats],
        "duplicate": [(one.get("duplicate_of") or [[-1]])[0][0] for one in stats],
        "crop": [sheets.pic(spot) for spot in pictures.crops],
        "synthesis": [sheets.pic(spot) for spot in pictures.syntheses],
        "average": [sheets.pic(_average(item, photos)) for item in filters],
        "order": similarity_order(filters),
        "responders": _responders(filters, labels),
    }


def chunk_script(
    filters: Sequence[Json],
    slug: str,
    record: Json,
    photos: Photos,
    pictures: LayerPictures,
    labels: Labels,
    published: Published,
) -> Json:
    """``filters-K.js``: all that is known of a run of filters."""
    sheets, used = Sheets(slug), Sheets(slug)
    images = record["images"]
    shown = []
    for item in filters:
        found = resolve(item, lambda reference: sheets.pic(pictures.spots[name_of(reference)]))
        for name in ("top_avg", "top_max"):
            for one in found[name] if isinstance(found.get(name), list) else ():
                image = images[one["image"]]
                one.update(label=image.get("label"), path=image["path"], photo=used.pic(photos.spots[one["image"]]))
        if words.present(found.get("classes")):
            found["classes"] = {
                name: [[_label(labels, label), mean] for label, mean in means]
                for name, means in strongest(found["classes"]).items()
            }
        if words.present(found.get("wiring")):
            found["wiring"] = {side: _marked(wires, published) for side, wires in found["wiring"].items()}
        shown.append(rounded(found))
    return {"sheets": sheets.names, "photos": used.names, "filters": shown}


def _marked(wires: Any, published: Published) -> Any:
    """Mark the wires that lead to filters which were not looked at: a page has no place to link to."""
    if not isinstance(wires, list):
        return wires
    return [wire if wire[1] in published.get(wire[0], ()) else [*wire, 1] for wire in wires]


class BestOfPhotos:
    """Gathers, over all layers, which filters rank each photo highest."""

    def __init__(self) -> None:
        self._found: dict[int, list[list[Any]]] = {}

    def add(self, place: int, filters: Sequence[Json]) -> None:
        """Take in the lists of a layer."""
        for item in filters:
            for name, by in (("top_max", "max"), ("top_avg", "avg")):
                ranked = item.get(name)
                for rank, one in enumerate(ranked if isinstance(ranked, list) else ()):
                    if one["score"] > 0:
                        entry = [place, item["index"], rank, by, rounded(one["score"])]
                        self._found.setdefault(one["image"], []).append(entry)

    def script(self) -> Json:
        """``pictures.js``: of each photo, up to 40 places; higher ranks first, deeper layers first among equals."""

        def order(entry: list[Any]) -> tuple[Any, ...]:
            return entry[2], -entry[0], entry[3] != "max", entry[1]

        best = {str(image): sorted(found, key=order)[:_BEST_A_PHOTO] for image, found in sorted(self._found.items())}
        return {"best": best}


def labels_of(record: Json) -> Labels:
    """The labels of the photos, in the order of the alphabet, and the place of each."""
    found = {image["label"] for image in record["images"] if image.get("label") is not None}
    return {label: place for place, label in enumerate(sorted(str(label) for label in found))}


def similarity_order(filters: Sequence[Json]) -> list[int]:
    """Walk from filter to filter by likeness: to the most similar one not yet seen, else to the first not yet seen."""
    places = {item["index"]: place for place, item in enumerate(filters)}
    left = dict.fromkeys(range(len(filters)))
    order: list[int] = []
    while left:
        place: int | None = next(iter(left))
        while place is not None:
            order.append(place)
            del left[place]
            similar = (places.get(index) for index, _ in _part(filters[place], "stats").get("similar") or ())
            place = next((one for one in similar if one in left), None)
    return order


def rounded(value: Any) -> Any:
    """Round every float inside a value to five figures."""
    if isinstance(value, float):
        return float(f"{value:.{_FIGURES}g}")
    if isinstance(value, dict):
        return {name: rounded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value


def _best(item: Json, name: str) -> float | None:
    ranked = item.get(name)
    return ranked[0]["score"] if isinstance(ranked, list) and ranked else None


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A part of a record; empty where it is absent or was skipped."""
    part = record.get(name)
    return part if isinstance(part, dict) and "skipped" not in part else {}


def _best_class(item: Json, selectivity: Mapping[str, Any]) -> Any:
    if selectivity.get("class") is not None:
        return selectivity["class"]
    means = _part(item, "classes").get("max")
    return max(means, key=lambda pair: pair[1])[0] if means else None


def _average(item: Json, photos: Photos) -> Spot | None:
    ranked = item.get("top_avg")
    return photos.thumbs[ranked[0]["image"]] if isinstance(ranked, list) and ranked else None


def _responders(filters: Sequence[Json], labels: Labels) -> dict[str, list[list[Any]]]:
    """Of each label, the filters that have it among their three best: first choices first, then by their means."""
    found: dict[int, list[tuple[int, float, int]]] = {}
    for place, item in enumerate(filters):
        best = sorted(_part(item, "classes").get("max") or (), key=lambda pair: -pair[1])[:_RESPONDING_CLASSES]
        for rank, (label, mean) in enumerate(best):
            if mean > 0:
                found.setdefault(_label(labels, label), []).append((rank, -mean, place))
    return {
        str(label): [[place, rounded(-mean)] for _, mean, place in sorted(ranked)]
        for label, ranked in sorted(found.items())
        if label >= 0
    }


def _label(labels: Labels, label: Any) -> int:
    return -1 if label is None else labels.get(str(label), -1)


def _neighbour(entries: Sequence[Json], place: int) -> Json | None:
    if not 0 <= place < len(entries):
        return None
    found = link(entries[place])
    return {"name": found.name, "slug": found.slug}
