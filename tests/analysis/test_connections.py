import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mkdocs_lurk.analysis import connections as wiring
from mkdocs_lurk.analysis.connections import SHOWN, drawn, strongest, wire
from mkdocs_lurk.models.connections.inputs import PICTURE, connect
from mkdocs_lurk.models.tracing.trace import trace_network


class Net(nn.Module):
    """Batch normalisation, a residual sum, a join, groups, and a flattened map that a linear layer reads."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.a = nn.Conv2d(3, 8, 3, padding=1)
        self.b = nn.Conv2d(8, 8, 3, padding=1, groups=2)
        self.c = nn.Conv2d(8, 8, 1)
        self.d = nn.Conv2d(16, 5, 3)
        self.e = nn.Linear(5 * 9, 12)
        self.norm = nn.BatchNorm2d(8)
        self.norm.running_mean.normal_()
        self.norm.running_var.uniform_(0.5, 2)
        nn.init.normal_(self.norm.weight)
        nn.init.normal_(self.norm.bias)

    def forward(self, x):
        a = F.relu(self.norm(self.a(x)))
        b = F.relu(self.b(a) + a)
        x = self.d(torch.cat([self.c(b), a], 1))
        return self.e(F.adaptive_avg_pool2d(x, 3).flatten(1))


def wires_of(module, *size):
    return connect(trace_network(module.eval(), torch.zeros(1, *(size or (3, 8, 8)))))


def responses(wires, seed=0, n=7, without=()):
    random = np.random.default_rng(seed)
    found = {}
    for name in wires.names[1:]:
        span = wires.span(name)
        means = random.normal(size=(n, span.stop - span.start)).astype(np.float32)
        found[name] = (means, means + random.exponential(size=means.shape).astype(np.float32))
    return {name: peaks for name, peaks in found.items() if name not in without}


def slowly(wires, peaks, name):
    """The slow twin: every wire to every filter of a layer, one number at a time."""
    reads = wires.reads[name]
    n_filters, n_columns = reads.kernel.shape[:2]
    found = []
    for filter_ in range(n_filters):
        strength, signed = {}, {}
        for column in range(n_columns):
            weights = reads.kernel[filter_, column].double().flatten().tolist()
            channel = filter_ // (n_filters // reads.groups) * n_columns + column
            for strand in range(len(reads.sources)):
                number = int(reads.sources[strand, channel])
                place = int(wires.layer_of(np.array(number)))
                if number < 0 or wires.names[place] == PICTURE:
                    continue
                scale, shift = reads.scale[strand, channel], reads.shift[strand, channel]
                means, maxima = (side[:, number - wires.starts[place]] for side in peaks[wires.names[place]])
                chosen = maxima if scale >= 0 else means
                typical = sum(max(0.0, scale * float(one) + shift) for one in chosen) / len(chosen)
                strength[number] = strength.get(number, 0) + typical * sum(abs(weight) for weight in weights)
                signed[number] = signed.get(number, 0) + typical * np.sign(scale) * sum(weights)
        largest = max(strength.values(), default=0)
        found.append(
            {
                number: (-1 if signed[number] < 0 else 1) * size / largest
                for number, size in strength.items()
                if size > 0
            }
        )
    return found


def ranked(wires_of_one):
    return sorted(wires_of_one.items(), key=lambda pair: -abs(pair[1]))[:SHOWN]


def listed(places, weights):
    return [(int(place), float(weight)) for place, weight in zip(places, weights, strict=True) if place >= 0]


@pytest.mark.parametrize("chunk", [1, 1 << 19])
def test_wires_equal_the_slow_twin(chunk, monkeypatch):
    monkeypatch.setattr(wiring, "_MOST_NUMBERS", chunk)
    wires = wires_of(Net())
    peaks = responses(wires)
    found = wire(wires, peaks)
    assert not found.why
    readers = {}
    for name in wires.names[1:]:
        for filter_, slow in enumerate(slowly(wires, peaks, name)):
            number = int(wires.starts[wires.names.index(name)]) + filter_
            mine = listed(found.inputs[number], found.input_weights[number])
            assert [place for place, _ in mine] == [place for place, _ in ranked(slow)]
            assert [weight for _, weight in mine] == pytest.approx([weight for _, weight in ranked(slow)], rel=1e-5)
            assert not mine or abs(mine[0][1]) == 1
            for source, weight in slow.items():
                readers.setdefault(source, {})[number] = weight
    assert {len(slowly(wires, peaks, name)[0]) > SHOWN for name in "bcde"} == {True, False}
    for number in range(len(found.outputs)):
        mine = listed(found.outputs[number], found.output_weights[number])
        slow = readers.get(number, {})
        assert [abs(weight) for _, weight in mine] == pytest.approx(
            [abs(weight) for _, weight in ranked(slow)], rel=1e-5
        )
        assert all(slow[place] == pytest.approx(weight, rel=1e-5) for place, weight in mine)


def known_chain():
    module = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2, eps=0), nn.ReLU(), nn.Conv2d(2, 1, 2))
    with torch.no_grad():
        module[1].running_mean.copy_(torch.tensor([1.0, 0.0]))
        module[1].running_var.copy_(torch.tensor([4.0, 1.0]))
        module[1].weight.copy_(torch.tensor([6.0, -2.0]))
        module[1].bias.copy_(torch.tensor([-3.0, 1.0]))
        module[3].weight.copy_(torch.tensor([[[[1.0, -2.0], [0.0, -1.0]], [[1.0, 1.0], [1.0, 1.0]]]]))
    return wires_of(module, 1, 4, 4)


def test_known_weights_give_known_wires():
    wires = known_chain()
    means, maxima = np.array([[9, -2], [9, 3]], np.float32), np.array([[3, 9], [1, 9]], np.float32)
    # filter 0: 3 * peak - 6 is 3, then below 0: typically 1.5; |w| is 4, and the weights sum to less than 0
    # filter 1: -2 * mean + 1 is 5, then below 0: typically 2.5; |w| is 4, turned round by the negative scale
    found = wire(wires, {"0": (means, maxima), "3": (means[:, :1], maxima[:, :1])})
    assert listed(found.inputs[3], found.input_weights[3]) == [(2, -1), (1, pytest.approx(-0.6))]
    assert listed(found.outputs[1], found.output_weights[1]) == [(3, pytest.approx(-0.6))]
    assert listed(found.outputs[2], found.output_weights[2]) == [(3, -1)]


def test_a_source_that_never_answers_has_no_wire():
    wires = known_chain()
    means, maxima = np.array([[9, 0.5]], np.float32), np.array([[3, 9]], np.float32)
    found = wire(wires, {"0": (means, maxima), "3": (means[:, :1], maxima[:, :1])})
    assert listed(found.inputs[3], found.input_weights[3]) == [(1, -1)]
    assert listed(found.outputs[2], found.output_weights[2]) == []


def test_a_weight_of_zero_is_no_wire():
    module = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 3))
    with torch.no_grad():
        module[1].weight[1] = 0
        module[1].weight[0, 1:3] = 0
    wires = wires_of(module)
    found = wire(wires, responses(wires, n=40))
    first, second = wires.starts[1], wires.starts[2]
    assert sorted(place for place, _ in listed(found.inputs[second], found.input_weights[second])) == [first, first + 3]
    assert listed(found.inputs[second + 1], found.input_weights[second + 1]) == []
    assert [len(listed(found.outputs[first + n], found.output_weights[first + n])) for n in range(4)] == [1, 0, 0, 1]


def test_a_layer_that_reads_one_not_shown_has_no_inputs_told():
    wires = wires_of(Net())
    found = wire(wires, responses(wires, without=("c",)))
    assert found.why == {"d": "it reads c, which layers.include does not show"}
    span = wires.span("d")
    assert (found.inputs[span] == -1).all()
    assert not (found.outputs >= span.start)[(found.outputs >= 0) & (found.outputs < span.stop)].any()
    assert (found.inputs[wires.span("e"), 0] >= span.start).all()


def test_a_layer_whose_sources_are_lost_says_why():
    wires = wires_of(nn.Sequential(nn.Conv2d(3, 4, 1), nn.GroupNorm(2, 4), nn.Conv2d(4, 4, 1)))
    found = wire(wires, responses(wires))
    assert list(found.why) == ["2"]
    assert "native_group_norm" in found.why["2"]
    assert (found.inputs == -1).all()
    assert (found.outputs == -1).all()


def test_the_strongest_are_in_falling_order_and_ties_go_to_the_first():
    weights = np.array([[0.5, -1.0, 1.0, 0.0, -0.5, 0.25, 0.5, 0.1]])
    assert strongest(weights).tolist() == [[1, 2, 0, 4, 6, 5]]
    assert strongest(weights[:, :2]).tolist() == [[1, 0]]


def test_kernels_are_drawn_in_the_order_of_the_pictures_channels():
    class Turned(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Conv2d(3, 4, 5), nn.Conv2d(4, 4, 1)

        def forward(self, x):
            return self.b(self.a(x[:, [2, 0, 1]]))

    module = Turned()
    wires = wires_of(module)
    found = drawn(wires, wires.reads["a"])
    assert np.array_equal(found[:, [2, 0, 1]], module.a.weight.detach().numpy())
    assert drawn(wires, wires.reads["b"]) is None


@pytest.mark.parametrize(("channels", "groups"), [(1, 1), (2, 1), (4, 1), (3, 3), (5, 1)])
def test_planes_of_other_pictures_stand_side_by_side(channels, groups):
    module = nn.Sequential(nn.Conv2d(channels, 6, (2, 3), groups=groups))
    wires = wires_of(module, channels, 8, 8)
    found = drawn(wires, wires.reads["0"])
    if channels > 4:
        assert found is None
        return
    for filter_, kernel in enumerate(module[0].weight.detach().numpy()):
        assert np.array_equal(found[filter_, 0], np.concatenate(list(kernel), axis=1))
