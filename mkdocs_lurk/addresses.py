"""The addresses of layers' pages: unique, short, and valid as folder names on every common system.

A layer's address is its dotted name in which anything outside ``A-Za-z0-9._-`` became ``-``. Only a name whose address
would be another page's, a file's or no portable folder name gets a different one:

- ``index``, ``README``, the folders of a model's other pages (``evaluation``, ``cost``, say), the names of the files in
  the model's folder, Windows' device names, and names that begin with a dot (hidden, so many servers publish no such
  folder) are prefixed: ``layer-index``;
- of several names with one address, upper and lower case counting alike, one keeps it, a name that needed no change
  before others; the rest end in a digest of the whole name: ``a-b-3f2a1c9d``;
- a name of more than ``LONGEST`` characters is cut, and ends in such a digest.

The order of the names plays no part.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import PureWindowsPath

from mkdocs_lurk.names import slug

LONGEST = 100
"""Characters of an address at most: the whole path of a file must fit into Windows' 260."""
_DIGEST_LENGTH = 8
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
_PAGES = re.compile(
    r"evaluation|classes|cost|live|pictures|quiz|trust|(index|readme)(\.(html|md|body))?", re.IGNORECASE
)
_MODEL_FILES = re.compile(
    r"(model|pictures|quiz|live|live-network|live-samples)\.js|results\.json|(photos|thumbs|strip)-\d+\.webp|preview\.jpg",
    re.IGNORECASE,
)  # what pages/model_folder.py writes beside the layers' folders


def layer_addresses(names: Iterable[str]) -> dict[str, str]:
    """Return the address of each layer of a model, by its dotted name.

    Args:
        names: All layers that can have a page, whether or not the author chose them: an address should not change
            with the choice.
    """
    addresses: dict[str, str] = {}
    taken: set[str] = set()
    alone = {name: _portable(name) for name in names}
    for name in sorted(alone, key=lambda name: (alone[name] != name, name)):
        address = alone[name]
        if address.lower() in taken:
            address = next(other for other in _alternatives(address, name) if other.lower() not in taken)
        taken.add(address.lower())
        addresses[name] = address
    return addresses


def is_address_of(address: str, name: str) -> bool:
    """Return whether ``layer_addresses`` can give this address to a layer, whatever the other layers are called."""
    alone = _portable(name)
    return address == alone or address in _alternatives(alone, name)


def is_portable(name: str) -> bool:
    """Return whether a name can be the address of a page as it is, on every common system."""
    return _portable(name) == name


def is_plain_path(path: str) -> bool:
    """Return whether a path with ``/`` leads from a folder to something inside it, on every common system."""
    windows = PureWindowsPath(path)
    strange = "\\" in path or "\0" in path or windows.drive or windows.root
    return not strange and all(part not in ("", ".", "..") for part in path.split("/"))


def _portable(name: str) -> str:
    """Return the address of a name that no other name competes with."""
    address = slug(name) or "layer"
    if address.startswith(".") or any(kind.fullmatch(address) for kind in (_DEVICES, _PAGES, _MODEL_FILES)):
        address = f"layer-{address}"
    if address.endswith("."):  # Windows drops it
        address = f"{address[:-1]}-"
    return address if len(address) <= LONGEST else _end_in_digest(address, name, _DIGEST_LENGTH)


def _alternatives(address: str, name: str) -> Iterator[str]:
    """Yield the addresses of a name whose own is taken, those with the shortest digest first."""
    for length in range(_DIGEST_LENGTH, hashlib.sha256().digest_size * 2 + 1):
        yield _end_in_digest(address, name, length)


def _end_in_digest(address: str, name: str, length: int) -> str:
    """Put ``length`` hexadecimal digits of the digest of the whole name at the end, in place of what is too long."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:length]
    return f"{address[: LONGEST - 1 - length]}-{digest}"
