from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from mkdocs_lurk.addresses import layer_addresses
from mkdocs_lurk.errors import LayerError
from mkdocs_lurk.models.receptive_field.field import receptive_fields
from mkdocs_lurk.models.tracing.layers import find_layers
from mkdocs_lurk.models.tracing.trace import trace_network


def search_layers(module, include=("*",), exclude=(), size=(3, 16, 16)):
    trace = trace_network(module.eval(), torch.zeros(1, *size))
    return find_layers(trace, SimpleNamespace(include=include, exclude=exclude))


def names_of(search):
    return [layer.name for layer in search.layers]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1))
        self.up = nn.ConvTranspose2d(4, 2, 2, stride=2, bias=False)
        self.aux_head = nn.Conv2d(4, 9, 1)
        self.unused = nn.Conv2d(4, 9, 1)
        self.fc = nn.Linear(2, 5)

    def forward(self, x):
        x = self.features(x)
        x = self.features[2](x)
        return self.fc(self.up(x).mean((2, 3)))


class Tokens(nn.Module):
    def __init__(self, extra=1):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, stride=4)
        self.tokens = nn.Parameter(torch.zeros(1, extra, 8))
        self.blocks = nn.Sequential(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.LayerNorm(8))

    def forward(self, x):
        x = self.stem(x).flatten(2).transpose(1, 2)
        return self.blocks(torch.cat([self.tokens, x], 1))[:, 0]


def test_layers_have_addresses_before_anything_is_computed_whichever_are_chosen():
    module = nn.Sequential()
    for name in ("index", "a/b", "a-b", "c"):
        module.add_module(name, nn.Conv2d(3, 3, 1))
    addresses = search_layers(module).addresses
    assert addresses == layer_addresses(["index", "a/b", "a-b", "c"])
    assert len({address.lower() for address in addresses.values()}) == 4
    assert search_layers(module, include=["a/b"]).addresses == addresses


def test_every_convolution_that_runs_is_a_layer():
    search = search_layers(Net())
    assert names_of(search) == ["features.0", "features.2", "features.2:2", "up"]
    last = search.layers[-1]
    assert (last.kind, last.filters, last.output, last.weight) == ("ConvTranspose2d", 2, (2, 32, 32), "up.weight")
    assert last.parameters == 4 * 2 * 2 * 2
    assert last.macs == 16 * 16 * 4 * 2 * 2 * 2
    assert search.layers[0].macs == 16 * 16 * 4 * 3 * 9
    assert search.layers[0].parameters == 4 * 3 * 9 + 4


def test_convolutions_that_do_not_run_are_skipped_with_a_reason():
    assert search_layers(Net()).skipped == {
        "aux_head": "auxiliary head, did not run in evaluation",
        "unused": "this Conv2d did not run in evaluation",
    }


def test_auxiliary_heads_of_googlenet_are_skipped():
    module = torchvision.models.googlenet(weights=None, init_weights=False, aux_logits=True)
    search = search_layers(module, size=(3, 64, 64))
    assert len(search.layers) == 57
    assert sorted(search.skipped) == ["aux1.conv.conv", "aux2.conv.conv"]


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (["features"], [], ["features.0", "features.2", "features.2:2"]),
        (["features.2"], [], ["features.2", "features.2:2"]),
        (["features.2:2"], [], ["features.2:2"]),
        (["*"], ["features.*"], ["up"]),
        (["*.0", "up"], [], ["features.0", "up"]),
        (["fc"], [], ["fc"]),
        (["*", "fc"], [], ["features.0", "features.2", "features.2:2", "up", "fc"]),
    ],
)
def test_globs_match_names_or_parents_and_convolutions_first(include, exclude, expected):
    assert names_of(search_layers(Net(), include, exclude)) == expected


def test_glob_without_a_match_is_refused_with_the_names_of_layers():
    with pytest.raises(LayerError) as error:
        search_layers(Net(), ["featurs.0"])
    message = str(error.value)
    assert "layers.include: 'featurs.0' matches no layer; did you mean 'features.0'" in message
    assert "there are features.0, features.2, features.2:2, up; linear layers and token outputs: fc" in message
    assert "\n" not in message
    with pytest.raises(LayerError, match=r"layers.exclude: 'nope' matches no layer"):
        search_layers(Net(), ["*"], ["nope"])
    with pytest.raises(LayerError, match=r"only what cannot be shown: aux_head .*did not run"):
        search_layers(Net(), ["aux_head"])
    with pytest.raises(LayerError, match="leaves no layer"):
        search_layers(Net(), ["*"], ["*"])


def test_long_lists_of_layers_are_shortened():
    with pytest.raises(LayerError, match=r"\(12 more\)") as error:
        search_layers(torchvision.models.resnet18(weights=None), ["nothing"])
    assert len(str(error.value)) < 400


def test_network_without_convolutions_is_refused():
    with pytest.raises(LayerError, match=r"no convolution \(Sequential ran .* operations\)"):
        search_layers(nn.Sequential(nn.Flatten(), nn.Linear(768, 4)))
    assert names_of(search_layers(nn.Sequential(nn.Flatten(), nn.Linear(768, 4)), ["1"])) == ["1"]


def test_network_of_1d_convolutions_is_refused():
    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv1d(3, 2, 3)

        def forward(self, x):
            return self.conv(x.flatten(2))

    with pytest.raises(LayerError, match=r"conv is left out .a Conv1d"):
        search_layers(Flat())


def test_linear_layer_has_maps_of_one_pixel():
    (layer,) = search_layers(Net(), ["fc"]).layers
    assert (layer.kind, layer.output, layer.layout, layer.parameters, layer.macs) == ("Linear", (5, 1, 1), "nc", 15, 10)


@pytest.mark.parametrize("extra", [1, 3])
def test_tokens_are_maps_without_the_class_tokens(extra):
    module = Tokens(extra)
    search = search_layers(module, ["blocks.1", "blocks.0.linear1"])
    linear, norm = search.layers
    assert (norm.kind, norm.layout, norm.output, norm.class_tokens) == ("tokens", "ntc", (8, 4, 4), extra)
    assert (linear.kind, linear.layout, linear.output, linear.class_tokens) == ("Linear", "ntc", (16, 4, 4), extra)
    trace = trace_network(module, torch.zeros(1, 3, 16, 16))
    layers = find_layers(trace, SimpleNamespace(include=["blocks.1"], exclude=[])).layers
    assert receptive_fields(trace, layers)["blocks.1"].status == "whole"


def test_receptive_field_of_tokens_before_attention_is_their_patch():
    class Embedding(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.norm = Tokens(), nn.LayerNorm(8)

        def forward(self, x):
            x = self.norm(self.net.stem(x).flatten(2).transpose(1, 2))
            return self.net.blocks(torch.cat([self.net.tokens, x], 1))

    trace = trace_network(Embedding().eval(), torch.zeros(1, 3, 16, 16))
    layers = find_layers(trace, SimpleNamespace(include=["norm"], exclude=[])).layers
    field = receptive_fields(trace, layers)["norm"]
    assert field.status == "exact"
    assert field.box(1, 2).clip(*field.picture).as_list() == [4, 8, 8, 12]


def test_channels_last_outputs_are_maps():
    class ChannelsLast(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.norm = nn.Conv2d(3, 8, 4, stride=4), nn.LayerNorm(8)
            self.act = nn.GELU()

        def forward(self, x):
            return self.act(self.norm(self.stem(x).permute(0, 2, 3, 1))).permute(0, 3, 1, 2)

    (layer,) = search_layers(ChannelsLast(), ["act"]).layers
    assert (layer.layout, layer.output) == ("nhwc", (8, 4, 4))


def test_modules_that_return_the_same_output_are_one_layer():
    search = search_layers(Tokens(), ["blocks*"])
    values = [layer.value for layer in search.layers]
    assert len(values) == len(set(values))


def test_functional_convolutions_are_named_after_their_parameter():
    class Functional(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Module()
            self.stem.kernel = nn.Parameter(torch.ones(2, 3, 3, 3))

        def forward(self, x):
            return F.conv2d(x, self.stem.kernel)

    (layer,) = search_layers(Functional()).layers
    assert (layer.name, layer.weight) == ("stem.kernel", "stem.kernel")


class Views(nn.Module):
    """Runs its first layer on a picture and its mirror image at once, as test-time augmentation does."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)

    def forward(self, x):
        both = self.first(torch.cat([x, x.flip(3)]))
        return self.second(both[: len(x)] + both[len(x) :])


class Mapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3)

    def forward(self, x):
        return self.second(torch.vmap(lambda picture: self.first(picture[None])[0])(x))


def test_a_layer_inside_vmap_is_left_out_with_the_reason():
    search = search_layers(Mapped())
    assert names_of(search) == ["second"]
    assert search.skipped["first"].startswith(
        "its output was not seen to depend on the picture: it reads constants, or"
    )


def test_a_layer_that_runs_on_views_of_a_picture_is_left_out_with_the_reason():
    search = search_layers(Views())
    assert names_of(search) == ["second"]
    assert search.skipped == {"first": "it runs on 2 views of each picture at once, and has no map for the picture"}
