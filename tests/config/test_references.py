from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mkdocs_lurk.config.references import code_digest, import_reference, is_reference, reference_file
from mkdocs_lurk.errors import ModelError


@pytest.mark.parametrize("text", ["nets/small.py:Net", "package.module:make", "module:Class.make", "../a b/net.py:x"])
def test_references_are_recognised_by_their_form(text: str) -> None:
    assert is_reference(text)


@pytest.mark.parametrize(
    "text", ["torchvision:vgg16", "photos", "photos/cats", "net.pt", "C:", "a:b:c", "net.py", ":x"]
)
def test_other_texts_are_no_references(text: str) -> None:
    assert not is_reference(text)


def test_only_a_reference_by_path_names_a_file(tmp_path: Path) -> None:
    assert reference_file("nets/small.py:Net", tmp_path) == tmp_path / "nets" / "small.py"
    assert reference_file("package.module:make", tmp_path) is None


def test_the_digest_depends_on_the_code_and_imports_nothing(tmp_path: Path) -> None:
    (tmp_path / "pack_for_digest").mkdir()
    for name in ("own.py", "pack_for_digest/__init__.py", "pack_for_digest/net.py"):
        (tmp_path / name).write_text("raise SystemExit('imported')\n")
    for reference, file in (("own.py:Net", "own.py"), ("pack_for_digest.net:Net", "pack_for_digest/net.py")):
        first = code_digest(reference, tmp_path)
        assert code_digest(reference, tmp_path) == first
        assert code_digest(reference.replace("Net", "Other"), tmp_path) != first
        (tmp_path / file).write_text("x = 1\n")
        assert code_digest(reference, tmp_path) != first
    assert code_digest("no_such_package_here.net:Net", tmp_path) != code_digest("nor_this_one.net:Net", tmp_path)
    assert not {"pack_for_digest", "own"} & set(sys.modules)


def test_a_dotted_name_leads_into_a_class(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("class Net:\n    @staticmethod\n    def make():\n        return 3\n")
    with import_reference("own.py:Net.make", tmp_path, ModelError, "model 'net'") as make:
        assert make() == 3


def test_an_exception_in_the_context_becomes_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "own.py").write_text("def make():\n    raise KeyError('a\\nb')\n")
    with (
        pytest.raises(
            ModelError,
            match=r"^model 'net': own\.py:make raised KeyError: .* \(line 2\); mend the code there, or name an",
        ),
        import_reference("own.py:make", tmp_path, ModelError, "model 'net'") as make,
    ):
        make()
    assert str(tmp_path) not in sys.path
    assert not sys.dont_write_bytecode


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def make():\n    assert False\n", "model 'net': own.py:make raised AssertionError (line 2)"),
        ("def make(:\n", "model 'net': own.py:make raised SyntaxError: invalid syntax (line 1)"),
        ("import no_such_module\n",
         "model 'net': own.py:make raised ModuleNotFoundError: No module named 'no_such_module' (line 1)"),
    ],
)  # fmt: skip
def test_the_message_has_the_exception_and_its_line(tmp_path: Path, code: str, message: str) -> None:
    (tmp_path / "own.py").write_text(code)
    with pytest.raises(ModelError) as caught, import_reference("own.py:make", tmp_path, ModelError, "model 'net'") as f:
        f()
    text, remedy = str(caught.value).split("; ")
    assert text == message
    assert remedy.startswith(("mend the code there", "install it"))
