"""The key of a declaration, without torch: of what the author asks for, but not of the files that it names.

Titles, cards, comments and paths are not in it, nor what the files hold: what an analysis was made from is stored
beside its result and compared (``run/input_files.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, asdict, fields, is_dataclass

from mkdocs_lurk.algorithms import VERSIONS
from mkdocs_lurk.config.options import LurkConfig, ModelConfig
from mkdocs_lurk.config.references import is_reference
from mkdocs_lurk.run.input_files import DECLARED_KINDS, declared_file
from mkdocs_lurk.store.keys import digest
from mkdocs_lurk.store.store import Store

_NOT_IN_THE_KEY = {
    "title", "card", "root", "place", "absent", "images_detail", "ignore", "trust", "pictures", "anonymous",
    "names", "names_file", "page",
}  # fmt: skip


def declaration(config: LurkConfig, model: ModelConfig) -> dict[str, object]:
    """Return a model's options by name, as plain values.

    All of ``ModelConfig`` counts, unless it is excluded here, or is a switch or a ``new`` option at its default.

    Files and code stand as what they are (``a file``, ``factory``): their contents are compared, not their paths.
    """
    declared: dict[str, object] = {
        option.name: _plain(getattr(model, option.name))
        for option in fields(model)
        if option.name not in _NOT_IN_THE_KEY and not _is_as_usual(option, model)
    }
    for kind in DECLARED_KINDS:
        if declared_file(model, kind) is not None:
            declared[kind] = "a file"
    for name in ("source", "transform", "images"):
        value = getattr(model, name)
        if isinstance(value, str) and is_reference(value):
            declared[name] = value.rpartition(":")[2]
    declared["split"] = model.images_detail.split
    if not is_reference(model.images):
        declared |= {"images": "files", "split": None}
    threads = {} if config.threads is None else {"threads": config.threads}
    return {"engine": dict(VERSIONS), "precision": config.precision, **threads, **declared}


def _is_as_usual(option: Field[object], model: ModelConfig) -> bool:
    """Return whether an option is at its default, which a version without that option would have answered alike."""
    return (
        any(option.metadata.get(kind) for kind in ("switch", "new")) and getattr(model, option.name) == option.default
    )


def request_key(config: LurkConfig, model: ModelConfig) -> str:
    """Digest a declaration."""
    return digest("request", declaration(config, model))


def describe_change(store: Store, declared: Mapping[str, object]) -> str:
    """Say how a declaration differs from the nearest one of the same model that was analysed; empty if none was."""
    best: list[str] | None = None
    for request in store.requests():
        before = store.declaration(request)
        if before.get("name") != declared["name"]:
            continue
        names = [name for name in declared if name not in before or before[name] != declared[name]]
        changes = [_describe(name, before.get(name), declared[name]) for name in names]
        if best is None or len(changes) < len(best):
            best = changes
    return ", ".join(best or [])


def _describe(name: str, before: object, now: object) -> str:
    if name == "engine":
        versions = before if isinstance(before, Mapping) else {}
        changed = [result for result, version in VERSIONS.items() if versions.get(result) != version]
        return f"this version of mkdocs-lurk computes other {', '.join(changed)}"
    if all(isinstance(value, (bool, int, float, str)) for value in (before, now)):
        return f"{name} is {now} now, and was {before}"
    return f"{name} changed"


def _plain(value: object) -> object:
    """A declared value in a form that can be digested and stored as JSON."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)
