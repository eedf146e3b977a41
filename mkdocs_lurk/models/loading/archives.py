"""Read networks that were saved with their code: archives of ``torch.export``.

Loading an archive can run code: every ``expr_str`` of ``models/model.json`` is evaluated as Python (by SymPy's
``sympify``). So can running the network: a node may name any registered operator with any arguments, and
``aten.from_file`` writes to any path. A grammar for expressions would close the first way only, so an archive is
loaded only where the author says that it is trusted.
"""

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

from mkdocs_lurk.errors import ModelError, describe_error, describe_os_error

_POSITION_OF_TRAINING_FLAG = {"dropout": 2, "dropout_": 2, "feature_dropout": 2, "alpha_dropout": 2, "batch_norm": 5}
"""By operation, the position of the argument that is true in training mode."""


def load_archive(path: Path, subject: str, *, trusted: bool) -> nn.Module:
    """Read a network from an archive; the contents of the file decide what it is, not its name.

    Neither compiled code nor pickled objects of an archive are run, whether or not it is trusted.

    Args:
        path: A file of ``torch.export.save``.
        subject: The beginning of every message.
        trusted: Whether the author made the archive, or trusts who did: loading it can run code.

    Raises:
        ModelError: The file is not an archive of ``torch.export``, is damaged, or is not trusted; or its network does
            not take one picture.
    """
    names = _list_files(path, subject)
    if any(name.endswith(("/models/model.json", "serialized_exported_program.json")) for name in names):
        if not trusted:
            raise ModelError(
                f"{subject}: {path.name} is an archive of torch.export, and it can run code that it holds; "
                "set 'trust: true' if you made it yourself, or give a factory as 'source' and a state dict as 'weights'"
            )
        return _load_exported(path, names, subject)
    if any(name.endswith("/constants.pkl") for name in names):
        raise ModelError(
            f"{subject}: {path.name} is a TorchScript archive, which PyTorch has deprecated and which is not read; "
            "save the network with torch.export.save(torch.export.export(net, (x,)), 'net.pt2'), or let 'source' name "
            "the factory that makes it and 'weights' its state dict"
        )
    kind = "a file of torch.save" if any(name.endswith("/data.pkl") for name in names) else "something else"
    raise ModelError(
        f"{subject}: {path.name} is no archive of torch.export but {kind}; "
        "give the network's code as 'source' and its state dict as 'weights'"
    )


def _list_files(path: Path, subject: str) -> list[str]:
    """Return the names of the files inside an archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except Exception as reason:  # zipfile raises half a dozen kinds for a damaged directory
        why = describe_os_error(reason) if isinstance(reason, OSError) else " ".join(str(reason).split())
        raise ModelError(f"{subject}: {path.name} is damaged or no archive ({why}); save it again") from reason


def _load_exported(path: Path, names: list[str], subject: str) -> nn.Module:
    _refuse_code(path, names, subject)
    try:
        with _silenced("torch.export", "torch._export"):
            program = torch.export.load(path)
        module = program.module()
    except Exception as reason:  # torch.export raises many kinds for an archive of another version
        raise ModelError(
            f"{subject}: {path.name} cannot be read by torch {torch.__version__} ({describe_error(reason)}); "
            "export it again with this version"
        ) from reason
    try:
        _refuse_program(program, subject, path)
    except (AttributeError, IndexError, KeyError, TypeError) as reason:
        raise ModelError(
            f"{subject}: {path.name} takes no picture ({describe_error(reason)}); export it with a picture as its input"
        ) from reason
    return module


def _refuse_program(program: torch.export.ExportedProgram, subject: str, path: Path) -> None:
    """Refuse a program that does not take one picture, or was exported in training mode."""
    inputs = program.graph_signature.user_inputs
    if len(inputs) != 1:
        raise ModelError(f"{subject}: {path.name} takes {len(inputs)} inputs; export a network that takes one picture")
    refuse_training_mode(program.graph, f"{subject}: {path.name}")
    batch_size = _batch_size(program)
    if batch_size not in (None, 1):
        raise ModelError(
            f"{subject}: {path.name} takes batches of {batch_size} pictures alone; export it with a batch of one "
            'picture, or of any number: dynamic_shapes=({0: torch.export.Dim("batch")},)'
        )


def refuse_training_mode(graph: torch.fx.Graph, subject: str) -> None:
    """Refuse a program whose dropout or batch normalisation was exported in training mode.

    Raises:
        ModelError: So it was; ``subject`` is named.
    """
    for node in graph.nodes:
        library, _, operation = str(node.target).partition(".")
        position = _POSITION_OF_TRAINING_FLAG.get(operation.partition(".")[0]) if library == "aten" else None
        if position is not None and len(node.args) > position and node.args[position]:
            raise ModelError(
                f"{subject} was exported in training mode ({node.target}); call .eval() on the network first"
            )


def _batch_size(program: torch.export.ExportedProgram) -> int | None:
    """Return the batch size that an exported program is bound to; None if it was exported with a dynamic one."""
    (network_input,) = program.graph_signature.user_inputs
    if not isinstance(network_input, str):
        raise TypeError(f"its input was the constant {network_input}")
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name == network_input:
            size = node.meta["val"].shape[0]
            return size if isinstance(size, int) else None
    return None


def _refuse_code(path: Path, names: list[str], subject: str) -> None:
    """Refuse an archive that holds compiled code, or pickled objects other than tensors."""
    if any("/aotinductor/" in name for name in names):
        raise ModelError(f"{subject}: {path.name} holds compiled code; export it with torch.export.save")
    name = ""
    try:
        with zipfile.ZipFile(path) as archive:
            for name in _pickled_files(archive, names):
                torch.load(io.BytesIO(archive.read(name)), weights_only=True)
    except pickle.UnpicklingError as reason:
        raise ModelError(
            f"{subject}: {path.name} holds pickled code ({name}), which could do anything and is not run; "
            "export it with plain tensors as example inputs"
        ) from reason
    except Exception as reason:  # zipfile, json and torch.load raise a dozen kinds for damaged members
        where = name or describe_error(reason)
        raise ModelError(f"{subject}: {path.name} is damaged ({where}); save it again") from reason


def _pickled_files(archive: zipfile.ZipFile, names: list[str]) -> Iterator[str]:
    """Yield the names of the files inside an archive that torch.export would unpickle."""
    for name in names:
        if name.endswith(".pt") and archive.getinfo(name).file_size:
            yield name
        if name.endswith("_config.json"):
            for entry in json.loads(archive.read(name)).get("config", {}).values():
                if isinstance(entry, dict) and entry.get("use_pickle"):
                    yield f"{name.rpartition('/')[0]}/{entry['path_name']}"


@contextmanager
def _silenced(*names: str) -> Iterator[None]:
    """Silence a library's loggers: it raises what it logs, and a caller reports the exception."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
