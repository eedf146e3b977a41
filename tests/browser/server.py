"""A server for built sites, which sends a strict security policy along under one address."""

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
        """Where a site is; ``strict``: where a policy allows no script and no style inside its pages."""
        return f"http://127.0.0.1:{self.server_port}{STRICT if strict else ''}/{name}/"


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Where the theme itself writes scripts into its pages, the policy names their digests, as their hosts would."""

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
            self.send_header("Content-Security-Policy", policy(path.read_bytes()))
        super().end_headers()


def policy(page: bytes) -> str:
    """Everything from the site itself, nothing inside the page but the theme's own scripts."""
    digests = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in _INLINE.findall(page)]
    scripts = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src 'self' {scripts}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; worker-src 'self'; base-uri 'self'; form-action 'self'"
    )
