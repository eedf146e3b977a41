"""What an analysis was made from, file by file, and what of it changed since.

The list is stored beside the key of the model's record (``store.Answer``). It holds contents, not dates, so that it can
be compared on any machine, and the comparison imports nothing of the author's.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal, NotRequired, TypedDict, cast, get_args

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.reading import Reading, path_kind, syntax_digest
from mkdocs_lurk.config.references import is_reference, reference_file
from mkdocs_lurk.config.variables import variable_digest
from mkdocs_lurk.declared_files import expanded
from mkdocs_lurk.images.entries import ImageEntry
from mkdocs_lurk.images.file_digests import FileDigests
from mkdocs_lurk.run.input_paths import find_path, is_portable, is_stored_path, shown_path, stored_path
from mkdocs_lurk.run.journals import database_of, journal_digest, journals
from mkdocs_lurk.text import as_text, published_reference

DeclaredKind = Literal["source", "weights", "classes", "transform"]
DECLARED_KINDS: tuple[DeclaredKind, ...] = get_args(DeclaredKind)
MISSING = " is missing"
_MOST_NAMED = 3
_PICTURE_DIGEST_LENGTH = 20


class InputFile(TypedDict):
    """A file that the analysis read.

    Attributes:
        kind: A key of the declaration that names the file, or how the author's code came to it.
        path: As in ``input_paths.stored_path``; of one that is ``elsewhere``, which only bundles hold, the name.
        digest: SHA-256 of its contents; of a folder, of the names in it; of a package, its version; of a path whose
            status alone was asked for, what it was; of an environment variable, the digest of its value, and empty in
            a bundle, since a short value could be guessed; of a database's journal, empty where there is none.
        code: For Python, a digest without comments and layout, and the version of Python that made it.
    """

    kind: DeclaredKind | Literal["module", "data", "journal", "folder", "status", "variable", "package", "elsewhere"]
    path: str
    digest: str
    code: NotRequired[str]


class Inputs(TypedDict):
    """Everything that an analysis was made from.

    Attributes:
        files: By kind and path.
        pictures: ``[path, label, digest]`` of each picture that is a file; None for a Dataset's items.
        images: Where the pictures were, as declared; of an absolute path the last part.
        withheld: Whether the list is from a bundle, without what its author does not tell.
    """

    files: list[InputFile]
    pictures: list[tuple[str, str | None, str]] | None
    images: str
    withheld: NotRequired[bool]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the inputs of an analysis.

    Attributes:
        changes: What changed, in words.
        unseen: What is not at hand and could not be compared, in words.
    """

    changes: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()


def read_inputs(
    model: ModelConfig, entries: Iterable[ImageEntry], reading: Reading, digests: FileDigests, cache_dir: Path
) -> Inputs:
    """List what an analysis is made from.

    Args:
        model: The declaration.
        entries: Its pictures.
        reading: What its code read.
        digests: Digests files.
        cache_dir: Files in there are ours.
    """
    declared = [(kind, path) for kind in DECLARED_KINDS if (path := declared_file(model, kind)) is not None]
    seen = {path.resolve() for _, path in declared}
    found: list[InputFile] = [_input_file(kind, path, model.root, digests) for kind, path in declared]
    modules = [path for path in reading.modules if path.resolve() not in seen]
    found += [_input_file("module", path, model.root, digests) for path in modules]
    opened = [Path(name) for name in reading.files if name not in reading.written]
    data = [path for path in opened if path.is_file() and os.access(path, os.R_OK) and path.resolve() not in seen]
    data = [path for path in data if not path.is_relative_to(cache_dir)]
    found += [_input_file("data", path, model.root, digests) for path in data]
    found += [
        {"kind": "journal", "path": stored_path(path, model.root), "digest": journal_digest(path, digests)}
        for path in dict.fromkeys(beside for database in data for beside in journals(database))
    ]
    listed = [path for path in map(Path, reading.folders) if path.is_dir() and not path.is_relative_to(cache_dir)]
    found += [
        {"kind": "folder", "path": stored_path(path, model.root), "digest": _names_digest(path)} for path in listed
    ]
    found += _questions(model.root, reading, cache_dir)
    found += [{"kind": "variable", "path": name, "digest": digest} for name, digest in reading.variables.items()]
    if model.torchvision_name is not None and (version := _version("torchvision")) is not None:
        found.append({"kind": "package", "path": "torchvision", "digest": version})
    found.sort(key=lambda item: (item["kind"], item["path"]))
    return {"files": found, "pictures": None if is_reference(model.images) else list_pictures(entries),
            "images": published_reference(model.images)}  # fmt: skip


def _questions(root: Path, reading: Reading, cache_dir: Path) -> Iterable[InputFile]:
    """Yield the paths in the repository whose status was asked for; others are the machine's."""
    for name, kind in reading.open_questions().items():
        stored = stored_path(Path(name), root)
        if not Path(stored).is_absolute() and not Path(name).is_relative_to(cache_dir):
            yield {"kind": "status", "path": stored, "digest": kind}


def portable_inputs(inputs: Mapping[str, object]) -> Mapping[str, object]:
    """Return the inputs of an analysis as a bundle holds them: nothing in them names a folder outside the repository.

    Args:
        inputs: As ``read_inputs`` made them, or empty.
    """
    if not inputs:
        return {}
    listed = cast(Inputs, inputs)["files"]
    files = [item if is_portable(item["path"]) else _without_folder(item) for item in listed]
    files = [{**item, "digest": ""} if item["kind"] == "variable" else item for item in files]
    return {**inputs, "files": sorted(files, key=lambda item: (item["kind"], item["path"]))}


def _without_folder(item: InputFile) -> InputFile:
    """Return a file without where it is: a declared one is looked for where it is declared then, others are not."""
    name = PurePosixPath(item["path"]).name
    return {**item, "path": name} if item["kind"] in DECLARED_KINDS else {**item, "kind": "elsewhere", "path": name}


def withhold(inputs: Mapping[str, object], *, anonymous: bool) -> Mapping[str, object]:
    """Return a list of inputs without the pictures, and without what an author's code opened, which may be pictures.

    Args:
        inputs: The list, of the type ``Inputs``; empty where nothing is known.
        anonymous: Leave out the author's other files, too.
    """
    if not inputs:
        return {}
    listed = cast(Inputs, inputs)["files"]
    told = [item for item in listed if item["kind"] in (*DECLARED_KINDS, "module", "package")]
    return {"files": [] if anonymous else told, "pictures": None, "images": "", "withheld": True}


def list_pictures(entries: Iterable[ImageEntry]) -> list[tuple[str, str | None, str]]:
    """Return path, label and digest of each picture."""
    return [(as_text(entry.path), entry.label, entry.digest[:_PICTURE_DIGEST_LENGTH]) for entry in entries]


def declared_file(model: ModelConfig, kind: DeclaredKind) -> Path | None:
    """Return the file that a key of the declaration names; None if it names none."""
    if kind == "weights":
        return model.weights_path
    value = {"source": model.source, "classes": model.classes, "transform": model.transform}[kind]
    if not isinstance(value, str) or value in ("imagenet", "weights"):
        return None
    if is_reference(value):
        return reference_file(value, model.root)
    return None if value.startswith("torchvision:") else model.root / expanded(value)


def compare_files(then: Iterable[InputFile], model: ModelConfig, digests: FileDigests) -> Comparison:
    """Compare the files that an analysis read with those that are there now, and all else that it depends on."""
    changes: list[str] = []
    unseen: list[str] = []
    for item in then:
        compared = _compare_setting(item, model) or _compare_file(item, model, digests)
        changes += compared.changes
        unseen += compared.unseen
    return Comparison(tuple(_few(changes, "files changed")), tuple(_few(unseen, "files")))


def _compare_setting(item: InputFile, model: ModelConfig) -> Comparison | None:
    """Compare what is no file: a package or an environment variable; None for a file."""
    name, digest = item["path"], item["digest"]
    if item["kind"] == "package":
        version = _version(name)
        return Comparison((f"{name} is {version} now, and was {digest}",) * (version not in (None, digest)))
    if item["kind"] != "variable":
        return None
    if not digest:
        return Comparison(unseen=(f"the environment variable {name}",))
    changed = variable_digest(name, model.root) != digest
    return Comparison((f"the environment variable {name} has another value",) * changed)


def _compare_file(item: InputFile, model: ModelConfig, digests: FileDigests) -> Comparison:
    path = _path_now(item, model)
    if path is None:
        return Comparison(unseen=(Path(item["path"]).name,))
    name = shown_path(path, model.root)
    if item["kind"] == "status" and (item["digest"] == "nothing" or path.exists()):
        kind = path_kind(path)
        return Comparison((f"{name} is {kind} now, and was {item['digest']}",) * (kind != item["digest"]))
    if item["kind"] == "journal":
        is_other = database_of(path).is_file() and journal_digest(path, digests) != item["digest"]
        return Comparison((f"{name} changed",) * is_other)
    if not os.access(path, os.R_OK):
        is_where_it_was = is_stored_path(path, item["path"], model.root)
        return Comparison(unseen=(name,)) if is_where_it_was else Comparison((f"{name}{MISSING}",))
    if _is_same(item, path, digests):
        return Comparison()
    return Comparison((f"the files in {name} are others" if item["kind"] == "folder" else f"{name} changed",))


def compare_pictures(
    then: Iterable[tuple[str, str | None, str]], now: Iterable[tuple[str, str | None, str]]
) -> tuple[str, ...]:
    """Say which pictures changed since an analysis; nothing if none did."""
    before, after = ({path: (label, digest) for path, label, digest in pictures} for pictures in (then, now))
    new = [path for path in after if path not in before]
    gone = [path for path in before if path not in after]
    both = [path for path in after if path in before]
    other = [path for path in both if after[path][1] != before[path][1]]
    moved = [path for path in both if path not in other and after[path] != before[path]]
    counts = ((new, "new"), (gone, "gone"), (other, "changed"), (moved, "of another class"))
    found = tuple(_picture_count(paths, what) for paths, what in counts if paths)
    return found or (() if list(before) == list(after) else ("the pictures have another order",))


def _picture_count(paths: list[str], what: str) -> str:
    if len(paths) == 1:
        return f"1 picture {'changed' if what == 'changed' else f'is {what}'} ({paths[0]})"
    return f"{len(paths):,} pictures {'changed' if what == 'changed' else f'are {what}'}"


def _few(names: list[str], what: str) -> list[str]:
    """Return a list of names, the last of many as a count."""
    if len(names) <= _MOST_NAMED + 1:
        return names
    return [*names[:_MOST_NAMED], f"{len(names) - _MOST_NAMED:,} more {what}"]


def _input_file(
    kind: DeclaredKind | Literal["module", "data"], path: Path, root: Path, digests: FileDigests
) -> InputFile:
    item: InputFile = {"kind": kind, "path": stored_path(path, root), "digest": digests.digest(path)}
    code = syntax_digest(path) if path.suffix == ".py" else None
    return item if code is None else {**item, "code": code}


def _path_now(item: InputFile, model: ModelConfig) -> Path | None:
    """Return where a file should be: where the declaration says, if it was declared, else where it was.

    A declared file is never read from where the list says, which may come from elsewhere.

    Returns:
        None if nobody can know.
    """
    for kind in DECLARED_KINDS:
        if kind == item["kind"]:
            return declared_file(model, kind)
    return None if item["kind"] == "elsewhere" else find_path(item["path"], model.root)


def _is_same(item: InputFile, path: Path, digests: FileDigests) -> bool:
    if item["kind"] == "folder":
        return path.is_dir() and _names_digest(path) == item["digest"]
    if not path.is_file():
        return False
    return digests.digest(path) == item["digest"] or ("code" in item and syntax_digest(path) == item["code"])


def _names_digest(folder: Path) -> str:
    """Return the digest of the names in a folder; hidden ones and Python's own do not count."""
    names = sorted(path.name for path in folder.iterdir() if not path.name.startswith((".", "__pycache__")))
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def _version(package: str) -> str | None:
    """Return the installed version of a package without its build (``+cpu``); None if it is not installed."""
    try:
        return importlib.metadata.version(package).partition("+")[0]
    except importlib.metadata.PackageNotFoundError:
        return None
