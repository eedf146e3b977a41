"""Check that the numbers of a comparison with the twin that comes from outside fit together."""

from __future__ import annotations

from collections.abc import Collection

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.records.twin_record import TwinRecord


def check_twin(twin: TwinRecord, layers: Collection[str], where: str) -> None:
    """Check names of layers, and that everything that is drawn has its numbers, in order.

    Args:
        twin: A record of the right type.
        layers: The names of the model's layers.
        where: What messages call it.

    Raises:
        StoreError: A name or a number in it cannot be right.
    """
    for place, layer in enumerate(twin["layers"]):
        here = f"{where}.layers[{place}]"
        if layer["name"] not in layers:
            raise StoreError(f"{here}.name is no layer of the model")
        for figure in layer["figures"]:
            for spread in (figure["trained"], figure["twin"]):
                if len(spread) != 3 or sorted(spread) != spread:
                    raise StoreError(f"{here}.figures holds a spread that is not three rising numbers")
            if not 0 <= figure["above"] <= 1:
                raise StoreError(f"{here}.figures holds a share outside 0 to 1")
        paths = layer.get("paths")
        if paths is not None and max(abs(paths["synthesis"]), abs(paths["photos"]), abs(paths["others"])) > 1:
            raise StoreError(f"{here}.paths holds a correlation outside -1 to 1")
        gradients = layer.get("gradients")
        if gradients is not None and max(abs(gradients["twin"]), abs(gradients["other"])) > 1:
            raise StoreError(f"{here}.gradients holds a correlation outside -1 to 1")
