"""Read what a site publishes of a model, typed and without torch: for notebooks and other programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from mkdocs_lurk.addresses import is_plain_path
from mkdocs_lurk.errors import LayerError, StoreError, describe_os_error, near
from mkdocs_lurk.files import read_json
from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.records.comparison_record import COMPARISON_SCHEMA, ComparisonRecord
from mkdocs_lurk.records.record_check import check_record, record_error
from mkdocs_lurk.records.results_records import FilterResult, LayerResults, ModelResults, Picture

Document = TypeVar("Document", ModelResults, LayerResults, ComparisonRecord)

RESULTS_FILE = "results.json"


@dataclass(frozen=True)
class Results:
    """The published results of one model.

    Attributes:
        folder: The model's folder in the site: ``site/models/NAME``.
        model: The model's ``results.json``.
    """

    folder: Path
    model: ModelResults

    @property
    def layer_names(self) -> list[str]:
        """The dotted names of the layers, in the order in which the network runs them."""
        return list(self._files)

    def layer(self, name: str) -> LayerResults:
        """Read a layer's ``results.json``; each call reads the file.

        Args:
            name: The layer's dotted name.

        Raises:
            LayerError: There is no such layer.
            StoreError: The file cannot be read, or is not what such a file is.
        """
        if name not in self._files:
            known = near(name, self._files) or "; there are " + ", ".join(self._files)
            raise LayerError(f"{self.folder / RESULTS_FILE}: there is no layer {name!r}{known}")
        return _read_document(self.folder / self._files[name], LayerResults)

    def layers(self) -> Iterator[LayerResults]:
        """Read all layers, one after the other."""
        for name in self._files:
            yield self.layer(name)

    def filter(self, layer: str, index: int) -> FilterResult:
        """Read one filter.

        Args:
            layer: The layer's dotted name.
            index: The filter's channel in the layer's output.

        Raises:
            LayerError: There is no such layer, or the filter was not analysed.
            StoreError: The layer's file cannot be read, or is not what such a file is.
        """
        found = self.layer(layer)
        for item in found["filters"]:
            if item["index"] == index:
                return item
        count = found["layer"]["filters"]
        why = f"was not analysed: {len(found['filters'])} of {count} were" if 0 <= index < count else "does not exist"
        raise LayerError(
            f"{self.folder / RESULTS_FILE}: filter {index} of layer {layer!r} {why}; ask for one that was analysed"
        )

    def picture_file(self, picture: Picture, layer: str = "") -> Path:
        """Return the file that a picture lies in; its ``rect`` is ``[x, y, width, height]`` in pixels of that file.

        Args:
            picture: A picture out of these results.
            layer: The layer whose results hold it; the model's own results without.
        """
        folder = (self.folder / self._files[layer]).parent if layer else self.folder
        return folder / picture["src"]

    @cached_property
    def _files(self) -> dict[str, str]:
        return {layer["name"]: layer["results"] for layer in self.model["layers"]}


def read(path: str | Path) -> Results:
    """Read the results of a model from a built site, or from an export.

    Args:
        path: The model's folder, ``site/models/NAME``, or the ``results.json`` in it.

    Returns:
        The model's results; those of a layer are read when they are asked for.

    Raises:
        StoreError: There is no such file, it cannot be read, or is not what such a file is.
    """
    path = Path(path)
    file = path / RESULTS_FILE if path.is_dir() else path
    model = _read_document(file, ModelResults)
    for layer in model["layers"]:
        if not is_plain_path(layer["results"]):
            raise record_error(f"{file}: layers: results", layer["results"], "a file inside the model's folder")
    return Results(file.parent, model)


def read_comparison(path: str | Path) -> ComparisonRecord:
    """Read the comparison of two models from a built site, or from an export.

    Args:
        path: Its folder, ``site/models/compare-BASE-TUNED``, or the ``results.json`` in it.

    Raises:
        StoreError: There is no such file, it cannot be read, or is not what such a file is.
    """
    path = Path(path)
    return _read_document(path / RESULTS_FILE if path.is_dir() else path, ComparisonRecord, COMPARISON_SCHEMA)


def _read_document(file: Path, kind: type[Document], schema: str = RESULTS_SCHEMA) -> Document:
    try:
        value = read_json(file)
    except OSError as error:
        raise StoreError(
            f"cannot read {file}: {describe_os_error(error)}; name a model's folder, such as {_example(file)}"
        ) from error
    except ValueError as error:
        raise StoreError(f"{file} is no JSON ({error}); name a model's folder, such as {_example(file)}") from error
    found = value.get("schema") if isinstance(value, dict) else None
    if found != schema:
        shown, other = ascii(found)[:60], "read_comparison" if found == COMPARISON_SCHEMA else "read"
        where = f"read it with {other}" if found in (RESULTS_SCHEMA, COMPARISON_SCHEMA) else ""
        raise StoreError(
            f"{file} has the schema {shown}, not {schema!r}; "
            f"{where or f'name a folder of results, such as {_example(file)}'}"
        )
    if kind is ModelResults and "model" not in value and "layer" in value:
        raise StoreError(f"{file} is that of a layer; name the folder of its model: {file.parent.parent}")
    return check_record(value, kind, str(file), new_fields=True)


def _example(file: Path) -> str:
    """Return the folder of a model of the site that ``file`` seems to mean; else how such a folder is called."""
    models = sorted(folder for folder in file.parent.glob("models/*") if (folder / RESULTS_FILE).is_file())
    return str(models[0]) if models else "site/models/NAME"
