"""Check the records of a model that come from outside: their types, and that their numbers and names fit together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from mkdocs_lurk.addresses import is_address_of
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.records.circuit_check import check_circuit
from mkdocs_lurk.records.cost_check import check_cost
from mkdocs_lurk.records.evaluation_check import check_evaluation
from mkdocs_lurk.records.graph_record import GraphRecord
from mkdocs_lurk.records.model_record import (
    FilterRecord,
    LayerEntry,
    LayerInfo,
    LayerRecord,
    ModelRecord,
    PictureReference,
)
from mkdocs_lurk.records.record_check import check_record, record_error
from mkdocs_lurk.records.response_records import BoxList, FacetCrop
from mkdocs_lurk.records.twin_check import check_twin

MOST_PICTURE_PX = 1 << 26
"""Pixels of a stored picture at most: 8192 x 8192, more than any network's input; 200 MB decoded."""


def check_model_record(value: object, where: str) -> ModelRecord:
    """Check the record of a model, but not what it refers to.

    Args:
        value: A value as ``json.loads`` returns it.
        where: What messages call it.

    Returns:
        The record.

    Raises:
        StoreError: It is not of the type ``ModelRecord``, or a number or a name in it cannot be right.
    """
    record = check_record(value, ModelRecord, where)
    _equal(record["schema"], RESULTS_SCHEMA, f"{where}.schema")
    _check_shape(record["model"]["input"]["size"], 3, f"{where}.model.input.size")
    for place, image in enumerate(record["images"]):
        here = f"{where}.images[{place}]"
        _equal(image["id"], place, f"{here}.id")
        _check_shape([image["width"], image["height"]], 2, f"{here}: width and height")
    _check_addresses(record["layers"], where)
    _check_graph(record["graph"], f"{where}.graph")
    if "skipped" not in record["evaluation"]:
        check_evaluation(record["evaluation"], len(record["images"]), f"{where}.evaluation")
    if "twin" in record and "skipped" not in record["twin"]:
        check_twin(record["twin"], {entry["name"] for entry in record["layers"]}, f"{where}.twin")
    responses = record.get("responses", [])
    if len(set(responses)) != len(responses) or not set(responses) <= set(record["uses"]):
        raise StoreError(f"{where}.responses lists what its uses do not, or twice")
    if "cost" in record:
        check_cost(record["cost"], f"{where}.cost")
    circuits = record.get("circuits", [])
    for place, circuit in enumerate([] if isinstance(circuits, dict) else circuits):
        check_circuit(
            circuit, {entry["name"]: entry["filters"] for entry in record["layers"]}, f"{where}.circuits[{place}]"
        )
    _check_pictures(record["images"], f"{where}.images")
    return record


def check_layer_record(value: object, entry: LayerEntry, model: ModelRecord, where: str) -> LayerRecord:
    """Check the record of a layer against the model's, but not the pictures that it refers to.

    Args:
        value: A value as ``json.loads`` returns it.
        entry: The layer in the model's record, checked.
        model: The model's record, checked.
        where: What messages call the layer's record.

    Returns:
        The record.

    Raises:
        StoreError: It is not of the type ``LayerRecord``, is another layer's, or a number in it cannot be right.
    """
    record = check_record(value, LayerRecord, where)
    _equal(record["schema"], RESULTS_SCHEMA, f"{where}.schema")
    for name in LayerInfo.__annotations__:
        _equal(record["layer"].get(name), entry.get(name), f"{where}.layer.{name}")
    _equal(record["chosen"], entry["chosen"], f"{where}.chosen")
    filters = record["filters"]
    _equal("all" if len(filters) == entry["filters"] else len(filters), entry["chosen"], f"{where}: chosen filters")
    before = -1
    for place, item in enumerate(filters):
        here = f"{where}.filters[{place}]"
        if not before < item["index"] < entry["filters"]:
            raise record_error(f"{here}.index", item["index"], f"above {before} and below {entry['filters']}")
        before = item["index"]
        _check_filter(item, model, here)
    _check_pictures(filters, f"{where}.filters")
    return record


def pictures_in(value: object) -> Iterator[PictureReference]:
    """Yield every reference to a picture inside a value of a checked record."""
    if isinstance(value, dict) and "blob" in value:
        yield value  # type: ignore[misc]  # a checked record has no other mapping with a blob
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from pictures_in(item)


def _check_filter(item: FilterRecord, model: ModelRecord, where: str) -> None:
    _, height, width = model["model"]["input"]["size"]
    images = {"top_avg": [mean["image"] for mean in item.get("top_avg", ())]}
    images["top_max"] = [maximum["image"] for maximum in item.get("top_max", ())]
    images["range"] = [entry["image"] for entry in item.get("range", ())]
    crops = _facet_crops(item)
    images["facets"] = [crop["image"] for crop in crops]
    for field, numbers in images.items():
        for place, image in enumerate(numbers):
            if not 0 <= image < len(model["images"]):
                limit = f"the number of one of {len(model['images'])} pictures"
                raise record_error(f"{where}.{field}[{place}].image", image, limit)
    for place, maximum in enumerate(item.get("top_max", ())):
        here = f"{where}.top_max[{place}]"
        _length(maximum["position"], 2, f"{here}.position")
        _length(maximum.get("field_box", [0] * 4), 4, f"{here}.field_box")
        _check_box(maximum["box"], height, width, f"{here}.box")
        if "grad_box" in maximum:
            _check_box(maximum["grad_box"], height, width, f"{here}.grad_box")
    for place, entry in enumerate(item.get("range", ())):
        _length(entry["position"], 2, f"{where}.range[{place}].position")
        _check_box(entry["box"], height, width, f"{where}.range[{place}].box")
    for place, crop in enumerate(crops):
        _length(crop["position"], 2, f"{where}.facets[{place}].position")
        _check_box(crop["box"], height, width, f"{where}.facets[{place}].box")
    if "stats" in item:
        histogram = item["stats"]["histogram"]
        edges = len(histogram["counts"]) + 1 if histogram["counts"] else len(histogram["edges"])
        _length(histogram["edges"], edges, f"{where}.stats.histogram.edges")


def _facet_crops(item: FilterRecord) -> list[FacetCrop]:
    """Return the crops of all kinds, one after the other."""
    facets = item.get("facets")
    if facets is None or "skipped" in facets:
        return []
    return [crop for group in facets["groups"] for crop in group["crops"]]


def _check_addresses(layers: Sequence[LayerEntry], where: str) -> None:
    """Check that every layer's address is one that its name leads to, and that no two layers share one."""
    names: set[str] = set()
    taken: set[str] = set()
    for place, entry in enumerate(layers):
        here, name, slug = f"{where}.layers[{place}]", entry["name"], entry["slug"]
        if not is_address_of(slug, name):
            raise record_error(f"{here}.slug", slug, f"the address of {ascii(name)[:60]}")
        if name in names or slug.lower() in taken:
            raise record_error(f"{here}.name", name, "another name than those of the layers before it")
        names.add(name)
        taken.add(slug.lower())
        _equal(entry["results"], f"{slug}/results.json", f"{here}.results")
        _length(entry["receptive_field"]["size"], 2, f"{here}.receptive_field.size")
        _length(entry["jump"], 2, f"{here}.jump")


def _check_graph(graph: GraphRecord, where: str) -> None:
    """Check that edges join nodes that there are, and that no group is inside itself."""
    nodes = {node["id"] for node in graph["nodes"]}
    for place, edge in enumerate(graph["edges"]):
        _length(edge, 2, f"{where}.edges[{place}]")
        if not nodes.issuperset(edge):
            raise StoreError(f"{where}.edges[{place}] joins a node that there is not")
    parents = {group["id"]: group["parent"] for group in graph["groups"]}
    sound: set[str | None] = {None}
    for place, group in enumerate(graph["groups"]):
        path: dict[str | None, None] = {}
        at: str | None = group["id"]
        while at not in sound:
            if at in path:
                raise StoreError(f"{where}.groups[{place}] is inside itself")
            path[at] = None
            at = parents.get(at) if at is not None else None
        sound |= path.keys()


def _check_pictures(value: object, where: str) -> None:
    for reference in pictures_in(value):
        _check_shape(reference["size"], 2, f"{where}: the size of the picture {ascii(reference['blob'])[:60]}")


def _check_shape(shape: Sequence[int], length: int, where: str) -> None:
    _length(shape, length, where)
    if min(shape) < 1 or shape[-1] * shape[-2] > MOST_PICTURE_PX:
        raise StoreError(f"{where} is {list(shape)}; sides are 1 or more, and {MOST_PICTURE_PX:,} pixels the most")


def _check_box(box: BoxList, height: int, width: int, where: str) -> None:
    _length(box, 4, where)
    top, left, bottom, right = box
    if not (0 <= top <= bottom <= height and 0 <= left <= right <= width):
        raise StoreError(f"{where} is {box}; it should lie in {height} x {width} pixels")


def _length(items: Iterable[object], length: int, where: str) -> None:
    found = len(list(items))
    if found != length:
        raise StoreError(f"{where} holds {found} values; it should hold {length}")


def _equal(value: object, expected: object, where: str) -> None:
    if value != expected:
        raise record_error(where, value, ascii(expected)[:60])
