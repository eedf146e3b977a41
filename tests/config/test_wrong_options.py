"""A wrong option is one line that names the key, the value and what to give instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.errors import ConfigError
from tests.config.declarations import plugin_options, read_model

WRONG_MODELS = {
    "unknown key": ({"topk": 3}, "plugins.lurk.models[0]: unknown key 'topk'; did you mean 'top_k'?"),
    "unknown inner key": (
        {"synthesis": {"step": 3}},
        "plugins.lurk.models[0].synthesis: unknown key 'step'; did you mean 'steps'?",
    ),
    "unknown layers key": (
        {"layers": {"only": "x"}},
        "plugins.lurk.models[0].layers: unknown key 'only'; known keys: include, exclude",
    ),
    "unknown transform key": (
        {"transform": {"cropp": 3}},
        "plugins.lurk.models[0].transform: unknown key 'cropp'; did you mean 'crop'?",
    ),
    "name with blanks": (
        {"name": "my net"},
        "plugins.lurk.models[0].name: 'my net' cannot be an address; use letters, digits, '-', '_' and '.' only",
    ),
    "name of the index": (
        {"name": "index"},
        "plugins.lurk.models[0].name: 'index' is the address of the list of models; give another name",
    ),
    "name of the index in another form": (
        {"name": "README"},
        "plugins.lurk.models[0].name: 'README' is the address of the list of models; give another name",
    ),
    "name of a device": (
        {"name": "aux.1"},
        "plugins.lurk.models[0].name: 'aux.1' cannot be a folder on every system; give another name",
    ),
    "name that ends in a dot": (
        {"name": "net."},
        "plugins.lurk.models[0].name: 'net.' cannot be a folder on every system; give another name",
    ),
    "long name": (
        {"name": "n" * 101},
        f"plugins.lurk.models[0].name: '{'n' * 56}... has 101 characters; give at most 100 of them",
    ),
    "no source": (
        {"source": "vgg16"},
        "plugins.lurk.models[0].source: 'vgg16' is no source; did you mean 'torchvision:vgg16'?",
    ),
    "missing source file": (
        {"source": "nets/smal.py:Net"},
        "plugins.lurk.models[0].source: 'nets/smal.py' does not exist; did you mean 'nets/small.py'?",
    ),
    "missing archive": (
        {"source": "nets/whole.pt"},
        "plugins.lurk.models[0].source: 'nets/whole.pt' does not exist; did you mean 'nets/whole.pt2'?",
    ),
    "missing weights": (
        {"weights": "weight.safetensors"},
        "plugins.lurk.models[0].weights: 'weight.safetensors' does not exist; did you mean 'weights.safetensors'?",
    ),
    "weights of an unknown kind": (
        {"weights": "card.md"},
        "plugins.lurk.models[0].weights: 'card.md' is no weights; "
        "give a .safetensors, .pt or .pth file, the name of torchvision weights, or none",
    ),
    "weights by name without torchvision": (
        {"source": "nets/small.py:Net", "weights": "DEFAULT"},
        "plugins.lurk.models[0].weights: 'DEFAULT' is no weights; "
        "give a .safetensors, .pt or .pth file, the name of torchvision weights, or none",
    ),
    "weights beside an archive": (
        {"source": "nets/whole.pt2", "weights": "weights.safetensors"},
        "plugins.lurk.models[0].weights: 'nets/whole.pt2' is an archive, which holds its own weights; "
        "leave the key out",
    ),
    "weights as an argument": (
        {"arguments": {"weights": "DEFAULT"}},
        "plugins.lurk.models[0].arguments.weights: weights are not an argument here; give them as the key 'weights'",
    ),
    "missing images": (
        {"images": "photo"},
        "plugins.lurk.models[0].images: 'photo' does not exist; did you mean 'photos'?",
    ),
    "images of nowhere": (
        {"images": "elsewhere/x"},
        "plugins.lurk.models[0].images: 'elsewhere/x' does not exist; "
        "relative paths start from the folder of mkdocs.yml",
    ),
    "images that are a file": (
        {"images": "card.md"},
        "plugins.lurk.models[0].images: 'card.md' is a file; give a folder",
    ),
    "missing card": (
        {"card": "cart.md"},
        "plugins.lurk.models[0].card: 'cart.md' does not exist; did you mean 'card.md'?",
    ),
    "missing classes": (
        {"classes": "name.txt"},
        "plugins.lurk.models[0].classes: 'name.txt' does not exist; did you mean 'names.txt'?",
    ),
    "unknown transform": (
        {"transform": "imagnet"},
        "plugins.lurk.models[0].transform: 'imagnet' is not known; did you mean 'imagenet'?",
    ),
    "weights' transform of a file": (
        {"source": "nets/small.py:Net", "transform": "weights"},
        "plugins.lurk.models[0].transform: 'weights' needs a torchvision source; "
        "give {resize, crop, mean, std, channels, normalised, value_range}",
    ),
    "too many means": (
        {"transform": {"channels": 1, "mean": [0.1, 0.2, 0.3]}},
        "plugins.lurk.models[0].transform.mean: 3 values for 1 channels; give one a channel",
    ),
    "std of zero": (
        {"transform": {"std": [0.2, 0, 0.2]}},
        "plugins.lurk.models[0].transform.std: 0 cannot divide; give values above 0",
    ),
    "a mean without its std": (
        {"transform": {"mean": 0.5}},
        "plugins.lurk.models[0].transform: 'mean' without 'std'; give both (std: 1 for none)",
    ),
    "a std without its mean": (
        {"transform": {"std": [0.2, 0.3, 0.2]}},
        "plugins.lurk.models[0].transform: 'std' without 'mean'; give both (mean: 0 for none)",
    ),
    "a mean of values up to 255": (
        {"transform": {"mean": [123.7, 116.3, 103.5], "std": [58.4, 57.1, 57.4]}},
        "plugins.lurk.models[0].transform.mean: 123.7 is no mean of pixels from 0 to 1; "
        "divide mean and std by the largest value of a picture (255 for those of 8 bits)",
    ),
    "one channel without mean and std": (
        {"transform": {"resize": 28, "crop": 28, "channels": 1}},
        "plugins.lurk.models[0].transform: no usual mean and std for 1 channel; give those that the network was "
        "trained with, or mean: 0, std: 1 for values from 0 to 1",
    ),
    "normalised without mean and std": (
        {"transform": {"normalised": True}},
        "plugins.lurk.models[0].transform: 'normalised' without mean and std; "
        "give those that the values were normalised with",
    ),
    "normalised in words": (
        {"transform": {"normalised": "yes"}},
        "plugins.lurk.models[0].transform.normalised: 'yes' is not known; give true or false",
    ),
    "a range of one value": (
        {"transform": {"value_range": 4095}},
        "plugins.lurk.models[0].transform.value_range: 4095 is no range; "
        "give [lowest, highest], the values of black and white",
    ),
    "a range upside down": (
        {"transform": {"value_range": [1, 0]}},
        "plugins.lurk.models[0].transform.value_range: 1 is not below 0; "
        "give [lowest, highest], the values of black and white",
    ),
    "crop of three": (
        {"transform": {"crop": [1, 2, 3]}},
        "plugins.lurk.models[0].transform.crop: [1, 2, 3] has 3 numbers; give [height, width] in pixels",
    ),
    "top_k of zero": (
        {"top_k": 0},
        "plugins.lurk.models[0].top_k: 0 is too small; give how many pictures to keep for each filter, 1 to 1000",
    ),
    "top_k in words": (
        {"top_k": "four"},
        "plugins.lurk.models[0].top_k: 'four' is no whole number; "
        "give how many pictures to keep for each filter, 1 to 1000",
    ),
    "top_k of yes": (
        {"top_k": True},
        "plugins.lurk.models[0].top_k: True is no whole number; "
        "give how many pictures to keep for each filter, 1 to 1000",
    ),
    "unknown gradient": (
        {"gradient": "guide"},
        "plugins.lurk.models[0].gradient: 'guide' is not known; did you mean 'guided'?",
    ),
    "no filters": (
        {"filters": 0},
        "plugins.lurk.models[0].filters: 0 is too small; give 1 or more, or all",
    ),
    "filters in words": (
        {"filters": {"a.*": "some"}},
        "plugins.lurk.models[0].filters['a.*']: 'some' chooses no filters; "
        "give all, a count, a list of filter numbers, or a mapping of layer globs to these",
    ),
    "a filter below zero": (
        {"filters": [3, -1]},
        "plugins.lurk.models[0].filters[1]: -1 is too small; give a filter's number, 0 or more",
    ),
    "synthesis in words": (
        {"synthesis": "yes"},
        "plugins.lurk.models[0].synthesis: 'yes' is not known; give false or {steps, filters}",
    ),
    "an unknown warning": (
        {"ignore": ["chance", "enlargd"]},
        "plugins.lurk.models[0].ignore: there is no warning 'enlargd'; did you mean 'enlarged'?",
    ),
    "warnings in a mapping": (
        {"ignore": {"chance": True}},
        "plugins.lurk.models[0].ignore: {'chance': True} is no list; give a list of names of warnings",
    ),
    "groups in a list": (
        {"groups": ["dogs"]},
        "plugins.lurk.models[0].groups: ['dogs'] is no mapping; "
        "give a mapping from a group to its classes: {dogs: [beagle, collie]}",
    ),
    "a group without a list": (
        {"groups": {"dogs": "beagle"}},
        "plugins.lurk.models[0].groups.dogs: 'beagle' is no list; give a list of classes",
    ),
    "an empty group": (
        {"groups": {"dogs": []}},
        "plugins.lurk.models[0].groups.dogs: the list is empty; give the classes of the group",
    ),
    "a class in two groups": (
        {"groups": {"dogs": ["beagle"], "pets": ["cat", "beagle"]}},
        "plugins.lurk.models[0].groups.pets: 'beagle' is listed in 'dogs' already; give it one group",
    ),
    "a class twice in a group": (
        {"groups": {"dogs": ["beagle", "beagle"]}},
        "plugins.lurk.models[0].groups.dogs: 'beagle' is listed in 'dogs' already; give it one group",
    ),
    "a label map in a list": (
        {"label_map": ["cat"]},
        "plugins.lurk.models[0].label_map: ['cat'] is no mapping; give labels and outputs: {tabby: tabby cat}",
    ),
    "a label that is mapped to yes": (
        {"label_map": {"cat": True}},
        "plugins.lurk.models[0].label_map['cat']: True is no text; "
        "give the name or the number of an output, or null for none",
    ),
    "layers that include nothing": (
        {"layers": {"include": []}},
        "plugins.lurk.models[0].layers.include: the list is empty; give '*' for every convolution",
    ),
}


@pytest.mark.parametrize("name", WRONG_MODELS)
def test_the_error_for_a_wrong_model_is_one_line(site: Path, name: str) -> None:
    values, message = WRONG_MODELS[name]
    with pytest.raises(ConfigError) as caught:
        read_model(site, **values)
    assert str(caught.value) == message


def test_a_long_value_is_cut_and_every_message_is_one_line(site: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_model(site, arguments=["x\n" * 100])
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


WRONG_PLUGINS = {
    "unknown key": ({"cachedir": "x"}, "plugins.lurk: unknown key 'cachedir'; did you mean 'cache_dir'?"),
    "unknown device": (
        {"device": "gpu"},
        "plugins.lurk.device: 'gpu' is not known; give auto, cpu, cuda, cuda:N or mps",
    ),
    "unknown missing": (
        {"missing": "analyse"},
        "plugins.lurk.missing: 'analyse' is not known; did you mean 'analyze'?",
    ),
    "unknown precision": (
        {"precision": "half"},
        "plugins.lurk.precision: 'half' is not known; give auto or float32 or bfloat16",
    ),
    "no threads": (
        {"threads": 0},
        "plugins.lurk.threads: 0 is too small; give auto, or a number of threads, 1 to 1024",
    ),
    "threads in a word": (
        {"threads": "all"},
        "plugins.lurk.threads: 'all' is no whole number; give auto, or a number of threads, 1 to 1024",
    ),
    "nav in a word": (
        {"nav": "inject"},
        "plugins.lurk.nav: 'inject' is no mapping; give keys and values: mode, section",
    ),
    "models as a mapping": (
        {"models": {"vgg": {}}},
        "plugins.lurk.models: {'vgg': {}} is no list; give each model as a list item: - name: ...",
    ),
    "a model in a word": (
        {"models": ["vgg16"]},
        "plugins.lurk.models[0]: 'vgg16' is no mapping; give name, source and images",
    ),
    "a model without a name": (
        {"models": [{"source": "torchvision:vgg16"}]},
        "plugins.lurk.models[0]: the key 'name' is missing; give a short name for the address of its pages",
    ),
    "a model without images": (
        {"models": [{"name": "a", "source": "torchvision:vgg16"}]},
        "plugins.lurk.models[0]: the key 'images' is missing; "
        "give a folder of pictures, a .csv file, a glob, a list, or package.module:factory of a Dataset",
    ),
    "a name in defaults": ({"defaults": {"name": "x"}}, "plugins.lurk.defaults: unknown key 'name'; known keys: title"),
    "a name taken": (
        {"models": [plugin_options()["models"][0], plugin_options(name="Net")["models"][0]]},
        "plugins.lurk.models[1].name: 'Net' is taken by models[0]; give each model its own name",
    ),
}


@pytest.mark.parametrize("name", WRONG_PLUGINS)
def test_the_error_for_a_wrong_plugin_option_is_one_line(site: Path, name: str) -> None:
    values, message = WRONG_PLUGINS[name]
    with pytest.raises(ConfigError) as caught:
        from_mapping(values, site)
    assert str(caught.value).startswith(message)
