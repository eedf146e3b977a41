"""The record of what a network costs to run: parameters, multiply-accumulates, memory and time."""

# No postponed annotations here: records.py resolves these types.

from typing import NotRequired, TypedDict


class LayerCost(TypedDict):
    """What one layer costs for one picture.

    Attributes:
        name: Dotted name; ``name:2`` for the second call of a module that is used twice.
        kind: ``Conv2d``, ``ConvTranspose2d``, ``Linear`` and so on.
        output: Shape of its output for one picture, without the batch.
        parameters: Number of weights and biases that the call reads.
        macs: Multiply-accumulates.
        activation_bytes: Size of its output in float32.
    """

    name: str
    kind: str
    output: list[int]
    parameters: int
    macs: int
    activation_bytes: int


class OtherCost(TypedDict):
    """What is in no layer: parameters of normalisations, say, and the matrix products of attention."""

    parameters: int
    macs: int


class LatencyRecord(TypedDict):
    """The time of one forward pass of one picture, measured once, in seconds.

    Attributes:
        median_s: Of all passes.
        low_s: The tenth percentile.
        high_s: The ninetieth percentile.
        passes: How many were timed.
        device: ``cpu``, ``cuda`` or ``mps``.
        processor: The model of the processor or the GPU; empty where the system does not tell.
        threads: Of the process on the CPU.
    """

    median_s: float
    low_s: float
    high_s: float
    passes: int
    device: str
    processor: str
    threads: int


class CostRecord(TypedDict):
    """What a network costs to run on one picture; nothing but the latency depends on the machine.

    Attributes:
        parameters: Number of weights and biases; one that several layers share counts once.
        parameter_bytes: Their size in memory, buffers such as running statistics included.
        file_bytes: Size of the declared file of weights; None if no file is declared.
        macs: Multiply-accumulates of one forward pass.
        activation_bytes: The outputs of all layers, added up, in float32.
        peak_bytes: The most that values of the forward pass take at one moment, in float32: each is kept from the
            operation that makes it to the last one that reads it. Weights and the workspace of kernels come on top.
        layers: In the order in which they run, whether or not they are analysed.
        other: What is in none of them.
        latency: Absent if it was not asked for, or is not to be known.
    """

    parameters: int
    parameter_bytes: int
    file_bytes: int | None
    macs: int
    activation_bytes: int
    peak_bytes: int
    layers: list[LayerCost]
    other: OtherCost
    latency: NotRequired[LatencyRecord]
