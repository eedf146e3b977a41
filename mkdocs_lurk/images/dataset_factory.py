"""Make the Dataset that a model's ``images`` refers to: call the author's factory, and take the declared split."""

from __future__ import annotations

from collections.abc import Mapping

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.references import import_reference
from mkdocs_lurk.errors import ImageError, near
from mkdocs_lurk.images.items import Items
from mkdocs_lurk.images.values import ValueScale
from mkdocs_lurk.limits import MOST_PICTURES


def open_items(config: ModelConfig) -> Items:
    """Make the dataset that a model's ``images`` refers to.

    Raises:
        ImageError: The factory fails, or makes something else than a map-style dataset.
        DatasetError: The parts of the dataset number their classes differently.
    """
    reference = config.images
    with import_reference(reference, config.root, ImageError, "images") as factory:
        is_dataset = not isinstance(factory, type) and hasattr(factory, "__getitem__")
        dataset = _split(factory if is_dataset else factory(), config)
        if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
            raise ImageError(
                f"images: {reference} gave a {type(dataset).__name__}; "
                "it must return a map-style dataset, with a length and items by number"
            )
        items = Items(dataset, reference, ValueScale.of(config.transform), config.max_pixels)
        if len(items) == 0:
            raise ImageError(
                f"images: the dataset of {reference} is empty; relative paths in its code start from the folder in "
                "which the command runs, so let it begin them with Path(__file__).parent, or give one with pictures"
            )
        if len(items) > MOST_PICTURES:
            raise ImageError(
                f"images: the dataset of {reference} has {len(items):,} items; give {MOST_PICTURES:,} at most"
            )
        return items


def _split(dataset: object, config: ModelConfig) -> object:
    """Return one split of a mapping of datasets (``DatasetDict``); any other dataset as it is.

    Raises:
        ImageError: The declared split does not exist, or there are several and none is declared.
    """
    wanted = config.images_detail.split
    if not isinstance(dataset, Mapping):
        if wanted is not None:
            raise ImageError(f"images: {config.images} has no splits; leave out split: {wanted}")
        return dataset
    names = [str(name) for name in dataset]
    if wanted is None and len(names) == 1:
        return dataset[names[0]]
    if wanted in dataset:
        return dataset[wanted]
    listed = ", ".join(names)
    if not names:
        raise ImageError(f"images: the dataset of {config.images} is empty; give one with pictures")
    if wanted is None:
        form = f"{{dataset: {config.images}, split: {names[0]}}}"
        raise ImageError(f"images: {config.images} has the splits {listed}; name one: {form}")
    raise ImageError(f"images.split: {config.images} has no {wanted!r}{near(wanted, names) or '; it has ' + listed}")
