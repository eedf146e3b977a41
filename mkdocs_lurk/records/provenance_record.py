"""The record of what made a model's results: programs, number formats, seed, and digests of what went in.

Nothing here decides whether results are used again: that is a matter of keys (``run/session.py``) and of inputs
(``run/input_files.py``). It is published for readers who may want to make the same results again.
"""

# No postponed annotations here: records.py resolves these types.

from typing import NotRequired, TypedDict


class EnvironmentRecord(TypedDict):
    """The versions of the programs that computed something, and the kind of device: ``cpu``, ``cuda`` or ``mps``."""

    mkdocs_lurk: str
    python: str
    torch: str
    torchvision: str
    numpy: str
    pillow: str
    device: str


class UnitProvenance(EnvironmentRecord):
    """What is stored beside every unit of work.

    Attributes:
        formats: The number formats of the network's passes, sorted; empty where the network did not run.
    """

    formats: list[str]


class InputDigests(TypedDict):
    """What the results were made from, each as the digest of its contents in hexadecimal.

    Attributes:
        weights: SHA-256 of names, shapes, types and values of all parameters and buffers.
        transform: Of everything that a picture's way to the network's input depends on.
        pictures: SHA-256 of the lines that the pictures' own SHA-256 make, in the order of ``images``.
    """

    weights: str
    transform: str
    pictures: NotRequired[str]


class ProvenanceRecord(TypedDict):
    """What made a model's results.

    Attributes:
        environments: What computed them; several where a cache was filled by more than one.
        precision: The number formats in which the network's passes ran, by result.
        threads: Those of every process, if they were declared; None if they were left to the machine.
        seed: Of random weights, and of every synthesis.
        digests: What they were made from.
        unrecorded: Units of work whose environment was not recorded, since an earlier version computed them.
    """

    environments: list[EnvironmentRecord]
    precision: dict[str, list[str]]
    threads: int | None
    seed: int
    digests: InputDigests
    unrecorded: int
