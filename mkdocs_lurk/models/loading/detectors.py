"""Make a network of pictures from torchvision's detectors, whose input is a list and whose output is boxes."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn
from torchvision.models.detection.fcos import FCOS
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.models.detection.retinanet import RetinaNet
from torchvision.models.detection.ssd import SSD

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.transform import IMAGENET_MEAN, IMAGENET_STD, TransformSpec
from mkdocs_lurk.errors import ModelError

Normalisation = tuple[tuple[float, ...], tuple[float, ...]]
"""A mean and a standard deviation for each channel, of pictures in 0..1."""


class DetectorMaps(nn.Module):
    """The part of a detector that works on whole pictures: the backbone and the convolutions of the heads.

    The detector's own resizing and normalisation do not run, so that a receptive field is one of the picture that is
    shown; nor do the choice of boxes and what follows for each box. All modules keep their names.

    Attributes:
        mean: What the detector subtracts from pictures in 0..1, one value per channel.
        std: What it divides the difference by.
    """

    def __init__(self, detector: nn.Module) -> None:
        super().__init__()
        for name, child in detector.named_children():
            self.add_module(name, child)
        self.mean, self.std = normalisation_of(detector.get_submodule("transform"))
        self._head = "rpn.head" if isinstance(detector, GeneralizedRCNN) else "head"

    @property
    def left_out(self) -> tuple[str, ...]:
        """Names of the modules that work on each box, and do not run."""
        run = {"backbone", self._head.partition(".")[0]}
        return tuple(name for name, _ in self.named_children() if name not in run)

    def forward(self, x: Tensor) -> object:
        """Return what the head computes at every place.

        Args:
            x: Pictures, ``(n, c, h, w)``, normalised.

        Returns:
            The head's own output: tensors in a list or a dictionary.
        """
        features = self.get_submodule("backbone")(x)
        maps = [features] if isinstance(features, Tensor) else list(features.values())
        output: object = self.get_submodule(self._head)(maps)
        return output


def as_network(module: nn.Module, config: ModelConfig, subject: str) -> tuple[nn.Module, tuple[str, ...]]:
    """Return a module that takes ``(n, c, h, w)``, and sentences about what of a detector does not run.

    Args:
        module: Any network. All but torchvision's detectors are returned as they are.
        config: The model's declaration.
        subject: The beginning of the message.

    Raises:
        ModelError: The declared transform normalises otherwise than the detector.
    """
    if not isinstance(module, (GeneralizedRCNN, RetinaNet, SSD, FCOS)):
        return module, ()
    network = DetectorMaps(module)
    _refuse_other_normalisation(network, config, subject)
    parts = ", the choice of boxes and everything that is computed for each box"
    omitted = parts if hasattr(module, "roi_heads") else " and the choice of boxes"
    note = (
        f"Of this detector ({type(module).__name__}), the backbone and the head on its maps are analysed, on pictures "
        f"as they are shown here: its own resizing{omitted} do not run."
    )
    return network, (note,)


def _refuse_other_normalisation(network: DetectorMaps, config: ModelConfig, subject: str) -> None:
    declared, own = declared_normalisation(config), (network.mean, network.std)
    if declared is not None and not all(_are_close(one, other) for one, other in zip(declared, own, strict=True)):
        mean, std = ([round(value, 5) for value in values] for values in own)
        raise ModelError(
            f"{subject}: this detector normalises with mean {mean} and std {std}, and its transform does otherwise; "
            f"give transform: {{resize, crop, mean: {mean}, std: {std}}}"
        )


def declared_normalisation(config: ModelConfig) -> Normalisation | None:
    """Return the mean and std that the transform declares; None where nothing tells them."""
    if config.transform == "imagenet":
        return IMAGENET_MEAN, IMAGENET_STD
    return (config.transform.mean, config.transform.std) if isinstance(config.transform, TransformSpec) else None


def normalisation_of(transform: nn.Module) -> Normalisation:
    """Return what a detector's own transform, ``GeneralizedRCNNTransform``, normalises by."""
    mean, std = (cast("list[float]", getattr(transform, name)) for name in ("image_mean", "image_std"))
    return tuple(mean), tuple(std)


def _are_close(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return len(one) == len(other) and all(
        abs(a - b) <= 0.01 * max(abs(b), 1e-9) for a, b in zip(one, other, strict=True)
    )
