"""The record of how a picture becomes the network's input."""

# No postponed annotations here: records.py resolves this type.

from typing import NotRequired, TypedDict


class InputRecord(TypedDict):
    """The network's input, and the transform that makes it of a picture.

    Attributes:
        size: ``[channels, height, width]``.
        mean: One value per channel, subtracted from pixels in 0..1.
        std: One value per channel; the difference is divided by it.
        resize: Pixels of the short side, or ``[height, width]``; None where pictures keep their size.
        crop: ``[height, width]`` pixels from the centre; None for whole pictures.
        interpolation: Pillow's name of the resize's filter; None without a resize.
        normalised: Whether the pictures' values were normalised by mean and std before.
        value_range: The values that became 0 and 1; None for the usual ranges.
        function: The author's own transform, as declared, which stands in place of resize and crop.
    """

    size: list[int]
    mean: list[float]
    std: list[float]
    resize: int | list[int] | None
    crop: list[int] | None
    interpolation: str | None
    normalised: bool
    value_range: list[float] | None
    function: NotRequired[str]
