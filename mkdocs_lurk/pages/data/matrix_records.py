"""What the element of a confusion matrix holds; each type has a twin in ``assets/gallery/src/data/schema/``."""

# No postponed annotations here: the tests resolve these types.

from typing import TypedDict


class MatrixData(TypedDict):
    """A confusion matrix, in an attribute of its element. Its classes stand in the order of the outputs.

    Attributes:
        names: What the classes are called.
        places: Their places among the evaluated classes, from which the anchors of pictures are made.
        pictures: How many pictures each has.
        order: The classes by their numbers here, those that are confused next to each other.
        squares: For each square with pictures three numbers, one after another: the class, the one that it is taken
            for, and the pictures.
        left_out: Evaluated classes that are not among these.
    """

    names: list[str]
    places: list[int]
    pictures: list[int]
    order: list[int]
    squares: list[int]
    left_out: int
