"""Find the declared picture files: in a folder, by a glob, in a CSV file, or in a list."""

from __future__ import annotations

import csv
import io
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mkdocs_lurk.class_labels import as_whole_numbers, without_missing
from mkdocs_lurk.config.images import glob_folder, is_csv, is_glob
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.validation import quoted
from mkdocs_lurk.declared_files import expanded, is_folder, is_regular, read_text_file
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.globs import EntryCount, find_files, unreadable
from mkdocs_lurk.images.groups import nested_groups
from mkdocs_lurk.images.reading import is_picture
from mkdocs_lurk.limits import MOST_CSV_BYTES, MOST_PICTURES
from mkdocs_lurk.text import as_label

log = logging.getLogger("mkdocs.plugins.lurk.images")

_PATH_HEADERS = ("path", "file", "filename", "file_name", "filepath", "image", "picture")
_LABEL_HEADERS = ("label", "class", "class_name", "category")


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture file.

    Attributes:
        path: Relative to the root of its set, with slashes.
        label: The name of its class, or None.
    """

    path: str
    label: str | None


def find_pictures(config: ModelConfig) -> tuple[Path, list[PictureFile]]:
    """Return the root of a model's pictures, and its pictures in the order of their paths.

    Raises:
        ImageError: There is none, or a listed one does not exist.
    """
    declared = config.images
    if config.images_detail.listed:
        root, found = config.root, _in_list(config)
    elif is_csv(declared):
        root, found = _in_csv(config)
    elif is_glob(declared, config.root):
        root, found = config.root / glob_folder(declared), _in_glob(declared, config.root)
    else:
        root = config.root / expanded(declared)
        found = _in_folder(root, declared)
    if config.images_detail.listed or is_csv(declared):
        given = [picture.label for picture in found]
        labels = as_whole_numbers(without_missing(given))
        _tell_missing(given, labels)
        found = [PictureFile(picture.path, label) for picture, label in zip(found, labels, strict=True)]
    if config.groups is None and not config.images_detail.listed and not is_csv(declared):
        found = _with_inner_classes(found)
    if len(found) > MOST_PICTURES:
        raise ImageError(f"images: {declared!r} holds {len(found):,} pictures; give {MOST_PICTURES:,} at most")
    return root, sorted(found, key=lambda picture: picture.path)


def _tell_missing(given: Sequence[str | None], labels: Sequence[str | None]) -> None:
    """Log which labels count as missing numbers; told once, though pictures are listed several times."""
    left_out = Counter(before for before, label in zip(given, labels, strict=True) if before is not None is label)
    if left_out:
        _tell_left_out(left_out.total(), quoted(", ".join(sorted(left_out)), 100))


@lru_cache
def _tell_left_out(count: int, labels: str) -> None:
    log.info(
        "images: %s without a class: all other classes are numbers, and %s stands for a missing one; give it another "
        "name if it is a class",
        "1 picture" if count == 1 else f"{count:,} pictures",
        labels,
    )


def _class_folder(path: str) -> str | None:
    return as_label(path.split("/", 1)[0]) if "/" in path else None


def _with_inner_classes(pictures: list[PictureFile]) -> list[PictureFile]:
    """Return pictures with the inner folders for classes where folders are nested as groups of classes."""
    groups = nested_groups(picture.path for picture in pictures)
    if groups is None:
        return pictures
    log.info(
        "the class folders are nested (%s): the inner ones are the classes, and the outer ones their groups; "
        "with groups: {} the outer ones are the classes",
        next(f"{group}/{classes[0]}" for group, classes in groups.items()),
    )
    return [PictureFile(picture.path, as_label(picture.path.split("/")[1])) for picture in pictures]


def _in_folder(root: Path, declared: str) -> list[PictureFile]:
    """List the pictures under a folder; hidden files and folders are left out."""
    paths = _only_pictures(
        _walk(root, set(), EntryCount(declared)), root, f"images: {declared!r} holds no picture", "put some there"
    )
    return [PictureFile(path, _class_folder(path)) for path in paths]


def _in_glob(declared: str, root: Path) -> list[PictureFile]:
    """List the pictures that a glob fits; their classes are the folders under the glob's fixed part."""
    folder = root / glob_folder(declared)
    pattern = expanded(declared).relative_to(glob_folder(declared)).as_posix()
    files = find_files(folder, pattern, EntryCount(declared))
    paths = _only_pictures(files, folder, f"images: {declared!r} fits no picture", "'**' stands for any folders")
    return [PictureFile(path, _class_folder(path)) for path in dict.fromkeys(paths)]


def _only_pictures(files: Iterable[Path], root: Path, failure: str, advice: str) -> list[str]:
    """Return those of some files that are pictures, relative to a folder, with slashes."""
    pictures: list[str] = []
    other_suffixes: Counter[str] = Counter()
    for path in files:
        name = path.relative_to(root).as_posix()
        if is_picture(path):
            pictures.append(name)
        else:
            other_suffixes[path.suffix.lower() or path.name] += 1
            log.debug("%s is no picture and is passed over", name)
    if not pictures:
        if other_suffixes.keys() & {".arrow", ".parquet"}:
            advice = "give package.module:factory of a function that returns the dataset (datasets.load_from_disk)"
        counts = ", ".join(f"{count} {suffix}" for suffix, count in other_suffixes.most_common(3))
        raise ImageError(f"{failure}{f' (only {counts})' if counts else ''}; {advice}")
    return pictures


def _walk(folder: Path, visited: set[str], count: EntryCount) -> Iterator[Path]:
    """Yield every file under a folder; each folder is entered once, however many links lead to it."""
    real = os.path.realpath(folder)
    if real in visited:
        return
    visited.add(real)
    try:
        paths = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
        count.add(len(paths))
        kinds = [(path, path.is_dir(), path.is_file()) for path in paths]
    except OSError as reason:
        raise unreadable(folder, reason) from reason
    for path, is_a_folder, is_a_file in kinds:
        if is_a_folder:
            yield from _walk(path, visited, count)
        elif is_a_file:
            yield path


def _in_list(config: ModelConfig) -> list[PictureFile]:
    """List the pictures of a declared list; one that several items name counts once.

    Raises:
        ImageError: A file is no picture, or two items give different classes to one picture.
    """
    labels: dict[str, str | None] = {}
    for listed in config.images_detail.listed:
        target = config.root / expanded(listed.path)
        if is_glob(listed.path, config.root):
            base, pictures = config.root / glob_folder(listed.path), _in_glob(listed.path, config.root)
        elif is_folder(target):
            base, pictures = target, _in_folder(target, listed.path)
        elif is_picture(target):
            base, pictures = target.parent, [PictureFile(target.name, None)]
        else:
            raise ImageError(f"images: {listed.path!r} is no picture; give files that Pillow reads, or .npy")
        for picture in pictures:
            path = _relative(base / picture.path, config.root)
            label = listed.label or picture.label
            known = labels.setdefault(path, label)
            if known != label and known is not None and label is not None:
                raise ImageError(f"images: {path} is listed as {known!r} and as {label!r}; give it one class")
            labels[path] = known or label
    return [PictureFile(path, label) for path, label in labels.items()]


def _in_csv(config: ModelConfig) -> tuple[Path, list[PictureFile]]:
    """List the pictures of a CSV file: one a line, its path and, if it has one, its class.

    Raises:
        ImageError: The file cannot be read, or a line does not name a picture.
    """
    file = config.root / expanded(config.images)
    folder = config.images_detail.csv_folder
    root = file.parent if folder is None else config.root / expanded(folder)
    lines: dict[str, int] = {}
    pictures: list[PictureFile] = []
    for number, text, label in _csv_rows(file):
        place, target = f"images: {file.name}:{number}", root / expanded(text)
        if not is_picture(target):
            raise ImageError(f"{place}: {quoted(text, 200)} is no picture; give the path of one in the first column")
        if not is_regular(target):
            raise ImageError(f"{place}: {quoted(text, 200)} does not exist; paths start from {root.name}/")
        path = _relative(target, root)
        if lines.setdefault(path, number) != number:
            raise ImageError(f"{place}: {text!r} is in line {lines[path]} already; leave one of them out")
        pictures.append(PictureFile(path, label))
    if not pictures:
        raise ImageError(f"images: {config.images!r} lists no picture; give one a line: path,label")
    return root, pictures


def _csv_rows(file: Path) -> Iterator[tuple[int, str, str | None]]:
    """Yield the line, the path and the class of every row; a header may name other columns than the first two."""
    text = read_text_file(file, MOST_CSV_BYTES, ImageError, "images")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    path_column, label_column = 0, 1
    for place, row in enumerate(_parsed(rows, file, lambda: rows.line_num)):
        cells = [cell.strip() for cell in row]
        headers = [cell.lower() for cell in cells]
        if place == 0 and any(header in _PATH_HEADERS for header in headers):
            path_column = _only_column(headers, _PATH_HEADERS, file)
            label_column = _only_column(headers, _LABEL_HEADERS, file)
            if label_column == len(cells) > 1:
                _tell_unread(file, tuple(cell for column, cell in enumerate(cells) if column != path_column))
        elif any(cells):
            if path_column >= len(cells) or not cells[path_column]:
                raise ImageError(f"images: {file.name}:{rows.line_num}: the path is missing; give path,label")
            label = cells[label_column] if label_column < len(cells) else ""
            yield rows.line_num, cells[path_column], as_label(label) or None


def _only_column(headers: Sequence[str], names: Iterable[str], file: Path) -> int:
    """Return the column of the first of some names that is there; behind the last one if none is.

    Raises:
        ImageError: Several columns have that name.
    """
    name = next((name for name in names if name in headers), None)
    if name is None:
        return len(headers)
    if headers.count(name) > 1:
        raise ImageError(
            f"images: {file.name}:1: {headers.count(name)} columns are called {name!r}; give each a name of its own"
        )
    return headers.index(name)


@lru_cache
def _tell_unread(file: Path, columns: tuple[str, ...]) -> None:
    """Log that a CSV file names no column of classes; once, though the file is read several times."""
    log.info(
        "%s: the pictures get no classes: the first line names no column of them, and %s is not read; call that of the "
        "classes label, class, class_name or category",
        file.name,
        quoted(", ".join(columns), 100),
    )


def _parsed(rows: Iterator[list[str]], file: Path, line: Callable[[], int]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error as reason:  # a field of more than 131,072 characters
        raise ImageError(f"images: {file.name}:{line()}: {reason}; is a quote not closed?") from reason


def _relative(path: Path, root: Path) -> str:
    """Return a path relative to a folder, also where it lies outside: what is published names no machine's folders."""
    return Path(os.path.relpath(os.path.normpath(path), root)).as_posix()
