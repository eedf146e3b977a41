"""The demonstration's data is complete and credited, and its networks perform as their cards say."""

from __future__ import annotations

import importlib.util
import json
import pickle
import re
import struct
import sys
import zlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file
from torchvision.models import SqueezeNet1_1_Weights, squeezenet1_1

from mkdocs_lurk.config.filters import select_filters
from mkdocs_lurk.plugin.mkdocs_yml import read_mkdocs_yml

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "assets" / "demo"
PHOTOS = sorted((DEMO / "photos").glob("*/*.jpg"))
PICTURES = sorted((DEMO / "fashion").glob("*/*.png"))
CARDS = sorted((ROOT / "docs" / "cards").glob("*.md"))


def script(name: str) -> ModuleType:
    """Import one of the demonstration's scripts, which belong to no package."""
    spec = importlib.util.spec_from_file_location(f"demo_{name}", DEMO / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look up their module
    spec.loader.exec_module(module)
    return module


def front_matter(page: Path) -> dict:
    return yaml.safe_load(page.read_text(encoding="utf-8").split("---\n")[1])


def fashion_figures() -> dict:
    return json.loads((DEMO / "fashion.json").read_text(encoding="utf-8"))


def credit_rows() -> dict[str, list[str]]:
    lines = (DEMO / "CREDITS.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return {path.strip("`"): rest for path, *rest in cells}


# SqueezeNet


def test_squeezenet_weights_fit_torchvision_strictly():
    state = load_file(DEMO / "squeezenet1_1.safetensors")
    squeezenet1_1().load_state_dict(state, strict=True)
    assert all(tensor.dtype == torch.float16 and tensor.isfinite().all() for tensor in state.values())
    assert (DEMO / "squeezenet1_1.safetensors").stat().st_size < 2_600_000


@pytest.mark.parametrize(
    ("photo", "index"),
    [("animal/koala", 105), ("animal/panda", 388), ("fish/fish-10", 1), ("monument/pont-du-gard", 888)],
)
def test_squeezenet_classifies_photos(photo, index):
    network = squeezenet1_1().eval()
    network.load_state_dict(load_file(DEMO / "squeezenet1_1.safetensors"))
    prepare = SqueezeNet1_1_Weights.IMAGENET1K_V1.transforms()
    with Image.open(DEMO / "photos" / f"{photo}.jpg") as picture, torch.inference_mode():
        assert network(prepare(picture)[None]).argmax().item() == index


def test_folding_the_normalisation_into_the_first_convolution_keeps_its_output():
    make = script("make_squeezenet")
    random = torch.Generator().manual_seed(0)
    weight = torch.randn(4, 3, 3, 3, generator=random, dtype=torch.float64)
    bias = torch.randn(4, generator=random, dtype=torch.float64)
    rgb = torch.rand(1, 3, 9, 9, generator=random, dtype=torch.float64)

    bgr_bytes = 255 * rgb.flip(1) - torch.tensor(make.SOURCE_MEAN_BGR, dtype=torch.float64)[:, None, None]
    mean, std = (torch.tensor(v, dtype=torch.float64)[:, None, None] for v in (make.IMAGENET_MEAN, make.IMAGENET_STD))
    expected = torch.nn.functional.conv2d(bgr_bytes, weight, bias, stride=2)
    folded = torch.nn.functional.conv2d((rgb - mean) / std, *make.fold_input(weight, bias), stride=2)

    torch.testing.assert_close(folded, expected)


def test_unpickler_reads_arrays_and_nothing_else():
    make = script("make_squeezenet")
    arrays = [np.zeros((1, 1, 2, 2), np.float32), np.zeros(2, np.float32)]
    readable = pickle.dumps({"conv1": arrays}, protocol=3).replace(b"numpy._core", b"numpy.core")
    assert make.read_layers(readable)["conv1"][0].shape == (1, 1, 2, 2)
    with pytest.raises(pickle.UnpicklingError, match="refused: the pickle asks for builtins"):
        make.read_layers(pickle.dumps({"conv1": [print, print]}, protocol=3))
    with pytest.raises(pickle.UnpicklingError, match="other than float32"):
        make.read_layers(pickle.dumps({"conv1": [1, 2]}, protocol=3))


def test_pickle_with_another_digest_is_refused_unread(tmp_path):
    (tmp_path / "weights.pkl").write_bytes(b"not that file")
    with pytest.raises(ValueError, match=r"weights\.pkl: not the squeezenet_weights"):
        script("make_squeezenet").pickle_bytes(tmp_path / "weights.pkl")


# Photographs


def test_number_and_total_size_of_the_photos():
    assert 170 <= len(PHOTOS) <= 200
    assert sum(photo.stat().st_size for photo in PHOTOS) <= 4_000_000
    for page, text in (
        ("assets/demo/README.md", "{} photographs"),
        ("docs/cards/squeezenet.md", "show {} photographs"),
    ):
        assert text.format(len(PHOTOS)) in (ROOT / page).read_text(encoding="utf-8"), page
    assert {photo.parent.name for photo in PHOTOS} >= {"animal", "fish", "monument", "tool"}


def test_photos_are_small_rgb_jpegs_without_metadata():
    for photo in PHOTOS:
        with Image.open(photo) as picture:
            picture.load()
            assert (picture.format, picture.mode) == ("JPEG", "RGB"), photo
            assert 160 <= min(picture.size) <= 256, photo
            assert not picture.getexif(), photo
            assert not {"exif", "icc_profile", "comment", "xmp"} & set(picture.info), photo


def test_every_photo_is_credited_and_free():
    rows = credit_rows()
    assert list(rows) == [photo.relative_to(DEMO / "photos").as_posix() for photo in PHOTOS]
    for path, (author, source, licence) in rows.items():
        assert author, path
        assert re.fullmatch(r"<https://\S+>", source), path
        assert licence in {"Public domain", "CC0-1.0"}, path


def test_credits_apply_only_to_the_files_of_their_entry():
    readme = """Copyright: Ann
Source: https://example.org/a
License: CC0-1.0
Files:
one.webp
sub/two.webp

Copyright: Bob
Files: three.webp
Source: https://example.org/b
License: CC-BY-2.0
Comments: cropping

Copyright: Nobody says under which terms
Files:
four.webp
"""
    by_file = script("make_photos").read_credits(readme)
    assert {name: credit.licence for name, credit in by_file.items()} == {
        "one.webp": "CC0-1.0",
        "sub/two.webp": "CC0-1.0",
        "three.webp": "CC-BY-2.0",
    }


def qt_archive(name: str, content: bytes) -> bytes:
    """A Qt resource archive, version 3, of one folder `d` with one file, compressed."""
    packed = struct.pack(">I", len(content)) + zlib.compress(content)
    blobs = struct.pack(">I", len(packed)) + packed
    entries = [struct.pack(">HI", len(n), 0) + n.encode("utf-16-be") for n in ("d", name)]
    nodes = [
        struct.pack(">IHII8x", 0, 2, 1, 1),
        struct.pack(">IHII8x", 0, 2, 1, 2),
        struct.pack(">IHHHI8x", len(entries[0]), 1, 0, 0, 0),
    ]
    tree, names = b"".join(nodes), b"".join(entries)
    start = 24
    header = b"qres" + struct.pack(">5I", 3, start, start + len(tree), start + len(tree) + len(blobs), 0)
    return header + tree + blobs + names


def test_files_of_a_qt_resource_archive_are_read():
    archive = script("make_photos").Archive(qt_archive("été.txt", b"summer" * 9))
    assert archive.files() == {"d/été.txt": b"summer" * 9}


def test_file_that_is_no_qt_resource_archive_is_refused():
    with pytest.raises(ValueError, match="not a Qt resource archive"):
        script("make_photos").Archive(b"PK\x03\x04" + bytes(20))


# Fashion


def test_fashion_weights_fit_the_factory_strictly():
    network = script("fashion").fashion_net()
    network.load_state_dict(load_file(DEMO / "fashion.safetensors"), strict=True)
    assert sum(p.numel() for p in network.parameters()) == fashion_figures()["parameters"]


def test_fashion_has_fifty_small_grey_pictures_of_each_class():
    folders = [picture.parent.name for picture in PICTURES]
    assert len(set(folders)) == 10
    assert all(folders.count(folder) == 50 for folder in folders)
    for picture in PICTURES:
        with Image.open(picture) as opened:
            assert (opened.mode, opened.size) == ("L", (28, 28))
    assert sum(picture.stat().st_size for picture in PICTURES) <= 500_000


def test_fashion_classifies_the_committed_pictures():
    network = script("fashion").fashion_net().eval()
    network.load_state_dict(load_file(DEMO / "fashion.safetensors"))
    figures = fashion_figures()
    order = list(figures["class_accuracy"])  # the data set's order of classes
    pixels = np.stack([np.asarray(Image.open(picture)) for picture in PICTURES])
    with torch.inference_mode():
        logits = network(((torch.from_numpy(pixels) / 255 - 0.2860) / 0.3530)[:, None])
    predicted = [order[i] for i in logits.argmax(1).tolist()]
    accuracy = np.mean([name == picture.parent.name for name, picture in zip(predicted, PICTURES, strict=True)])
    assert accuracy >= 0.9
    assert accuracy == pytest.approx(figures["exported_accuracy"], abs=0.004)
    assert figures["test_accuracy"] >= 0.9


# The declaration


def test_the_demonstration_draws_a_synthesis_of_every_filter_that_it_shows():
    (model,) = (one for one in read_mkdocs_yml(ROOT / "mkdocs.yml").config.models if one.name == "squeezenet")
    shown = {
        name: select_filters(model.filters, name, range(module.out_channels))
        for name, module in squeezenet1_1().named_modules()
        if isinstance(module, torch.nn.Conv2d)
    }
    assert {len(filters) for filters in shown.values()} >= {16, 64}
    assert all(len(filters) >= 16 for filters in shown.values())
    assert all(select_filters(model.synthesis.filters, name, own) == own for name, own in shown.items())


# Cards and pages


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.stem)
def test_card_has_model_card_metadata(card):
    metadata = front_matter(card)
    assert {"license", "tags", "datasets", "metrics", "library_name", "pipeline_tag", "model-index"} <= set(metadata)


def test_fashion_card_quotes_the_measured_accuracy():
    (model,) = front_matter(ROOT / "docs/cards/fashion.md")["model-index"]
    values = [metric["value"] for result in model["results"] for metric in result["metrics"]]
    assert values[0] == fashion_figures()["test_accuracy"]


@pytest.mark.parametrize(
    ("model", "network"), [("squeezenet", squeezenet1_1), ("fashion", lambda: script("fashion").fashion_net())]
)
def test_author_pages_describe_existing_layers(model, network):
    layers = dict(network().named_modules())
    pages = sorted((ROOT / "docs" / "models" / model).glob("*.md"))
    assert pages
    for page in pages:
        assert isinstance(layers[page.stem], torch.nn.Conv2d)
        assert front_matter(page)["title"]
        assert page.read_text(encoding="utf-8").count("<!-- lurk -->") == 1
