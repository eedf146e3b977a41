from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mkdocs_lurk.config.references import code_digest, found, is_reference, reference_file
from mkdocs_lurk.errors import ModelError


@pytest.mark.parametrize("text", ["nets/small.py:Net", "package.module:make", "module:Class.make", "../a b/net.py:x"])
def test_references_are_known_by_their_form(text: str) -> None:
    assert is_reference(text)


@pytest.mark.parametrize(
    "text", ["torchvision:vgg16", "photos", "photos/cats", "net.pt", "C:", "a:b:c", "net.py", ":x"]
)
def test_other_texts_are_no_references(text: str) -> None:
    assert not is_reference(text)


def test_only_a_path_names_a_file(tmp_path: Path) -> None:
    assert reference_file("nets/small.py:Net", tmp_path) == tmp_path / "nets" / "small.py"
    assert reference_file("package.module:make", tmp_path) is None


def test_the_digest_follows_the_code_and_imports_nothing(tmp_path: Path) -> None:
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


def test_inner_names_are_followed(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("class Net:\n    @staticmethod\n    def make():\n        return 3\n")
    with found("own.py:Net.make", tmp_path, ModelError, "model 'net'") as make:
        assert make() == 3


def test_what_fails_in_the_context_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "own.py").write_text("def make():\n    raise KeyError('a\\nb')\n")
    with (
        pytest.raises(ModelError, match=r"^model 'net': own\.py:make raised KeyError: .* \(line 2\)$"),
        found("own.py:make", tmp_path, ModelError, "model 'net'") as make,
    ):
        make()
    assert str(tmp_path) not in sys.path
    assert not sys.dont_write_bytecode
