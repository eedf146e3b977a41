"""Connections against the feature maps themselves: what each source filter gives a layer to read, place by place."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mkdocs_lurk.analysis.connections import strongest_connections
from tests.models.connections.networks import inputs_and_outputs, inputs_of, module_of

SILENT = 1e4
"""An output so far from zero that a rectifier that turns it down gives nothing."""


class Path(nn.Module):
    """A layer of six filters, what happens to its channels, and the layer that reads them."""

    def __init__(self, middle, reader):
        super().__init__()
        self.source, self.middle, self.reader = nn.Conv2d(3, 6, 3), middle, reader

    def forward(self, x):
        return self.reader(self.middle(self.source(x)))


def norm(*gains):
    """Batch normalisation with the given gains, one per channel in turn."""
    module = nn.BatchNorm2d(6)
    module.running_mean.copy_(torch.linspace(-0.5, 0.5, 6))
    module.running_var.copy_(torch.linspace(0.2, 1.5, 6))
    with torch.no_grad():
        module.weight.copy_(torch.tensor(gains).repeat(6)[:6])
        module.bias.copy_(torch.linspace(0.4, -0.2, 6))
    return module


READERS = {
    "convolution": lambda: nn.Conv2d(6, 4, 3),
    "grouped": lambda: nn.Conv2d(6, 4, 3, groups=2),
    "depthwise": lambda: nn.Conv2d(6, 6, 3, groups=6),
    "depthwise of two": lambda: nn.Conv2d(6, 12, 3, groups=6),
    "transposed": lambda: nn.ConvTranspose2d(6, 4, 3, stride=2),
    "transposed, grouped": lambda: nn.ConvTranspose2d(6, 9, (2, 3), groups=3),
    "transposed, depthwise": lambda: nn.ConvTranspose2d(6, 6, 2, groups=6),
}
RECTIFIED = {
    "negative gain": lambda: nn.Sequential(norm(2.0, -2.0, -0.5), nn.ReLU()),
    "two negative gains": lambda: nn.Sequential(norm(-1.0, 1.0), norm(-2.0), nn.ReLU()),
    "negative gain after the activation": lambda: nn.Sequential(nn.ReLU(), norm(-1.0, 2.0)),
    "negative gains around the activation": lambda: nn.Sequential(norm(-1.0, 1.0), nn.ReLU(), norm(-2.0)),
    "one minus": lambda: module_of(lambda x: 1 - F.relu(x)),
    "one minus, rectified": lambda: module_of(lambda x: F.relu(1 - x)),
    "negative constant": lambda: module_of(lambda x: F.relu(-0.5 * x)),
    "divided by a negative constant": lambda: module_of(lambda x: F.relu(x) / -4),
    "negated": lambda: module_of(lambda x: -F.relu(-x)),
    "clamped from above": lambda: module_of(lambda x: x.clamp(max=0)),
    "in place": lambda: module_of(lambda x: x.neg_().relu_().mul_(-3)),
    "layer scale": lambda: module_of(lambda x: F.relu(x) * torch.linspace(-2, 2, 6).view(6, 1, 1)),
}


def catch(module, x):
    """The maps of every layer by name, and their extremes as ``strongest_connections`` takes them."""
    with torch.no_grad():
        calls = inputs_and_outputs(module.eval(), x)
    outputs = {name: output for name, (_, output) in calls.items()}
    extremes = {name: (maps.amin((2, 3)).numpy(), maps.amax((2, 3)).numpy()) for name, maps in outputs.items()}
    return outputs, extremes


def dense(reader):
    """The kernel as ``(n_filters, 6, h, w)``, measured: what each channel alone adds to the response."""
    reader = reader.double()
    x = torch.zeros(6, 6, 9, 9, dtype=torch.float64)
    x[torch.arange(6), torch.arange(6), 4, 4] = 1
    with torch.no_grad():
        return (reader(x) - reader(0 * x)).transpose(0, 1)


def expected(kernel, typical, signs):
    """The weights of the connections to each filter, the slow way."""
    rows = []
    for own in kernel:
        strength = [float(own[i].abs().sum() * typical[i]) for i in range(6)]
        signed = [float(own[i].sum() * signs[i]) for i in range(6)]
        rows.append(
            {
                i: s / max(strength) * (-1 if g < 0 else 1)
                for i, (s, g) in enumerate(zip(strength, signed, strict=True))
                if s
            }
        )
    return rows


def published(module, extremes):
    network = inputs_of(module, 3, 12, 12)
    found = strongest_connections(network, extremes)
    assert not found.unknown_reasons
    first = network.span("source").start
    span = network.span("reader")
    return [
        {int(i) - first: float(w) for i, w in zip(found.inputs[n], found.input_weights[n], strict=True) if i >= 0}
        for n in range(span.start, span.stop)
    ]


def assert_same(found, slow):
    assert any(weight < 0 for weights in slow for weight in weights.values())
    for weights, slow_weights in zip(found, slow, strict=True):
        assert weights == pytest.approx(slow_weights, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("middle", RECTIFIED)
def test_connections_tell_what_a_filter_adds_to_what_is_read(middle, reader):
    """The slow twin pushes every value of the maps through the path, and that of a silent filter, and compares."""
    torch.manual_seed(3)
    module = Path(RECTIFIED[middle](), READERS[reader]()).eval()
    x = torch.randn(5, 3, 12, 12)
    outputs, extremes = catch(module, x)
    maps = outputs["source"]
    with torch.no_grad():
        read = module.middle(maps.clone())
        both = [module.middle(torch.full((1, 6, 1, 1), side)) for side in (-SILENT, SILENT)]
        # the filter is silent at the end at which the path moves no more
        silent = torch.stack(both).flatten(1)
        silent = silent.gather(0, silent.abs().argmin(0, keepdim=True)).view(1, 6, 1, 1)
    differences = (read - silent).flatten(2)
    typical = differences.abs().amax(2).mean(0)
    grows = (both[1] - both[0]).flatten().sign()
    found = published(module, extremes)
    assert_same(found, expected(dense(module.reader), typical, grows))


@pytest.mark.parametrize("reader", ["convolution", "transposed, grouped"])
def test_a_path_without_an_activation_is_rectified_where_it_is_read(reader):
    torch.manual_seed(4)
    module = Path(module_of(lambda x: 1 - 2 * x), READERS[reader]()).eval()
    outputs, extremes = catch(module, torch.randn(5, 3, 12, 12))
    typical = (1 - 2 * outputs["source"]).flatten(2).amax(2).clamp(min=0).mean(0)
    assert_same(published(module, extremes), expected(dense(module.reader), typical, -torch.ones(6)))


class Two(nn.Module):
    """Two branches of three filters each; ``join`` makes what the last layer reads."""

    def __init__(self, join, channels):
        super().__init__()
        self.left, self.right = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 3)
        self.join, self.reader = join, nn.Conv2d(channels, 4, 1)

    def forward(self, x):
        return self.reader(self.join(F.relu(self.left(x)), self.right(x)))


def joined_connections(join, channels, summands):
    """Published and expected weights; ``summands(left, right)`` lists what each filter adds to which channels."""
    torch.manual_seed(5)
    module = Two(join, channels)
    x = torch.randn(6, 3, 12, 12)
    outputs, extremes = catch(module, x)
    network = inputs_of(module, 3, 12, 12)
    found = strongest_connections(network, extremes)
    assert not found.unknown_reasons
    first, span = network.span("left").start, network.span("reader")
    weights = [
        {int(i) - first: float(w) for i, w in zip(found.inputs[n], found.input_weights[n], strict=True) if i >= 0}
        for n in range(span.start, span.stop)
    ]
    kernel = module.reader.weight.detach()[:, :, 0, 0].double()
    slow = []
    for row in kernel:
        strength, signed = [0.0] * 6, [0.0] * 6
        for side, maps, sign, channel in summands(outputs["left"], outputs["right"]):
            for index in range(3):
                typical = float(maps[:, index].flatten(1).amax(1).mean())
                strength[3 * side + index] += abs(float(row[channel + index])) * typical
                signed[3 * side + index] += sign * float(row[channel + index]) * typical
        largest = max(strength)
        slow.append({i: (-s if g < 0 else s) / largest for i, (s, g) in enumerate(zip(strength, signed, strict=True))})
    return weights, slow


@pytest.mark.parametrize(
    ("join", "channels", "summands"),
    [
        (lambda a, b: a - F.relu(b), 3, lambda a, b: [(0, F.relu(a), 1, 0), (1, F.relu(b), -1, 0)]),
        (lambda a, b: F.relu(b).neg() + a, 3, lambda a, b: [(0, F.relu(a), 1, 0), (1, F.relu(b), -1, 0)]),
        (
            lambda a, b: torch.sub(a, F.relu(b), alpha=2),
            3,
            lambda a, b: [(0, a.relu(), 1, 0), (1, 2 * b.relu(), -1, 0)],
        ),
        (lambda a, b: F.relu(a - b), 3, lambda a, b: [(0, F.relu(a), 1, 0), (1, F.relu(-b), -1, 0)]),
        (
            lambda a, b: torch.cat([-a, F.relu(-b), F.relu(b)], 1),
            9,
            lambda a, b: [(0, F.relu(a), -1, 0), (1, F.relu(-b), -1, 3), (1, F.relu(b), 1, 6)],
        ),
        (
            lambda a, b: torch.cat([1 - a, -2 * F.relu(b)], 1),
            6,
            lambda a, b: [(0, F.relu(a), -1, 0), (1, 2 * F.relu(b), -1, 3)],
        ),
    ],
    ids=["difference", "sum with a negated one", "alpha", "rectified difference", "both signs", "negated branches"],
)
def test_subtracted_and_negated_branches_are_turned_around(join, channels, summands):
    found, slow = joined_connections(join, channels, summands)
    assert_same(found, slow)
