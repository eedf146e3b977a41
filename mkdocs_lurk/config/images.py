"""The forms of a model's ``images``: a folder, one split of it, a CSV file, a glob, a list, or a Dataset's factory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mkdocs_lurk.config.references import is_reference, reference_file
from mkdocs_lurk.config.validation import Section, existing_path, quoted, read_text
from mkdocs_lurk.declared_files import expanded, is_folder, is_there
from mkdocs_lurk.errors import ConfigError, near
from mkdocs_lurk.text import as_label

FORMS = "a folder of pictures, a .csv file, a glob, a list, or package.module:factory of a Dataset"
CLASS_NAME = "the name of a class, in quotes where YAML reads it as something else (yes, no, on, off)"
_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class ListedPicture:
    """An item of a list: a file, a folder or a glob, and the class of its pictures.

    Attributes:
        path: As declared.
        label: None for the folders' names.
    """

    path: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class ImagesDetail:
    """What ``images`` says beside its path.

    Attributes:
        split: The name of a dataset's split.
        csv_folder: The folder that the paths in a CSV file start from; None for the file's own.
        listed: The items of a list; empty for all other forms.
    """

    split: str | None = None
    csv_folder: str | None = None
    listed: tuple[ListedPicture, ...] = ()


def read_images(value: object, path: str, root: Path) -> tuple[str, ImagesDetail]:
    """Check the pictures of a model.

    Args:
        value: What was declared.
        path: The key's path.
        root: The folder that relative paths start from.

    Returns:
        A folder, CSV file, glob or reference (for a list, what messages call it), and the rest.

    Raises:
        ConfigError: It is none of the forms, or a file or folder does not exist.
    """
    if isinstance(value, Mapping):
        return _read_mapping(Section(value, path, ("folder", "csv", "dataset", "split")), root)
    if isinstance(value, (list, tuple)):
        if not value:
            raise ConfigError(f"{path}: the list is empty; give {FORMS}")
        listed = tuple(_read_listed(item, f"{path}[{index}]", root) for index, item in enumerate(value))
        return f"the list of {len(listed)}", ImagesDetail(listed=listed)
    images = read_text(value, path, FORMS)
    if is_reference(images):
        check_reference(images, path, root)
    elif is_csv(images):
        existing_path(images, path, root, "file")
    else:
        _check_folder(images, path, root)
    return images, ImagesDetail()


def check_reference(value: str, path: str, root: Path) -> None:
    """Check that the file of a reference exists; a module is not looked for."""
    file = reference_file(value, root)
    if file is not None:
        existing_path(value.rpartition(":")[0], path, root, "file")


def is_csv(images: str) -> bool:
    """Return whether declared pictures are a CSV file of paths and labels."""
    return Path(images).suffix.lower() in (".csv", ".tsv")


def is_glob(images: str, root: Path) -> bool:
    """Return whether declared pictures are a glob; a file or folder with such characters in its name is none."""
    return _GLOB.search(images) is not None and not is_there(root / expanded(images))


def glob_folder(images: str) -> Path:
    """Return the folder in front of a glob's first wildcard."""
    parts = expanded(images).parts
    first = next(place for place, part in enumerate(parts) if _GLOB.search(part))
    return Path(*parts[:first])


def picture_places(images: str, detail: ImagesDetail, root: Path) -> list[Path]:
    """Return the folders and files that declared pictures lie in, or are; none for a Dataset."""
    if is_reference(images):
        return []
    listed = [item.path for item in detail.listed] or [images]
    if is_csv(images) and not detail.listed:
        listed = [detail.csv_folder or str(expanded(images).parent)]
    return [root / (glob_folder(one) if is_glob(one, root) else expanded(one)) for one in listed]


def _check_folder(images: str, path: str, root: Path) -> None:
    if is_glob(images, root):
        existing_path(str(glob_folder(images)), path, root, "folder")
    else:
        existing_path(images, path, root, "folder")


def _read_mapping(section: Section, root: Path) -> tuple[str, ImagesDetail]:
    declared = [key for key in ("folder", "csv", "dataset") if key in section]
    split = read_text(*section.get("split"), "the name of a split") if "split" in section else None
    if declared == ["dataset"]:
        value, path = section.get("dataset")
        reference = read_text(value, path, "package.module:factory")
        if not is_reference(reference):
            raise ConfigError(f"{path}: {quoted(reference)} is no reference; give package.module:factory")
        check_reference(reference, path, root)
        return reference, ImagesDetail(split=split)
    if "csv" in declared and "dataset" not in declared and split is None:
        csv, path = section.get("csv")
        file = read_text(csv, path, "a file of paths and labels")
        existing_path(file, path, root, "file")
        if not is_csv(file):
            raise ConfigError(f"{path}: {quoted(file)} is no .csv or .tsv file; give one with columns path and label")
        folder = section.get("folder")
        csv_folder = read_text(*folder, "the folder of the paths") if "folder" in section else None
        if csv_folder is not None:
            existing_path(csv_folder, folder[1], root, "folder")
        return file, ImagesDetail(csv_folder=csv_folder)
    if declared == ["folder"]:
        return _read_split(section, split, root), ImagesDetail()
    keys = [*declared, "split"] if split is not None else declared
    forms = "give {folder, split}, {csv, folder} or {dataset, split}"
    raise ConfigError(f"{section.path}: {{{', '.join(keys)}}} names no pictures; {forms}")


def _read_split(section: Section, split: str | None, root: Path) -> str:
    """Return the folder of one split of a folder with ``train``, ``val`` and the like."""
    value, path = section.get("folder")
    folder = read_text(value, path, "a folder of pictures")
    if split is None:
        _check_folder(folder, path, root)
        return folder
    target = existing_path(folder, path, root, "folder")
    if Path(split).name != split or (is_folder(target) and not is_folder(target / split)):
        names = sorted(entry.name for entry in target.glob("*") if is_folder(entry))
        hint = near(split, names) or "; it has " + (", ".join(names[:8]) or "no folders")
        raise ConfigError(f"{section.path}.split: {quoted(folder)} has no folder {quoted(split)}{hint}")
    return (Path(folder) / split).as_posix()


def _read_listed(item: object, path: str, root: Path) -> ListedPicture:
    label = None
    if isinstance(item, Mapping):
        section = Section(item, path, ("path", "label"))
        value, label_path = section.get("label")
        if value is not None:
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            label = str(value) if is_number else as_label(read_text(value, label_path, CLASS_NAME))
        item, path = section.require("path", "a picture")
    declared = read_text(item, path, "a picture, a folder or a glob")
    if is_glob(declared, root):
        existing_path(str(glob_folder(declared)), path, root, "folder")
    elif not is_folder(root / expanded(declared)):
        existing_path(declared, path, root, "file")
    return ListedPicture(declared, label)
