"""Train `fashion_net` on Fashion-MNIST; write its weights, its figures and 500 of the test pictures.

Debian's package `dataset-fashion-mnist` holds the data. The recipe is fixed and the last epoch is what is kept:
the test set is measured with at the end, and chooses nothing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from fashion import fashion_net
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.datasets import FashionMNIST

HERE = Path(__file__).parent
MEAN, STD = 0.2860, 0.3530  # of the training pictures, in 0..1
SHIFT_PX = 2
PICTURES_PER_CLASS = 50


def read(archive: Path, train: bool) -> FashionMNIST:
    """Read one half of the data set from its ``.gz`` files."""
    with tempfile.TemporaryDirectory() as root:
        raw = Path(root) / "FashionMNIST" / "raw"
        raw.mkdir(parents=True)
        for packed in archive.glob("*-ubyte.gz"):
            (raw / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
        return FashionMNIST(root, train=train)


def normalise(pictures: Tensor) -> Tensor:
    """Turn bytes ``(n, 28, 28)`` into the network's input ``(n, 1, 28, 28)``."""
    return ((pictures.float() / 255 - MEAN) / STD).unsqueeze(1)


def vary(pictures: Tensor, random: torch.Generator) -> Tensor:
    """Mirror half of a batch, and move all of it by up to ``SHIFT_PX`` pixels each way."""
    mirrored = torch.rand(len(pictures), generator=random) < 0.5
    pictures = torch.where(mirrored[:, None, None, None], pictures.flip(-1), pictures)
    top, left = torch.randint(2 * SHIFT_PX + 1, (2,), generator=random).tolist()
    padded = F.pad(pictures, [SHIFT_PX] * 4, value=-MEAN / STD)
    return padded[..., top : top + 28, left : left + 28]


def batches(pictures: Tensor, labels: Tensor, size: int, random: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Deal one epoch, shuffled; an incomplete last batch is left out."""
    order = torch.randperm(len(labels), generator=random)
    for chosen in order[: len(order) // size * size].split(size):
        yield vary(pictures[chosen], random), labels[chosen]


def fit(network: nn.Module, data: FashionMNIST, epochs: int, size: int, seed: int) -> None:
    """Train in place, by AdamW under a one-cycle schedule."""
    random = torch.Generator().manual_seed(seed)
    pictures, labels = normalise(data.data), data.targets
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    steps = epochs * (len(labels) // size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=0.006, total_steps=steps)
    network.train()
    for epoch in range(1, epochs + 1):
        start, total = time.monotonic(), 0.0
        for batch, wanted in batches(pictures, labels, size, random):
            loss = F.cross_entropy(network(batch), wanted)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item()
        mean = total / (len(labels) // size)
        print(f"epoch {epoch:2d} of {epochs}: loss {mean:.4f}, {time.monotonic() - start:.0f} s", flush=True)


@torch.inference_mode()
def answers(network: nn.Module, pictures: Tensor) -> Tensor:
    """The class that the network names for each picture of bytes ``(n, 28, 28)``."""
    network.eval()
    return torch.cat([network(part).argmax(1) for part in normalise(pictures).split(1000)])


def folder(label: str) -> str:
    """A class name as a folder: ``T-shirt/top`` becomes ``t-shirt``, ``Ankle boot`` ``ankle-boot``."""
    return re.sub(r"\W+", "-", label.split("/")[0].lower())


def first_of_each(labels: Tensor, count: int) -> list[int]:
    """The places of the first ``count`` pictures of every class, in the test set's order."""
    return sorted(i for c in labels.unique() for i in (labels == c).nonzero()[:count, 0].tolist())


def export(data: FashionMNIST, chosen: list[int], out: Path) -> None:
    """Write pictures as ``CLASS/NNNN.png``, NNNN their place in the test set."""
    for i in chosen:
        path = out / folder(data.classes[int(data.targets[i])]) / f"{i:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(data.data[i].numpy()).save(path, optimize=True)


def measure(network: nn.Module, data: FashionMNIST, chosen: list[int]) -> dict[str, object]:
    """Count what the network gets right: of all the test set, of each class, and of the exported part."""
    right = answers(network, data.data) == data.targets
    return {
        "test_pictures": len(right),
        "test_accuracy": round(right.double().mean().item(), 4),
        "class_accuracy": {
            folder(name): round(right[data.targets == c].double().mean().item(), 4)
            for c, name in enumerate(data.classes)
        },
        "exported_pictures": len(chosen),
        "exported_accuracy": round(right[chosen].double().mean().item(), 4),
        "parameters": sum(p.numel() for p in network.parameters()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("archive", type=Path, help="folder with the data set's four *-ubyte.gz files")
    parser.add_argument("--out", type=Path, default=HERE, help="where to write (default: beside this script)")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    network = fashion_net()
    fit(network, read(args.archive, train=True), args.epochs, args.batch, args.seed)
    save_file(network.state_dict(), args.out / "fashion.safetensors")

    test = read(args.archive, train=False)
    chosen = first_of_each(test.targets, PICTURES_PER_CLASS)
    export(test, chosen, args.out / "fashion")
    figures = measure(network, test, chosen) | {"epochs": args.epochs, "batch": args.batch, "seed": args.seed}
    (args.out / "fashion.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
