"""Networks that were saved whole: archives of ``torch.export``."""

from __future__ import annotations

import io
import json
import logging
import pickle
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import nn

from mkdocs_lurk.errors import ModelError, describe_error

_TRAINING_FLAGS = {"dropout": 2, "dropout_": 2, "feature_dropout": 2, "alpha_dropout": 2, "batch_norm": 5}
"""Where the functions that behave otherwise in training take that flag."""


def load_archive(path: Path, subject: str) -> tuple[nn.Module, int | None]:
    """Read a network from an archive; what the file holds decides, not its name.

    Compiled code in an archive is not run, nor are pickled objects.

    Returns:
        The network, and the only batch size it takes, or none where it takes any.

    Raises:
        ModelError: The file is no archive of ``torch.export``, or is damaged.
    """
    names = _names(path, subject)
    if any(name.endswith(("/models/model.json", "serialized_exported_program.json")) for name in names):
        return _load_exported(path, names, subject)
    if any(name.endswith("/constants.pkl") for name in names):
        raise ModelError(
            f"{subject}: {path.name} is a TorchScript archive, which PyTorch has deprecated and which is not read; "
            "save the network with torch.export.save(torch.export.export(net, (x,)), 'net.pt2'), or let 'source' name "
            "the factory that makes it and 'weights' its state dict"
        )
    what = "a file of torch.save" if any(name.endswith("/data.pkl") for name in names) else "something else"
    raise ModelError(
        f"{subject}: {path.name} is no archive of torch.export but {what}; "
        "give the network's code as 'source' and its state dict as 'weights'"
    )


def _names(path: Path, subject: str) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError) as reason:
        raise ModelError(f"{subject}: {path.name} is damaged or no archive ({reason}); save it again") from reason


def _load_exported(path: Path, names: list[str], subject: str) -> tuple[nn.Module, int | None]:
    _see_harmless(path, names, subject)
    try:
        with _quiet("torch.export", "torch._export"):
            program = torch.export.load(path)
        module = program.module()
    except Exception as reason:  # torch.export raises many kinds for an archive of another version
        raise ModelError(
            f"{subject}: {path.name} cannot be read by torch {torch.__version__} ({describe_error(reason)}); "
            "export it again with this version"
        ) from reason
    for name in ("train", "eval"):
        module.__dict__.pop(name, None)  # these raise; the graph knows no modes, so that nn.Module's own do no harm
    return module, _only_batch(program, subject, path)


def _only_batch(program: torch.export.ExportedProgram, subject: str, path: Path) -> int | None:
    """The batch size that an exported program is bound to; none where it was exported with a free one.

    Raises:
        ModelError: The program takes something else than one batch of pictures, or was exported in training mode.
    """
    inputs = program.graph_signature.user_inputs
    if len(inputs) != 1:
        raise ModelError(f"{subject}: {path.name} takes {len(inputs)} inputs; export a network that takes one picture")
    for node in program.graph.nodes:
        flag = _TRAINING_FLAGS.get(str(node.target).split(".")[1]) if str(node.target).startswith("aten.") else None
        if flag is not None and node.args[flag:] and node.args[flag]:
            raise ModelError(
                f"{subject}: {path.name} was exported in training mode ({node.target}); "
                "call .eval() on the network first"
            )
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name == inputs[0]:
            size = node.meta["val"].shape[0]
            return size if isinstance(size, int) else None
    return None


def _see_harmless(path: Path, names: list[str], subject: str) -> None:
    """Refuse an archive with compiled code, or with pickled objects that are more than tensors."""
    if any("/aotinductor/" in name for name in names):
        raise ModelError(f"{subject}: {path.name} holds compiled code; export it with torch.export.save")
    with zipfile.ZipFile(path) as archive:
        for name in _pickles(archive, names):
            try:
                torch.load(io.BytesIO(archive.read(name)), weights_only=True)
            except pickle.UnpicklingError as reason:
                raise ModelError(
                    f"{subject}: {path.name} holds pickled code ({name}), which could do anything and is not run; "
                    "export it with plain tensors as example inputs"
                ) from reason
            except (RuntimeError, EOFError, ValueError, KeyError) as reason:
                raise ModelError(f"{subject}: {path.name} is damaged ({name}); save it again") from reason


def _pickles(archive: zipfile.ZipFile, names: list[str]) -> Iterator[str]:
    """The parts that torch.export would unpickle."""
    for name in names:
        if name.endswith(".pt") and archive.getinfo(name).file_size:
            yield name
        if name.endswith("_config.json"):
            for entry in json.loads(archive.read(name)).get("config", {}).values():
                if isinstance(entry, dict) and entry.get("use_pickle"):
                    yield f"{name.rpartition('/')[0]}/{entry['path_name']}"


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Keep a library's own log off the page of results; what goes wrong is raised here."""
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
