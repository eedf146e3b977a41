"""Choose the device that a network runs on, its number format and its memory format."""

from __future__ import annotations

import logging

import torch
from torch import Tensor, nn

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.run.ranks import Ranks

log = logging.getLogger("mkdocs.plugins.lurk")


def choose_device(wanted: str, ranks: Ranks) -> torch.device:
    """Choose the device.

    Args:
        wanted: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``; ``auto`` takes the first of CUDA, MPS and CPU that
            is there.
        ranks: Processes of one machine take its GPUs in turn.

    Raises:
        ConfigError: The device is not there.
    """
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    device = torch.device(wanted)
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if count == 0 or (device.index or 0) >= count:
            raise ConfigError(f"plugins.lurk.device: {wanted!r} is not there, {count} CUDA devices are; use 'auto'")
        if device.index is None:
            device = torch.device("cuda", ranks.local_rank % count)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("plugins.lurk.device: 'mps' is not there; use 'auto'")
    return device


_LARGE_MACS = 1e8


def choose_fast_dtype(wanted: str, device: torch.device, macs: float) -> torch.dtype:
    """Choose the number format of gradients and syntheses; scores are always float32.

    Args:
        wanted: ``float32``, ``bfloat16``, or ``auto``: bfloat16 where the hardware multiplies matrices in it and, on
            a CPU, the network is large enough to gain by it.
        device: Where the network runs.
        macs: The network's multiply-adds for one picture.
    """
    if wanted == "auto":
        gains = has_bfloat16_matrices(device) and (device.type != "cpu" or macs >= _LARGE_MACS)
        return torch.bfloat16 if gains else torch.float32
    return torch.bfloat16 if wanted == "bfloat16" else torch.float32


def use_threads(count: int | None) -> None:
    """Set how many threads PyTorch uses from now on, whatever the environment says; None changes nothing.

    Its kernels share sums and loops out among threads, and round differently in other shares.
    """
    if count is not None:
        torch.set_num_threads(count)


def threads_identity(count: int | None) -> list[str]:
    """Return what a key says of the declared number of threads: nothing where none is declared."""
    return [] if count is None else [f"threads {count}"]


def use_full_float32(device: torch.device) -> None:
    """Let CUDA multiply float32 numbers in full.

    By default cuDNN rounds the factors of convolutions to the 10 bits of TF32, and scores are said to be float32.
    """
    if device.type == "cuda":
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False


def choose_memory_format(module: nn.Module, x: Tensor) -> torch.memory_format:
    """Choose the memory format of pictures: channels last, which convolutions prefer, if the network allows it.

    On a CPU this makes VGG16 about 1.4 times faster. A network that flattens maps with ``view`` refuses it.

    Args:
        module: The network.
        x: A batch that it takes, ``(n, c, h, w)``, on its device.
    """
    if x.device.type == "mps":
        return torch.contiguous_format
    try:
        with torch.inference_mode():
            module(x.contiguous(memory_format=torch.channels_last))
    except RuntimeError as reason:
        log.debug("the network does not run in channels_last (%s): contiguous tensors are used", reason)
        return torch.contiguous_format
    return torch.channels_last


def lay_out(module: nn.Module, memory_format: torch.memory_format) -> None:
    """Bring a network's tensors of four dimensions into a memory format, in place; others have none of that name."""
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.dim() == 4 and tensor.layout == torch.strided:
            tensor.data = tensor.data.contiguous(memory_format=memory_format)


def has_bfloat16_matrices(device: torch.device) -> bool:
    """Whether matrix products in bfloat16 are much faster than in float32: tensor cores, AMX tiles, AVX-512 BF16."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    checks = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("amx_tile", "avx512_bf16"))
    return device.type == "cpu" and any(check() for check in checks if check is not None)
