"""Weights: damaged files, pickled code, tensors of every kind, and names that lead nowhere."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from tests.fuzz.channels.names import check_pages
from tests.fuzz.sites import TINY, Sites, declare
from tests.fuzz.texts import Trap, hostile_text, spoiled
from tests.fuzz.watch import Watch
from tests.run.networks import tiny_network


def attack(random: Random, root: Path, sites: Sites) -> Watch:
    site = sites.tiny(root)
    name = f"w{random.choice(('.pt', '.pth', '.ckpt', '.safetensors'))}"
    weights: Any = name
    if random.random() < 0.08:
        os.mkfifo(root / name)
    elif random.random() < 0.05:
        (root / name).symlink_to("/dev/zero")
    else:
        (root / name).write_bytes(file(random, name))
    if random.random() < 0.2:
        weights = {
            "file": name,
            "key": random.choice(("state_dict", hostile_text(random)[:50] or "k", "a.b", ".")),
            "prefix": "first",
        }
        weights.pop(random.choice(("key", "prefix", "file")) if random.random() < 0.8 else "prefix")
    declare(root, {**TINY, "weights": weights})
    outcome = site.run(site.build)
    if outcome == "accepted":
        check_pages(root / "site")
    return site.watch


@cache
def _good() -> dict[str, Tensor]:
    return {name: value.clone() for name, value in tiny_network().state_dict().items()}


def file(random: Random, name: str) -> bytes:
    """Return the bytes of a weights file."""
    kind = random.randrange(12)
    if kind == 0:
        return _header(random)
    if kind == 1:
        return _zip(random)
    if kind == 2:
        return random.choice(
            (b"", random.randbytes(300), b"\x80\x02.", b"\x80\x04\x95", b"cos\nsystem\n(S'touch x'\ntR.", b"[" * 9999)
        )
    state = _state(random)
    if name.endswith(".safetensors") and all(isinstance(value, Tensor) for value in state.values()):
        try:
            data = save({key: value.contiguous() for key, value in state.items()})
        except (ValueError, RuntimeError, TypeError, KeyError, UnicodeEncodeError):
            data = save(_good())
    else:
        data = _saved(_wrapped(state, random))
    return spoiled(data, random) if random.random() < 0.3 else data


def _saved(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def _state(random: Random) -> dict[str, Any]:
    """Return a state dict, one or two of whose entries are not as they should be."""
    state: dict[str, Any] = dict(_good())
    for _ in range(random.choice((0, 0, 1, 2))):
        key = random.choice(list(_good()))
        value = _good()[key]
        state[key] = random.choice(_tensors(value, random))
    if random.random() < 0.15:
        state[hostile_text(random)[:300].encode("utf-8", "replace").decode()] = torch.zeros(2)
    if random.random() < 0.1:
        state.pop(random.choice(list(_good())), None)
    if random.random() < 0.2:
        state = {f"{random.choice(('module.', 'model.', '', 'a' * 500))}{key}": item for key, item in state.items()}
    return state


def _tensors(value: Tensor, random: Random) -> list[Any]:
    return [
        torch.full_like(value, random.choice((float("nan"), float("inf"), 1e38, 0.0))),
        value.to(torch.complex64), value.bool(), value.to(torch.int64), value.double() + 1e-9, value.half(),
        value.bfloat16(), value.flatten(), value[:1], value[None], torch.zeros(()), torch.zeros(0),
        torch.zeros(1).expand(value.shape), torch.zeros(1).expand(100_000, 100_000), value.to("meta"),
        torch.quantize_per_tensor(value, 0.1, 0, torch.qint8), value.to_sparse(), value.tolist(), None, 3, "text",
        value.to(torch.float8_e4m3fn), torch.nn.Parameter(value),
    ]  # fmt: skip


def _wrapped(state: Mapping[str, Any], random: Random) -> object:
    """Return a checkpoint around a state dict."""
    loop: dict[str, Any] = {}
    loop["state_dict"] = loop
    deep: dict[str, Any] = dict(state)
    for _ in range(random.choice((5, 50, 400))):
        deep = {"model": deep}
    return random.choice(
        (
            *[state] * 6, {"state_dict": state}, {"state_dict": state}, {"model": state, "ema": state}, {"model": state,
            "other": {"a": state}},
            [state], list(state.values()), deep, loop, {1: state}, {("a",): state}, {}, [], None, torch.zeros(3),
            {"state_dict": {"w": Trap(os.system, "touch escaped")}}, Trap(eval,
            "__import__('os').system('touch escaped')"),
            {"state_dict": state, "optimizer": Trap(print, "x")}, {hostile_text(random): state, "x": state},
            {"ema_model": state, "n_averaged": hostile_text(random)}, torch.nn.Conv2d(3, 6, 3),
        )
    )  # fmt: skip


def _header(random: Random) -> bytes:
    """Return a safetensors file with a header of its own."""
    entry: dict[str, Any] = {"dtype": "F32", "shape": [6], "data_offsets": [0, 24]}
    changes: tuple[dict[str, Any], ...] = (
        {"shape": [10**12]}, {"shape": [-1]}, {"data_offsets": [0, 10**15]}, {"data_offsets": [24, 0]},
        {"dtype": "F31"}, {"dtype": 3},
        {"shape": [2**40, 2**40]}, {"shape": []}, {"shape": "x"}, {},
    )  # fmt: skip
    entry.update(random.choice(changes))
    text = json.dumps({random.choice(("first.bias", "../x", "\x1b[2J", "__metadata__")): entry})
    text = random.choice((text, text, "[" * 20_000, "{}", "", "\xff", '{"a":' * 3000))
    length = random.choice((len(text.encode()), 0, 10**9, 2**63))
    return struct.pack("<Q", length) + text.encode() + bytes(24)


def _zip(random: Random) -> bytes:
    """Return a zip archive that is made like a file of ``torch.save``, with members of its own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        with zipfile.ZipFile(io.BytesIO(_saved(dict(_good())))) as good:
            for name in good.namelist():
                data = good.read(name)
                if name.endswith("data.pkl") and random.random() < 0.7:
                    data = random.choice(
                        (
                            pickle.dumps(Trap(os.system, "touch escaped")),
                            b"\x80\x02]q\x00(" + b"]" * 50_000 + b"e.",
                            b"",
                            b"\x80\x02.",
                            spoiled(data, random),
                        )
                    )
                elif random.random() < 0.2:
                    data = random.choice((b"", data * 3, bytes(1 << 20)))
                archive.writestr(random.choice((name, name, name, f"../../../{name}", "/escaped")), data)
        if random.random() < 0.3:
            archive.writestr("archive/code/__torch__.py", "import os\nos.system('touch escaped')")
            archive.writestr("archive/constants.pkl", b"\x80\x02).")
    return buffer.getvalue()
