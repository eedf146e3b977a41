"""A server for built sites, which can send a strict security policy with their pages."""

from __future__ import annotations

import base64
import functools
import hashlib
import http.server
import io
import re
from pathlib import Path
from typing import Any, BinaryIO

STRICT = "/strict"
_INLINE = re.compile(rb"<script(?![^>]*\bsrc=)(?![^>]*application/)[^>]*>(.*?)</script>", re.DOTALL)


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder of sites.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        super().__init__(("127.0.0.1", 0), functools.partial(_Handler, directory=str(root)))

    def address(self, name: str, strict: bool = False) -> str:
        """The address of a site; with ``strict``, one where a policy allows no inline script and no inline style."""
        return f"http://127.0.0.1:{self.server_port}{STRICT if strict else ''}/{name}/"


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Adds the policy to pages below ``STRICT``."""

    _strict = False

    def log_message(self, *_: Any) -> None:
        pass

    def send_head(self) -> io.BytesIO | BinaryIO | None:
        self._strict = self.path.startswith(f"{STRICT}/")
        self.path = self.path.removeprefix(STRICT) if self._strict else self.path
        return super().send_head()

    def end_headers(self) -> None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if self._strict and path.suffix == ".html" and path.is_file():
            self.send_header(
                "Content-Security-Policy", policy(path.read_bytes(), runs_networks="live" in path.parts[-2:-1])
            )
        super().end_headers()


def policy(page: bytes, runs_networks: bool = False) -> str:
    """The policy of a page: everything from the site, and of inline scripts only the theme's own, by their digests.

    A page that runs a network needs WebAssembly, too.
    """
    digests = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in _INLINE.findall(page)]
    scripts = " ".join([*(f"'sha256-{digest}'" for digest in digests), *["'wasm-unsafe-eval'"] * runs_networks])
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; worker-src 'self'; base-uri 'self'; form-action 'self'"
    )
