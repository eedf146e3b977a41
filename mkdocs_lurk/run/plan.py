"""Find out, without torch, which declared models have results in the store that are made from what is there now."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from mkdocs_lurk.config.author_code import collect_reading, note
from mkdocs_lurk.config.options import LurkConfig, ModelConfig
from mkdocs_lurk.config.reading import Reading
from mkdocs_lurk.config.references import is_reference
from mkdocs_lurk.errors import ConfigError, LurkError, StoreError
from mkdocs_lurk.files import read_json, write_json
from mkdocs_lurk.images.file_digests import FileDigests
from mkdocs_lurk.images.image_set import ImageSet, list_images
from mkdocs_lurk.run.declaration import declaration, describe_change, request_key
from mkdocs_lurk.run.input_files import (
    DECLARED_KINDS,
    MISSING,
    Comparison,
    InputFile,
    Inputs,
    compare_files,
    compare_pictures,
    list_pictures,
    read_inputs,
)
from mkdocs_lurk.run.input_paths import stored_path
from mkdocs_lurk.run.naming import naming
from mkdocs_lurk.store.answers import Answer
from mkdocs_lurk.store.keys import digest
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store
from mkdocs_lurk.text import published_reference

log = logging.getLogger("mkdocs.plugins.lurk")


@dataclass(frozen=True, slots=True)
class ModelState:
    """Whether a declared model's results are in the store.

    Attributes:
        config: The declaration.
        request: The key of the declaration in the store.
        key: The key of the model record; none where results are missing.
        reason: Why they are missing, and what changed; empty where they are there.
        unseen: Files that the results were made from and that are not at hand, so that nothing could be compared.
    """

    config: ModelConfig
    request: str
    key: str | None
    reason: str = ""
    unseen: tuple[str, ...] = ()


def resolve(config: LurkConfig, store: Store, *, goes_on: bool = False) -> list[ModelState]:
    """Look up every declared model.

    Args:
        config: The plugin's configuration.
        store: The cache.
        goes_on: Log what is wrong with a model, which then has no results, instead of raising it.

    Raises:
        ConfigError: A declared file is missing, and there are no results that were made with it.
        ImageError: There is no picture.
    """
    states: list[ModelState] = []
    for model in config.models:
        try:
            with naming(model):
                states.append(state_of(config, model, store))
        except LurkError as error:
            if not goes_on:
                raise
            log.error("lurk: %s; the page of its model says so", error)
            states.append(ModelState(model, request_key(config, model), None, str(error)))
    return states


def state_of(config: LurkConfig, model: ModelConfig, store: Store, deeply: bool = False) -> ModelState:
    """Look up one model.

    Args:
        config: The plugin's configuration.
        model: One of its models.
        store: The cache.
        deeply: Check that every stored unit is undamaged, not only that it is there.

    Raises:
        ConfigError: A declared file is missing, and there are no results that were made with it.
        ImageError: There is no picture.
    """
    request = request_key(config, model)
    answers = sorted(store.answers(request), key=_is_withheld)  # what tells all comes first
    digests = FileDigests(config.cache_dir / "files.json")
    pictures = _list_pictures(config, model)
    comparisons = [_compare(answer, model, pictures, digests) for answer in answers]
    digests.save()
    for answer, comparison in zip(answers, comparisons, strict=True):
        if not comparison.changes:
            lost = _lost(store, answer.key, deeply)
            if lost and model.absent:
                raise _absent_error(model, (lost,))
            return ModelState(model, request, None if lost else answer.key, lost, () if lost else comparison.unseen)
    changes = comparisons[0].changes if comparisons else ()
    if model.absent:
        raise _absent_error(model, changes, publishes=config.missing == "error")
    reason = ", ".join(changes) or describe_change(store, declaration(config, model))
    return ModelState(model, request, None, reason or "it was not analysed yet")


def pictures_of(config: LurkConfig, model: ModelConfig, anew: bool = False) -> ImageSet:
    """List a model's pictures; the digests of files, and the list of a Dataset, are remembered in the cache folder.

    Args:
        config: The plugin's configuration.
        model: One of its models.
        anew: Read a Dataset again, even if nothing that it read changed.
    """
    file = config.cache_dir / "pictures.json"
    if not is_reference(model.images):
        return list_images(model, file)
    digests = FileDigests(config.cache_dir / "files.json")
    reading_file = file.with_name(f"dataset-{digest(model.name, declaration(config, model)['images'])[:16]}.json")
    known = None if anew else _read_reading(reading_file, model.root)
    if known is not None:
        comparison = compare_files(known[1], model, digests)
        if not comparison.changes and not comparison.unseen:
            note(known[0])
            return list_images(model, file)
    with collect_reading() as reading:
        images = list_images(model, file, anew=True)
    inputs = read_inputs(model, (), reading, digests, config.cache_dir)["files"]
    digests.save()
    try:
        _write_reading(reading_file, reading, inputs, model.root)
    except StoreError as error:
        log.debug("%s; the Dataset will be listed again", error)
    return images


def inputs_of(config: LurkConfig, model: ModelConfig, images: ImageSet, reading: Reading) -> Inputs:
    """List what an analysis is made from; called when it has loaded that, since files may change while it computes."""
    digests = FileDigests(config.cache_dir / "files.json")
    inputs = read_inputs(model, images.entries, reading, digests, config.cache_dir)
    digests.save()
    return inputs


def remember(config: LurkConfig, model: ModelConfig, store: Store, key: str, inputs: Inputs) -> None:
    """Store that a model record answers a declaration, with everything that it was made from."""
    store.set_alias(request_key(config, model), key, inputs, declaration(config, model))


def input_files(config: LurkConfig, model: ModelConfig, store: Store) -> list[Path]:
    """Return the code and weights that a model's last results were made from, as far as they are there; no data."""
    answers = store.answers(request_key(config, model))
    files = cast(Inputs, answers[0].inputs).get("files", []) if answers else []
    code = (item for item in files if item["kind"] in (*DECLARED_KINDS, "module"))
    paths = (model.root / item["path"] for item in code)
    return [path for path in paths if path.is_file()]


def _absent_error(model: ModelConfig, changes: tuple[str, ...], publishes: bool = False) -> ConfigError:
    """Return the error for a declared file that is missing and needed, and say what it is needed for.

    Args:
        model: The declaration.
        changes: What the cached results were made from and is different now; empty if there are none.
        publishes: Whether this site is only to be built from results that are there.
    """
    missing = [repr(change.removesuffix(MISSING)) for change in changes if change.endswith(MISSING)]
    own = [message for message in model.absent if any(name in message for name in missing)]
    if own:
        return ConfigError(own[0])
    if changes:
        return ConfigError(f"{model.absent[0]}; it is needed since {', '.join(changes)}")
    if publishes:
        return ConfigError(
            f"{model.absent[0]}; it is needed since the cache holds no results of {model.name}: run 'mkdocs-lurk "
            "bundle unpack' on a bundle of them first"
        )
    return ConfigError(model.absent[0])


def _compare(
    answer: Answer, model: ModelConfig, pictures: list[tuple[str, str | None, str]] | None, digests: FileDigests
) -> Comparison:
    inputs = cast(Inputs, answer.inputs)  # or empty
    files = compare_files(inputs.get("files", []), model, digests)
    then = inputs.get("pictures")
    if _is_withheld(answer):
        return Comparison(files.changes, (*files.unseen, "the pictures"))
    if then is None:
        return files
    if pictures is None and published_reference(model.images) != inputs["images"]:
        return Comparison((*files.changes, "images changed"), files.unseen)
    if pictures is None:
        return Comparison(files.changes, (*files.unseen, f"the {len(then):,} pictures"))
    return Comparison((*files.changes, *compare_pictures(then, pictures)), files.unseen)


def _is_withheld(answer: Answer) -> bool:
    """Return whether an answer is from a bundle that leaves out what its author does not tell."""
    return bool(answer.inputs.get("withheld"))


def _list_pictures(config: LurkConfig, model: ModelConfig) -> list[tuple[str, str | None, str]] | None:
    """Return the pictures as ``Inputs`` holds them; None for a Dataset, and where they are not at hand."""
    if is_reference(model.images) or any(message.startswith(f"{model.place}.images") for message in model.absent):
        return None
    return list_pictures(pictures_of(config, model).entries)


def _lost(store: Store, key: str, deeply: bool) -> str:
    """Say which results of a record are gone; empty if none are."""
    try:
        reader = ModelReader(store, key)
        units = sorted(reader.units() if deeply else reader.direct_units())
        lost = [unit for unit in units if not (store.has(unit) if deeply else store.file(unit).is_file())]
    except StoreError as error:
        log.debug("%s", error)
        return "its record in the cache cannot be read"
    return f"{len(lost)} of its results are gone from the cache" if lost else ""


def _read_reading(file: Path, root: Path) -> tuple[Reading, list[InputFile]] | None:
    """Return what a Dataset read when it was listed, and the digests of that; None if it is not known."""
    try:
        stored = read_json(file)
        reading = Reading(
            dict.fromkeys(root / path for path in stored["modules"]),
            dict.fromkeys(str(root / path) for path in stored["files"]),
            dict.fromkeys(str(root / path) for path in stored["folders"]),
            left_out=stored["left_out"],
            questions={str(root / path): kind for path, kind in stored["questions"].items()},
            variables=stored["variables"],
        )
        return reading, stored["inputs"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write_reading(file: Path, reading: Reading, inputs: list[InputFile], root: Path) -> None:
    def named(paths: Iterable[str | Path]) -> list[str]:
        return [stored_path(Path(path), root) for path in paths]

    files = [path for path in reading.files if path not in reading.written]
    write_json(
        file,
        {"modules": named(reading.modules), "files": named(files), "folders": named(reading.folders),
         "left_out": reading.left_out, "inputs": inputs, "variables": reading.variables,
         "questions": {stored_path(Path(path), root): kind for path, kind in reading.open_questions().items()}},
    )  # fmt: skip
