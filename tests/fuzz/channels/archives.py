"""Archives: networks that were saved with their code, which an author may or may not trust."""

from __future__ import annotations

import io
import json
import os
import pickle
import warnings
import zipfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import torch

from tests.fuzz.channels.names import check_pages
from tests.fuzz.sites import TINY, Sites, declare
from tests.fuzz.texts import Trap, hostile_text, spoiled
from tests.fuzz.watch import Watch
from tests.run.networks import SIDE, tiny_network

_EXPRESSION = "__import__('os').system('touch escaped')"


def attack(random: Random, root: Path, sites: Sites) -> Watch:
    site = sites.tiny(root)
    name = f"net{random.choice(('.pt2', '.pt2', '.pt', '.pth', '.ts'))}"
    trusted = random.random() < 0.4
    data = archive(random, trusted)
    if random.random() < 0.06:
        os.mkfifo(root / name)
    else:
        (root / name).write_bytes(data)
    declare(root, {**TINY, "source": name, "trust": trusted, "layers": {"include": ["*"]}})
    outcome = site.run(site.build)
    if outcome == "accepted":
        check_pages(root / "site")
    if not trusted:
        assert outcome == "refused"
    return site.watch


@cache
def _good() -> dict[str, bytes]:
    """Return the members of an archive of ``torch.export``."""
    buffer = io.BytesIO()
    batch = {0: torch.export.Dim("batch", min=1, max=64)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(tiny_network(), (torch.zeros(2, 3, SIDE, SIDE),), dynamic_shapes=(batch,))
        torch.export.save(program, buffer)
    with zipfile.ZipFile(buffer) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def archive(random: Random, trusted: bool) -> bytes:
    """Return the bytes of an archive; of one that the author trusts, no expression in it runs code."""
    members = dict(_good())
    (model,) = (name for name in members if name.endswith("models/model.json"))
    kind = random.randrange(7)
    if kind == 0 and not trusted:
        members[model] = _with_expression(members[model], random)
    elif kind == 0:
        members["archive/extra/../../../escaped"] = hostile_text(random).encode("utf-8", "replace")
    elif kind <= 1:
        members[model] = _changed_model(members[model], random)
    elif kind == 2:
        members = _renamed(members, random)
    elif kind == 3:
        top = model.partition("/")[0]
        trap = pickle.dumps(Trap(os.system, "touch escaped"))
        members[
            f"{top}/{random.choice(('data/sample_inputs/model.pt', 'data/weights/x.pt', 'data.pkl', 'constants.pkl'))}"
        ] = trap
        members[f"{top}/data/aotinductor/model/x.so"] = b"\x7fELF"
        members.pop(random.choice((f"{top}/data/aotinductor/model/x.so", model)))
    elif kind == 4:
        name = random.choice(list(members))
        members[name] = random.choice(
            (b"", b"[]", b"{}", b"[" * 50_000, spoiled(members[name], random), bytes(1 << 22), b"null", b"\xff")
        )
    elif kind == 5:
        return random.choice(
            (
                b"",
                b"PK\x05\x06" + bytes(18),
                b"PK\x03\x04",
                random.randbytes(500),
                pickle.dumps(Trap(os.system, "touch escaped")),
            )
        )
    data = _zipped(members, random)
    return spoiled(data, random) if kind == 6 or random.random() < 0.15 else data


def _zipped(members: dict[str, bytes], random: Random) -> bytes:
    buffer = io.BytesIO()
    method = random.choice((*[zipfile.ZIP_STORED] * 6, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", method) as whole:
        warnings.simplefilter("ignore")
        for name, data in members.items():
            whole.writestr(name, data)
            if random.random() < 0.05:
                whole.writestr(name, b"twice")
    return buffer.getvalue()


def _renamed(members: dict[str, bytes], random: Random) -> dict[str, bytes]:
    """Return the members, one of them under a name that leads elsewhere, or is no name."""
    name = random.choice(list(members))
    texts = (
        f"../../../{name}",
        f"/{name}",
        "C:\\escaped",
        hostile_text(random).replace("\0", "")[:200],
        f"{name}/",
        "x" * 60_000,
    )
    other = random.choice(texts).encode("utf-8", "replace").decode()
    return {other if key == name else key: data for key, data in members.items()}


def _with_expression(model: bytes, random: Random) -> bytes:
    """Put an expression that runs code into a model's symbols."""
    content = json.loads(model)

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "expr_str" in value:
                value["expr_str"] = _EXPRESSION
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(content)
    if random.random() < 0.3:
        content[_EXPRESSION] = {"expr_str": _EXPRESSION}
    return json.dumps(content).encode()


def _changed_model(model: bytes, random: Random) -> bytes:
    """Change one value somewhere in the description of the program, but no expression."""
    content = json.loads(model)
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if "expr" not in str(key):
                places.append((value, key))
                if isinstance(item, (dict, list)):
                    walk(item)

    walk(content)
    for _ in range(random.choice((1, 3))):
        where, key = random.choice(places)
        where[key] = random.choice(
            (None, -1, 10**18, "", "torch.ops.aten.nope.default", [], {}, hostile_text(random)[:100], True, 0.5)
        )
    return json.dumps(content).encode("utf-8", "replace")
