"""Read the fields of TypeScript interfaces and of typed dictionaries, and compare the two."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Fields = dict[str, bool]
"""The names of fields, and whether each may be absent."""

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_INTERFACE = re.compile(r"^export interface (?P<name>\w+) \{(?P<body>.*?)^\}", re.DOTALL | re.MULTILINE)
_FIELD = re.compile(r"  (?P<name>\w+)(?P<optional>\??): [^{};]+;")


def interfaces(source: str) -> dict[str, Fields]:
    """Read the exported interfaces of a TypeScript file.

    Raises:
        ValueError: An interface is not plain: it extends another, or a line is not one field of a named type.
    """
    text = _COMMENT.sub("", source)
    found = {match["name"]: _fields(match["name"], match["body"]) for match in _INTERFACE.finditer(text)}
    odd = set(re.findall(r"\binterface (\w+)", text)) - set(found)
    if odd:
        raise ValueError(f"not plain exported interfaces: {', '.join(sorted(odd))}")
    return found


def typed_dict_fields(kind: Any) -> Fields:
    """Read the fields of a typed dictionary."""
    return {name: name in kind.__optional_keys__ for name in kind.__annotations__}


def differences(typescript: Mapping[str, Fields], python: Mapping[str, Fields]) -> list[str]:
    """Say in one line each where the interfaces of one side differ from those of the other."""
    lines = [f"{name}: only in TypeScript" for name in typescript if name not in python]
    lines += [f"{name}: only in Python" for name in python if name not in typescript]
    for interface in typescript.keys() & python.keys():
        ours, theirs = python[interface], typescript[interface]
        lines += [f"{interface}.{field}: only in TypeScript" for field in theirs if field not in ours]
        lines += [f"{interface}.{field}: only in Python" for field in ours if field not in theirs]
        lines += [
            f"{interface}.{field}: may be absent only in {'Python' if ours[field] else 'TypeScript'}"
            for field in ours.keys() & theirs.keys()
            if ours[field] != theirs[field]
        ]
    return sorted(lines)


def _fields(interface: str, body: str) -> Fields:
    fields: Fields = {}
    for line in filter(str.strip, body.splitlines()):
        match = _FIELD.fullmatch(line.rstrip())
        if match is None:
            raise ValueError(f"{interface}: not one plain field: {line.strip()}")
        fields[match["name"]] = match["optional"] == "?"
    return fields
