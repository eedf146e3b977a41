"""What an author's code reads in unusual ways is an input, too: a change of it is named, and nothing is imported."""

from __future__ import annotations

import os
import sqlite3
import textwrap
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import save_file

from mkdocs_lurk.config.author_code import collect_reading
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.config.reading import Reading
from mkdocs_lurk.config.references import import_reference
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.images.file_digests import FileDigests
from mkdocs_lurk.run.input_files import Comparison, InputFile, Inputs, compare_files, portable_inputs, read_inputs

HERE = "from pathlib import Path\nHERE = Path(__file__).parent\n"
BY_SPEC = """
    import importlib.util
    def make():
        spec = importlib.util.spec_from_file_location("x", HERE / "x.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
"""
Change = Callable[[Path], object]


def model(root: Path) -> ModelConfig:
    return from_mapping(
        {"models": [{"name": "m", "source": "net.py:make", "images": "pictures"}]}, root, absent=True
    ).models[0]


def read(root: Path, reference: str = "net.py:make") -> Reading:
    with collect_reading() as reading, import_reference(reference, root, ModelError, "model") as make:
        make()  # type: ignore[operator]
    return reading


def inputs(root: Path, reading: Reading) -> Inputs:
    return read_inputs(model(root), (), reading, FileDigests(root / "files.json"), root / "cache")


def compare(root: Path, files: list[InputFile]) -> Comparison:
    return compare_files(files, model(root), FileDigests(root / "files.json"))


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(exist_ok=True)
    (root / "pictures").mkdir(exist_ok=True)
    (root / name).write_text(textwrap.dedent(text))


def save(root: Path, value: float) -> None:
    save_file({"x": torch.full((2,), value)}, root / "w.safetensors")


@pytest.mark.parametrize(
    ("code", "change", "expected"),
    [
        (BY_SPEC, lambda root: write(root, "x.py", "V = 2"), "x.py changed"),
        (BY_SPEC, lambda root: write(root, "y.py", "V = 2"), "y.py changed"),
        ("import runpy\ndef make():\n    runpy.run_path(HERE / 'x.py')", lambda root: write(root, "x.py", "V = 2"),
         "x.py changed"),
        ("def make():\n    exec((HERE / 'x.py').read_text())", lambda root: write(root, "x.py", "V = 2"),
         "x.py changed"),
        ("from safetensors.torch import load_file\ndef make():\n    load_file(HERE / 'w.safetensors')",
         lambda root: save(root, 2.0), "w.safetensors changed"),
        ("from safetensors import safe_open\ndef make():\n    safe_open(str(HERE / 'w.safetensors'), 'pt').keys()",
         lambda root: save(root, 2.0), "w.safetensors changed"),
        ("import os\ndef make():\n    os.environ.get('LURK_S', '1')", lambda _: os.environ.update(LURK_S="2"),
         "the environment variable LURK_S has another value"),
        ("import os\ndef make():\n    'LURK_S' in os.environ", lambda _: os.environ.update(LURK_S="2"),
         "the environment variable LURK_S has another value"),
        ("import os\ndef make():\n    os.getenv('LURK_T')", lambda _: os.environ.update(LURK_T="2"),
         "the environment variable LURK_T has another value"),
        ("import os\ndef make():\n    os.environb.get(b'LURK_S')", lambda _: os.environ.update(LURK_S="2"),
         "the environment variable LURK_S has another value"),
        ("def make():\n    (HERE / 'big').exists()", lambda root: write(root, "big", ""),
         "big is a file now, and was nothing"),
        ("import os\ndef make():\n    os.path.isdir(HERE / 'big')", lambda root: (root / "big").mkdir(),
         "big is a folder now, and was nothing"),
        ("import subprocess\ndef make():\n    subprocess.check_output(['cat', str(HERE / 'c.txt')])",
         lambda root: write(root, "c.txt", "2"), "c.txt changed"),
        ("import subprocess\ndef make():\n    subprocess.check_output(f'cat {HERE}/c.txt', shell=True)",
         lambda root: write(root, "c.txt", "2"), "c.txt changed"),
        ("import subprocess\ndef make():\n    subprocess.check_output(f'(cat<\"{HERE}/a b.txt\";)|cat', shell=True)",
         lambda root: write(root, "a b.txt", "2"), "a b.txt changed"),
        ("import subprocess\ndef make():\n    subprocess.check_output('cat c.txt | wc', shell=True, cwd=HERE)",
         lambda root: write(root, "c.txt", "2"), "c.txt changed"),
        ("try:\n    from lib3 import K\nexcept ImportError:\n    K = 1\ndef make():\n    pass",
         lambda root: write(root, "lib3.py", "K = 2"), "lib3.py is a file now, and was nothing"),
        ("def make():\n    try:\n        import lib3.deep\n    except ImportError:\n        pass",
         lambda root: (root / "lib3").mkdir(), "lib3 is a folder now, and was nothing"),
        ("import importlib.util\ndef make():\n    importlib.util.find_spec('lib3')",
         lambda root: write(root, "lib3.py", "K = 2"), "lib3.py is a file now, and was nothing"),
        ("import x\ndef make():\n    pass", lambda root: write(root, "x/__init__.py", "V = 2"),
         "x/__init__.py is a file now, and was nothing"),
        ("import pack\ntry:\n    import pack.extra\nexcept ImportError:\n    pass\ndef make():\n    pass",
         lambda root: write(root, "pack/extra.py", "V = 2"), "pack/extra.py is a file now, and was nothing"),
        ("import os\ndef make():\n    os.system(f'cat {HERE}/c.txt>/dev/null')",
         lambda root: write(root, "c.txt", "2"), "c.txt changed"),
    ],
)  # fmt: skip
def test_a_change_of_what_was_read_in_an_unusual_way_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, change: Change, expected: str
) -> None:
    monkeypatch.setenv("LURK_T", "1")
    monkeypatch.setenv("LURK_S", "")
    monkeypatch.delenv("LURK_S")
    write(tmp_path, "net.py", HERE + textwrap.dedent(code))
    write(tmp_path, "x.py", "import y\nV = 1")
    write(tmp_path, "y.py", "V = 1")
    write(tmp_path, "pack/__init__.py", "V = 1")
    write(tmp_path, "c.txt", "1")
    write(tmp_path, "a b.txt", "1")
    save(tmp_path, 1.0)
    if "runpy" in code or "exec(" in code:
        write(tmp_path, "x.py", "V = 1")
    files = inputs(tmp_path, read(tmp_path))["files"]
    assert compare(tmp_path, files).changes == ()
    change(tmp_path)
    assert compare(tmp_path, files).changes == (expected,)


def test_the_journals_beside_a_database_belong_to_it(tmp_path: Path) -> None:
    base = tmp_path / "x.db"
    with closing(sqlite3.connect(base)) as connection:
        connection.executescript("pragma journal_mode = wal; create table t (v)")
    code = "import sqlite3\ndef make():\n    sqlite3.connect(HERE / 'x.db').execute('select * from t').fetchall()\n"
    write(tmp_path, "net.py", HERE + code)
    files = inputs(tmp_path, read(tmp_path))["files"]
    assert [item["digest"] for item in files if item["kind"] == "journal"] == ["", ""]
    for name in ("x.db-wal", "x.db-journal"):
        (tmp_path / name).write_bytes(b"")  # as a reader leaves one that was killed
    assert compare(tmp_path, files).changes == ()
    with closing(sqlite3.connect(base)) as writer:
        writer.executescript("pragma wal_autocheckpoint = 0; insert into t values (2)")
        before = base.read_bytes()
        assert compare(tmp_path, files).changes == ("x.db-wal changed",)
        written = inputs(tmp_path, read(tmp_path))["files"]
        assert compare(tmp_path, written).changes == ()
        assert base.read_bytes() == before
    base.unlink()
    assert "x.db-wal changed" not in compare(tmp_path, written).changes


def test_what_a_module_read_when_it_was_imported_counts_for_every_model(tmp_path: Path) -> None:
    write(tmp_path, "net.py", "")
    write(tmp_path, "late_pack/__init__.py", "")
    write(tmp_path, "late_pack/net.py", "from late_pack.settings import VALUE\ndef make(): pass\n")
    write(tmp_path, "late_pack/settings.py", HERE + "VALUE = (HERE / 'value.txt').read_text()\n")
    write(tmp_path, "late_pack/value.txt", "1")
    first, second = (inputs(tmp_path, read(tmp_path, "late_pack.net:make")) for _ in range(2))
    assert [item["path"] for item in first["files"]] == [item["path"] for item in second["files"]]
    write(tmp_path, "late_pack/value.txt", "2")
    assert compare(tmp_path, second["files"]).changes == ("late_pack/value.txt changed",)


def test_a_library_that_opens_files_itself_tells_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = ModuleType("cv2")
    library.imread = lambda path: len(path)  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, "cv2", library)
    write(tmp_path, "net.py", HERE + "import cv2\ndef make():\n    assert cv2.imread(str(HERE / 'a.png'))\n")
    write(tmp_path, "a.png", "1")
    assert {Path(path).name for path in read(tmp_path).files} == {"a.png"}


def test_variables_of_the_machine_secrets_and_the_codes_own_are_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LURK_OWN", "HF_TOKEN", "CUDA_VISIBLE_DEVICES", "LURK_COPIED"):
        monkeypatch.setenv(name, "1")
    code = """
        import os
        os.environ["LURK_OWN"] = "3"
        def make():
            os.environ["LURK_OWN"], os.environ.get("HF_TOKEN"), os.getenv("CUDA_VISIBLE_DEVICES"), os.environ["HOME"]
            dict(os.environ), os.environ.copy(), os.environ["LURK_READ"]
    """
    monkeypatch.setenv("LURK_READ", str(tmp_path / "data"))
    write(tmp_path, "net.py", code)
    reading = read(tmp_path)
    assert set(reading.variables) == {"LURK_OWN", "LURK_READ"}
    listed = inputs(tmp_path, reading)
    monkeypatch.setenv("LURK_OWN", "4")
    assert compare(tmp_path, listed["files"]).changes == ()
    assert compare(tmp_path, list(portable_inputs(listed)["files"])).unseen == (  # type: ignore[call-overload]
        "the environment variable LURK_OWN", "the environment variable LURK_READ",
    )  # fmt: skip
    (elsewhere := tmp_path / "clone").mkdir()
    monkeypatch.setenv("LURK_READ", str(elsewhere / "data"))
    assert compare(elsewhere, [item for item in listed["files"] if item["kind"] == "variable"]).changes == ()


def test_a_file_that_the_code_makes_where_there_is_none_is_no_input(tmp_path: Path) -> None:
    write(
        tmp_path, "net.py", HERE + "def make():\n    path = HERE / 'made'\n    path.exists() or path.write_text('x')\n"
    )
    files = inputs(tmp_path, read(tmp_path))["files"]
    assert (tmp_path / "made").is_file()
    assert compare(tmp_path, files).changes == ()


def test_nothing_of_the_system_stays_replaced(tmp_path: Path) -> None:
    before = os.stat, type(os.environ).__getitem__, type(os.environ).__setitem__, type(os.environ).__iter__
    with collect_reading(), collect_reading():
        assert os.stat is not before[0]
    assert before == (os.stat, type(os.environ).__getitem__, type(os.environ).__setitem__, type(os.environ).__iter__)
