"""What an author's code reads is noted: its modules, wherever they come from, and its files, not ours or Python's."""

from __future__ import annotations

import ctypes
import mmap
import os
import sqlite3
import sys
import threading
from pathlib import Path

import pytest

from mkdocs_lurk.config.author_code import author_code, collect_reading
from mkdocs_lurk.config.reading import MOST_FILES, Reading, is_authored
from mkdocs_lurk.config.references import import_reference
from mkdocs_lurk.errors import ModelError


def names(paths: object) -> set[str]:
    return {Path(path).name for path in paths}  # type: ignore[attr-defined]


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        (root / f"{name}.py").write_text(text)


def load(root: Path, reference: str) -> Reading:
    with collect_reading() as reading, import_reference(reference, root, ModelError, "model") as make:
        make()
    return reading


def test_modules_are_noted_however_deep_and_whenever_they_are_imported(tmp_path: Path) -> None:
    write(
        tmp_path,
        own="import json, one\nfrom two import CONSTANT\ndef make():\n    import late\n",
        one="import deep",
        two="CONSTANT = 3",
        deep="",
        late="",
        unused="",
    )
    reading = load(tmp_path, "own.py:make")
    assert names(reading.modules) == {"own.py", "one.py", "two.py", "deep.py", "late.py"}
    assert not {"one", "two", "deep", "late"} & set(sys.modules)


def test_modules_that_were_imported_before_are_noted_by_the_import_statements(tmp_path: Path) -> None:
    package = tmp_path / "reading_pack"
    package.mkdir()
    write(
        package,
        __init__="",
        net="from .two import CONSTANT\ndef make():\n    from . import one\n",
        one="",
        two="CONSTANT = 3",
    )
    first, second = (load(tmp_path, "reading_pack.net:make") for _ in range(2))
    assert names(first.modules) == names(second.modules) == {"__init__.py", "net.py", "one.py", "two.py"}


def test_a_changed_module_of_a_package_is_imported_anew(tmp_path: Path) -> None:
    package = tmp_path / "reading_fresh"
    package.mkdir()
    write(package, __init__="", net="from .two import CONSTANT\ndef make():\n    return CONSTANT\n", two="CONSTANT = 3")
    for value in (3, 4):
        write(package, two=f"CONSTANT = {value}")
        with import_reference("reading_fresh.net:make", tmp_path, ModelError, "model") as make:
            assert make() == value


def test_a_module_that_was_sought_in_vain_is_imported_once_it_is_there(tmp_path: Path) -> None:
    package = tmp_path / "reading_sought"
    package.mkdir()
    code = "try:\n    from .late import VALUE\nexcept ImportError:\n    VALUE = 1\ndef make():\n    return VALUE\n"
    write(package, __init__="", net=code)
    for value in (1, 2):
        if value == 2:
            write(package, late="VALUE = 2")
        with import_reference("reading_sought.net:make", tmp_path, ModelError, "model") as make:
            assert make() == value


def test_a_module_gives_way_to_a_package_of_its_name(tmp_path: Path) -> None:
    write(tmp_path, own="from reading_overtaken import VALUE\ndef make():\n    return VALUE\n")
    for folder, name, value in [(tmp_path, "reading_overtaken", 1), (tmp_path / "reading_overtaken", "__init__", 2)]:
        folder.mkdir(exist_ok=True)
        write(folder, **{name: f"VALUE = {value}"})
        with import_reference("own.py:make", tmp_path, ModelError, "model") as make:
            assert make() == value


def test_a_changed_module_without_an_init_file_is_imported_anew(tmp_path: Path) -> None:
    (tmp_path / "reading_bare").mkdir()
    write(tmp_path, own="from reading_bare.two import CONSTANT\ndef make():\n    return CONSTANT\n")
    for value in (3, 4):
        write(tmp_path / "reading_bare", two=f"CONSTANT = {value}")
        with import_reference("own.py:make", tmp_path, ModelError, "model") as make:
            assert make() == value


def test_opened_files_and_listed_folders_are_noted(tmp_path: Path) -> None:
    for name in ("a.bin", "b.txt", "c.bin"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    with collect_reading() as reading, author_code(tmp_path):
        (tmp_path / "a.bin").read_bytes()
        os.close(os.open(tmp_path / "b.txt", os.O_RDONLY))
        (tmp_path / "out.txt").write_text("written")
        (tmp_path / "out.txt").read_text()
        list((tmp_path / "folder").iterdir())
        sqlite3.connect(tmp_path / "data.sqlite").close()
        Path(os.__file__).read_bytes()
        with author_code(None):
            (tmp_path / "c.bin").read_bytes()
    assert names(path for path in reading.files if path not in reading.written) == {"a.bin", "b.txt", "data.sqlite"}
    assert names(reading.folders) == {"folder"}


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list open files")
def test_files_that_a_library_in_c_holds_open_are_noted(tmp_path: Path) -> None:
    for name in ("data.h5", "other.h5", "lock.h5", "closed.h5", "mapped.h5"):
        (tmp_path / name).write_bytes(b"x")
    library = ctypes.CDLL(None)  # its open() is what HDF5 calls; Python is not told

    def opened(name: str, flags: int) -> int:
        return int(library.open(os.fsencode(tmp_path / name), flags))

    handles = [opened("other.h5", os.O_RDONLY)]
    with collect_reading() as reading:
        with author_code(tmp_path):
            handles += [opened("data.h5", os.O_RDONLY), opened("lock.h5", os.O_RDWR)]
            os.close(opened("closed.h5", os.O_RDONLY))
            handle = opened("mapped.h5", os.O_RDONLY)
            mapped = mmap.mmap(handle, 1, prot=mmap.PROT_READ)
            os.close(handle)
        assert not reading.files
    mapped.close()
    for handle in handles:
        os.close(handle)
    assert names(reading.files) == {"data.h5", "mapped.h5"}


def test_nothing_is_noted_outside_of_the_authors_code_and_of_its_thread(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"x")
    with collect_reading() as reading:
        (tmp_path / "a.bin").read_bytes()
        with author_code(tmp_path):
            other = threading.Thread(target=(tmp_path / "a.bin").read_bytes)
            other.start()
            other.join()
    with author_code(tmp_path):
        (tmp_path / "a.bin").read_bytes()
    assert reading.files == {}


@pytest.mark.parametrize(
    ("path", "expected"),
    [("{root}/net.py", True), ("/data/pictures.bin", True), ("{root}/.venv/lib/python3.11/site-packages/x.py", False),
     ("{prefix}/x.txt", False), ("{stdlib}/json/__init__.py", False), ("/etc/hosts", False), ("/proc/1/maps", False)],
)  # fmt: skip
def test_pythons_and_the_systems_files_are_not_the_authors(tmp_path: Path, path: str, expected: bool) -> None:
    full = path.format(root=tmp_path, prefix=sys.prefix, stdlib=Path(os.__file__).parent)
    assert is_authored(full, str(tmp_path)) == expected


def test_a_site_inside_of_a_virtual_environments_folder_is_the_authors() -> None:
    root = str(Path(sys.prefix) / "work" / "site")
    assert is_authored(f"{root}/net.py", root)
    assert not is_authored(str(Path(sys.prefix) / "other.py"), root)


def test_no_more_than_so_many_files_are_noted() -> None:
    reading = Reading()
    for number in range(MOST_FILES + 5):
        reading.add_file(f"/data/{number}")
    reading.add_file("/data/0")
    assert (len(reading.files), reading.left_out) == (MOST_FILES, 5)


def test_the_digest_of_a_reading_is_of_contents_without_comments(tmp_path: Path) -> None:
    write(tmp_path, own="x = 1\n", same="x = 1  # one\n", other="x = 2\n")
    own, same, other = (
        Reading(modules={tmp_path / f"{name}.py": None}).contents_digest() for name in ("own", "same", "other")
    )
    assert own == same != other
