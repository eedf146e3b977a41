"""What is published: a wheel that holds what runs and nothing else, built without a net, the same every time."""

from __future__ import annotations

import email
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
import yaml

import mkdocs_lurk
from mkdocs_lurk.pages import front_end

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SOURCES = ("mkdocs_lurk", "assets/gallery", "tests", "hatch_build.py", "README.md", "CHANGELOG.md", "CITATION.cff")
LEFT = shutil.ignore_patterns("node_modules", "__pycache__", ".*")
NPM = f"""#!{sys.executable}
import shutil, sys
if "--out" in sys.argv:
    shutil.copytree({str(ROOT / "mkdocs_lurk" / "pages" / "static")!r}, sys.argv[-1])
"""
NO_NPM = f"#!{sys.executable}\nraise SystemExit('npm is not needed here')\n"
BUILD = "import hatchling.build as build, sys; print(getattr(build, f'build_{sys.argv[1]}')(sys.argv[2]))"


@dataclass(frozen=True)
class Built:
    """Both files of a release, and the metadata in the wheel."""

    sdist: Path
    wheel: Path

    def names(self) -> list[str]:
        """The names of the wheel's files."""
        with zipfile.ZipFile(self.wheel) as archive:
            return archive.namelist()

    def packed_bytes(self, name: str) -> int:
        """The bytes that a file takes in the wheel."""
        with zipfile.ZipFile(self.wheel) as archive:
            return archive.getinfo(name).compress_size

    def metadata(self) -> Message:
        """The wheel's ``METADATA``."""
        with zipfile.ZipFile(self.wheel) as archive:
            name = next(one for one in archive.namelist() if one.endswith(".dist-info/METADATA"))
            return email.message_from_bytes(archive.read(name))


def run_build(kind: str, project: Path, out: Path, npm: str) -> Path:
    """Build an ``sdist`` or a ``wheel`` of the project in a folder, with this npm and no way into the net."""
    programs = out / f"bin-{kind}"
    programs.mkdir()
    (programs / "npm").write_text(npm, "utf-8")
    (programs / "npm").chmod(0o755)
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9", "PIP_NO_INDEX": "1"}
    environment = {**os.environ, **nowhere, "PATH": path, "SOURCE_DATE_EPOCH": "1700000000"}
    command = [sys.executable, "-c", BUILD, kind, str(out)]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)  # noqa: S603 - our own
    assert done.returncode == 0, done.stderr
    return out / done.stdout.split()[-1]


def release(folder: Path) -> Built:
    """Make a source distribution of a copy of the tree, and a wheel out of that alone.

    npm's part is played by a script that copies the bundle of the installation; the wheel needs no npm.
    """
    tree, unpacked = folder / "tree", folder / "unpacked"
    for name in (*SOURCES, "pyproject.toml", "LICENSE"):
        source, target = ROOT / name, tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=LEFT)
        else:
            shutil.copyfile(source, target)
    shutil.rmtree(tree / "mkdocs_lurk" / "pages" / "static")
    sdist = run_build("sdist", tree, folder, NPM)
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    (inner,) = unpacked.iterdir()
    return Built(sdist, run_build("wheel", inner, folder, NO_NPM))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return release(tmp_path_factory.mktemp("release"))


def test_the_wheel_holds_every_file_that_the_package_reads(built: Built) -> None:
    package = ROOT / "mkdocs_lurk"
    read = {
        path.relative_to(ROOT).as_posix()
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    names = built.names()
    packed = [name for name in names if not name.startswith("mkdocs_lurk-")]
    assert sorted(packed) == sorted(read)
    for name in ("py.typed", "results.schema.json", "pages/words.json", "pages/definitions.json"):
        assert f"mkdocs_lurk/{name}" in packed
    assert {f"mkdocs_lurk/pages/static/{name}" for name in bundle()} <= set(packed)
    assert [name for name in packed if name.endswith(".j2")]
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_holds_no_tests_demo_sources_of_the_front_end_or_caches(built: Built) -> None:
    tops = {name.partition("/")[0] for name in built.names()}
    assert tops == {"mkdocs_lurk", f"mkdocs_lurk-{mkdocs_lurk.__version__}.dist-info"}
    suffixes = {Path(name).suffix for name in built.names() if name.startswith("mkdocs_lurk/")}
    assert suffixes <= {".py", ".j2", ".json", ".js", ".mjs", ".css", ".txt", ".typed"}
    runtime = built.packed_bytes("mkdocs_lurk/pages/static/lurk-live-runtime.js")  # of live networks
    assert runtime < 4_500_000
    assert built.wheel.stat().st_size - runtime < 2_000_000


def test_the_source_distribution_holds_the_tests_and_no_demo(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert "tests/test_package.py" in names
    assert "CITATION.cff" in names
    assert not [name for name in names if re.match(r"assets/demo|docs/|site/|\.cache|.*node_modules", name)]


def test_the_same_tree_gives_the_same_bytes(built: Built, tmp_path: Path) -> None:
    again = release(tmp_path)
    assert again.sdist.read_bytes() == built.sdist.read_bytes()
    assert again.wheel.read_bytes() == built.wheel.read_bytes()


def test_the_metadata_names_version_licence_addresses_and_what_torch_needs(built: Built) -> None:
    metadata = built.metadata()
    assert (metadata["Name"], metadata["Version"]) == ("mkdocs-lurk", mkdocs_lurk.__version__)
    assert (metadata["License-Expression"], metadata["Requires-Python"]) == ("MIT", ">=3.11")
    assert len(metadata.get_all("Project-URL", [])) == len(PROJECT["project"]["urls"])
    always = [line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert not [line for line in always if line.startswith(("torch", "safetensors"))]
    assert metadata.get_payload().startswith("# mkdocs-lurk")


def test_one_version_and_one_citation() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", mkdocs_lurk.__version__)
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert {"cff-version", "message", "title", "authors", "version", "license"} <= set(citation)
    assert (citation["version"], citation["license"]) == (mkdocs_lurk.__version__, PROJECT["project"]["license"])
    assert citation["cff-version"] == "1.2.0"
    assert all({"name"} <= set(author) or {"family-names"} <= set(author) for author in citation["authors"])


def test_the_classifiers_are_pypis_and_say_which_python_is_tested() -> None:
    import trove_classifiers

    classifiers = PROJECT["project"]["classifiers"]
    assert set(classifiers) <= trove_classifiers.classifiers
    assert classifiers == sorted(classifiers)
    least = re.search(r"3\.\d+", PROJECT["project"]["requires-python"])
    versions = [one.rpartition(" ")[2] for one in classifiers if re.search(r":: 3\.\d+$", one)]
    assert least is not None
    assert versions[0] == least[0]


def bundle() -> tuple[str, ...]:
    """Return the files of the front end that the build demands."""
    text = (ROOT / "hatch_build.py").read_text("utf-8")
    demanded = re.search(r"^BUNDLE = \((.*?)\)", text, re.MULTILINE | re.DOTALL)
    assert demanded is not None
    return tuple(re.findall(r'"([^"]+)"', demanded[1]))


def test_the_build_demands_what_a_site_needs() -> None:
    assert set(front_end._REQUIRED_FILES) <= set(bundle())
    assert importlib.util.find_spec("hatchling") is not None
