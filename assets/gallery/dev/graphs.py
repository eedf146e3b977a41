# ruff: noqa: D103 - a function is named after the network whose shape it has
"""Made-up graphs with the shapes of known networks, as ``src/data/schema/`` declares them, to look at the map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]
Network = tuple[Json, list[Json]]
"""A graph, and its layers without their strips of pictures."""

MACS = 10**8


class Net:
    """Collects the nodes, edges, groups and layers of a network, in the order in which they run."""

    def __init__(self) -> None:
        self.nodes: list[Json] = []
        self.edges: list[list[int]] = []
        self.groups: list[Json] = []
        self.layers: list[Json] = []

    def group(self, name: str, kind: str, parent: str | None = None) -> str:
        """Add a group and return its id."""
        self.groups.append({"id": name, "parent": parent, "name": name, "type": kind})
        return name

    def op(
        self, kind: str, sources: int | Sequence[int], parent: str | None, channels: int, size: int, name: str = ""
    ) -> int:
        """Add an operation that reads from others, and return its id."""
        key = len(self.nodes)
        output = [channels, size, size]
        self.nodes.append({"id": key, "type": kind, "name": name or kind, "parent": parent, "output": output})
        self.edges += [[source, key] for source in ([sources] if isinstance(sources, int) else sources)]
        return key

    def conv(
        self, source: int, parent: str | None, channels: int, size: int, name: str, kernel: int = 3,
        follow: Sequence[str] = ("BatchNorm2d", "ReLU"),
    ) -> int:  # fmt: skip
        """Add a convolution, which is a layer, and the small operations that follow; returns the id of the last one."""
        last = self.op("Conv2d", source, parent, channels, size, name)
        costs = {"parameters": channels * channels * kernel * kernel, "macs": MACS}
        self.nodes[-1].update(costs, layer=name)
        field = {"size": [min(400, 3 + 4 * len(self.layers))] * 2, "status": "exact", "note": None}
        self.layers.append({
            "name": name, "title": name, "slug": name.replace(".", "-"), "kind": "Conv2d", "filters": channels,
            "output": [channels, size, size], **costs, "field": field,
        })  # fmt: skip
        for kind in follow:
            last = self.op(kind, last, parent, channels, size)
        return last

    def done(self) -> Network:
        """Return the graph and its layers."""
        return {"nodes": self.nodes, "edges": self.edges, "groups": self.groups}, self.layers


def vgg16() -> Network:
    net = Net()
    last = net.op("input", (), None, 3, 224, "input")
    features = net.group("features", "Sequential")
    at, size = 0, 224
    for block in ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512)):
        for channels in block:
            last = net.conv(last, features, channels, size, f"features.{at}", 3, ("ReLU",))
            at += 2
        size //= 2
        last = net.op("MaxPool2d", last, features, block[-1], size, f"features.{at}")
        at += 1
    last = net.op("AdaptiveAvgPool2d", last, None, 512, 7, "avgpool")
    last = net.op("flatten", last, None, 25088, 1)
    head = net.group("classifier", "Sequential")
    for i, width in enumerate((4096, 4096, 1000)):
        last = net.op("Linear", last, head, width, 1, f"classifier.{3 * i}")
        if i < 2:
            last = net.op("ReLU", last, head, width, 1)
            last = net.op("Dropout", last, head, width, 1)
    return net.done()


def googlenet() -> Network:
    net = Net()
    last = net.op("input", (), None, 3, 224, "input")

    def basic(source: int, parent: str | None, channels: int, size: int, name: str) -> int:
        return net.conv(source, net.group(name, "BasicConv2d", parent), channels, size, f"{name}.conv")

    last = basic(last, None, 64, 112, "conv1")
    last = net.op("MaxPool2d", last, None, 64, 56)
    last = basic(last, None, 64, 56, "conv2")
    last = basic(last, None, 192, 56, "conv3")
    last = net.op("MaxPool2d", last, None, 192, 28)
    for stage, blocks, size in (("3", "ab", 28), ("4", "abcde", 14), ("5", "ab", 7)):
        for block in blocks:
            name = net.group(f"inception{stage}{block}", "Inception")
            one = basic(last, name, 128, size, f"{name}.branch1")
            ends = [one]
            for branch in "23":
                inner = net.group(f"{name}.branch{branch}", "Sequential", name)
                ends.append(basic(basic(last, inner, 96, size, f"{inner}.0"), inner, 192, size, f"{inner}.1"))
            inner = net.group(f"{name}.branch4", "Sequential", name)
            ends.append(basic(net.op("MaxPool2d", last, inner, 256, size), inner, 64, size, f"{inner}.1"))
            last = net.op("cat", ends, name, 512, size)
        if stage != "5":
            last = net.op("MaxPool2d", last, None, 512, size // 2)
    last = net.op("AdaptiveAvgPool2d", last, None, 1024, 1)
    net.op("Linear", last, None, 1000, 1, "fc")
    return net.done()


def resnet152() -> Network:
    net = Net()
    last = net.op("input", (), None, 3, 224, "input")
    last = net.conv(last, None, 64, 112, "conv1")
    last = net.op("MaxPool2d", last, None, 64, 56)
    for stage, (count, width, size) in enumerate(((3, 64, 56), (8, 128, 28), (36, 256, 14), (3, 512, 7)), 1):
        outer = net.group(f"layer{stage}", "Sequential")
        for i in range(count):
            name = net.group(f"{outer}.{i}", "Bottleneck", outer)
            short = last
            last = net.conv(last, name, width, size, f"{name}.conv1", 1)
            last = net.conv(last, name, width, size, f"{name}.conv2")
            last = net.conv(last, name, 4 * width, size, f"{name}.conv3", 1, ("BatchNorm2d",))
            if i == 0:
                down = net.group(f"{name}.downsample", "Sequential", name)
                short = net.conv(short, down, 4 * width, size, f"{down}.0", 1, ("BatchNorm2d",))
            last = net.op("ReLU", net.op("add", [last, short], name, 4 * width, size), name, 4 * width, size)
    last = net.op("AdaptiveAvgPool2d", last, None, 2048, 1)
    net.op("Linear", last, None, 1000, 1, "fc")
    return net.done()


def densenet201() -> Network:
    net = Net()
    last = net.op("input", (), None, 3, 224, "input")
    features = net.group("features", "Sequential")
    last = net.conv(last, features, 64, 112, "features.conv0")
    last = net.op("MaxPool2d", last, features, 64, 56)
    channels = 64
    for stage, (count, size) in enumerate(((6, 56), (12, 28), (48, 14), (32, 7)), 1):
        block = net.group(f"features.denseblock{stage}", "_DenseBlock", features)
        found = [last]
        for i in range(count):
            name = net.group(f"{block}.denselayer{i + 1}", "_DenseLayer", block)
            joined = net.op("cat", list(found), name, channels, size)
            last = net.op("ReLU", net.op("BatchNorm2d", joined, name, channels, size), name, channels, size)
            last = net.conv(last, name, 128, size, f"{name}.conv1", 1)
            found.append(net.conv(last, name, 32, size, f"{name}.conv2", 3, ()))
            channels += 32
        last = net.op("cat", found, block, channels, size)
        if stage < 4:
            move = net.group(f"features.transition{stage}", "_Transition", features)
            last = net.op("ReLU", net.op("BatchNorm2d", last, move, channels, size), move, channels, size)
            channels //= 2
            last = net.conv(last, move, channels, size, f"{move}.conv", 1, ())
            last = net.op("AvgPool2d", last, move, channels, size // 2)
    last = net.op("BatchNorm2d", last, features, channels, 7)
    last = net.op("AdaptiveAvgPool2d", net.op("ReLU", last, None, channels, 7), None, channels, 1)
    net.op("Linear", last, None, 1000, 1, "classifier")
    return net.done()


GRAPHS = {"vgg16": vgg16, "googlenet": googlenet, "resnet152": resnet152, "densenet201": densenet201}
