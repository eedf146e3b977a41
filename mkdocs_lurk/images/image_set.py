"""The declared pictures: list them in order, with their classes and digests, and open each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mkdocs_lurk.class_labels import in_order
from mkdocs_lurk.config.author_code import author_code
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.references import is_reference
from mkdocs_lurk.errors import ImageError
from mkdocs_lurk.images.datasets import DatasetReader, named_by_key
from mkdocs_lurk.images.entries import ImageEntry
from mkdocs_lurk.images.file_digests import FileDigests
from mkdocs_lurk.images.picture_files import PictureFile, find_pictures
from mkdocs_lurk.images.reading import Picture, read_picture
from mkdocs_lurk.images.unknown_range import refuse_unknown_range
from mkdocs_lurk.images.values import ValueScale
from mkdocs_lurk.limits import MAX_PIXELS
from mkdocs_lurk.names import ImageId


@dataclass(frozen=True)
class ImageSet:
    """The pictures of a model; a picture's id is its index in ``entries``.

    Attributes:
        root: The folder of the pictures; for a dataset, that of ``mkdocs.yml``.
        entries: In sorted path order; for a dataset, in its own order.
        label_indices: The number that a dataset gives to each label; empty for files.
        class_names: The names of a dataset's classes by number; empty if it has none, and for files.
        dataset: Reads the items of an author's Dataset; None for files.
        scale: What the values in files mean; None for the usual ranges.
        max_pixels: The most pixels that a file may have.
    """

    root: Path
    entries: tuple[ImageEntry, ...]
    label_indices: Mapping[str, int] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()
    dataset: DatasetReader | None = None
    scale: ValueScale | None = None
    max_pixels: int = MAX_PIXELS

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, in order; empty if no picture has one."""
        return tuple(in_order({entry.label for entry in self.entries if entry.label is not None}))

    def name(self, image: ImageId) -> str:
        """Return what messages call a picture."""
        return self.entries[image].path if self.dataset is None else self.dataset.name(image)

    def open(self, image: ImageId) -> Picture:
        """Read a picture.

        Returns:
            A PIL picture, upright, or an array ``(h, w, c)``, uint8 or float32 in 0..1.

        Raises:
            ImageError: It cannot be read; the message names it.
            DatasetError: A dataset's item is not what it was when it was listed.
        """
        if self.dataset is not None:
            return self.dataset.read(image)
        entry = self.entries[image]
        with author_code(None):  # a transform's factory may ask for a picture; what that reads is not its reading
            return read_picture(self.root / entry.path, entry.path, self.scale, self.max_pixels)

    def open_first(self) -> Picture:
        """Read the first picture that can be read; it says what size the network's input has.

        Raises:
            ImageError: None can be read.
        """
        failed: list[ImageError] = []
        for image in range(len(self)):
            try:
                return self.open(image)
            except ImageError as reason:
                failed.append(reason)
        refuse_unknown_range(failed, len(self))
        why = f" ({failed[0]})" if failed else ""
        raise ImageError(
            f"transform: no picture can be read, so that the size of the input is not known{why}; give others, or "
            "repair them"
        )


def list_images(config: ModelConfig, cache_file: Path | None = None, *, anew: bool = False) -> ImageSet:
    """List a model's pictures and digest their contents.

    Args:
        config: Its ``images`` is a folder of class folders, a flat folder, a glob, a CSV file, a list, or a reference
            to the factory of a map-style dataset.
        cache_file: A JSON file that remembers the digests of unchanged files. A dataset's list is remembered beside
            it until the file of its factory changes: until then, not even the factory runs.
        anew: Forget the remembered list of a dataset.

    Raises:
        ImageError: There is no picture, or the factory fails.
        DatasetError: An item of the dataset is not the same when it is read twice.
    """
    if is_reference(config.images):
        with named_by_key(config):
            dataset = DatasetReader(config, cache_file, anew=anew)
        listing = dataset.listing
        return ImageSet(config.root, listing.entries, listing.label_indices, listing.class_names, dataset)
    root, pictures = find_pictures(config)
    digests = FileDigests(cache_file)
    entries = tuple(_entry(picture, root, digests) for picture in pictures)
    digests.save()
    return ImageSet(root, entries, scale=ValueScale.of(config.transform), max_pixels=config.max_pixels)


def _entry(picture: PictureFile, root: Path, digests: FileDigests) -> ImageEntry:
    return ImageEntry(picture.path, picture.label, _file_digest(digests, root, picture.path))


def _file_digest(digests: FileDigests, root: Path, path: str) -> str:
    try:
        return digests.digest(root / path)
    except OSError as reason:
        raise ImageError(f"cannot be read ({reason.strerror}); see to its permissions", of=path) from reason
