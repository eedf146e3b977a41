"""Write the JSON Schema of ``results.json`` from its record types: ``python -m tests.results_schema``.

It describes all kinds of file: a model's, a layer's and that of a comparison of two models. Fields that it does not
name may stand there: a later version may add some under the same ``schema``.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, is_typeddict

import mkdocs_lurk
from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.records.comparison_record import COMPARISON_SCHEMA, ComparisonRecord
from mkdocs_lurk.records.record_format import fields_of, required_fields
from mkdocs_lurk.records.results_records import LayerResults, ModelResults

FILE = Path(mkdocs_lurk.__file__).parent / "results.schema.json"
SCALARS: dict[object, dict[str, str]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    NoneType: {"type": "null"},
}

Schema = dict[str, Any]


def results_schema() -> Schema:
    """Return the JSON Schema (2020-12) of ``results.json``."""
    definitions: dict[str, Schema] = {}
    either = [_schema_of(kind, definitions) for kind in (ModelResults, LayerResults, ComparisonRecord)]
    for kind in (ModelResults, LayerResults):
        definitions[kind.__name__]["properties"]["schema"] = {"const": RESULTS_SCHEMA}
    definitions["ComparisonRecord"]["properties"]["schema"] = {"const": COMPARISON_SCHEMA}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{RESULTS_SCHEMA.replace('/', ':')}",
        "title": "results.json of mkdocs-lurk",
        "description": "Everything that was found of a model, of one of its layers, or of two models compared.",
        "anyOf": either,
        "$defs": dict(sorted(definitions.items())),
    }


def _schema_of(kind: object, definitions: dict[str, Schema]) -> Schema:
    origin, parts = get_origin(kind), get_args(kind)
    if is_typeddict(kind):
        return _reference(kind, definitions)
    if origin in (Union, UnionType):
        return {"anyOf": [_schema_of(part, definitions) for part in parts]}
    if origin is Literal:
        return {"enum": list(parts)}
    if origin is list:
        return {"type": "array", "items": _schema_of(parts[0], definitions)}
    if origin is tuple:
        items = [_schema_of(part, definitions) for part in parts]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _schema_of(parts[1], definitions)}
    return SCALARS[kind]


def _reference(kind: Any, definitions: dict[str, Schema]) -> Schema:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}  # before its fields, which may lead back to it
        definitions[name] |= {
            "type": "object",
            "description": inspect.cleandoc(kind.__doc__) if kind.__doc__ else name,
            "properties": {field: _schema_of(hint, definitions) for field, hint in fields_of(kind).items()},
            "required": sorted(required_fields(kind)),
        }
    return {"$ref": f"#/$defs/{name}"}


def render_schema() -> str:
    """Return the file's text."""
    return json.dumps(results_schema(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(render_schema(), "utf-8")
