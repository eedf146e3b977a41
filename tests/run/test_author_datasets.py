"""An author's Dataset is read by one thread in one order, and what it published is what it gave."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import DatasetError
from mkdocs_lurk.images.image_set import list_images
from mkdocs_lurk.images.transforms import make_transform
from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.run.pictures import Pictures
from tests.run.analyses import analysed
from tests.run.hostile_datasets import HOSTILE
from tests.run.networks import layer_outputs

Project = Callable[..., LurkConfig]


@pytest.fixture
def hostile(project: Project) -> Project:
    """A project whose pictures are one of the hostile datasets."""

    def make(name: str, **model: Any) -> LurkConfig:
        config = project(images="pictures", synthesis=False, count=1)
        (config.root / "data.py").write_text(HOSTILE)
        return project(images=f"data.py:{name}", **({"synthesis": False} | model))

    return make


def inputs(config: LurkConfig, name: str) -> torch.Tensor:
    """The items as one thread reads them, normalised as the project declares."""
    names: dict[str, Any] = {"__file__": str(config.root / "data.py")}
    exec(HOSTILE, names)  # noqa: S102 - the text above
    dataset = names[name]()
    items = np.stack([np.array(dataset[number][0]) for number in range(len(dataset))])
    return (torch.from_numpy(items).movedim(-1, 1).float() / 255 - 0.5) / 0.25


@pytest.mark.parametrize("name", ["OneFile", "Tar", "Sqlite", "OneBuffer", "OneProcess", "fake_data"])
def test_scores_and_pictures_are_those_of_one_thread(hostile: Project, name: str) -> None:
    config = hostile(name)
    reader, x = analysed(config), inputs(config, name)
    assert not [image for image in reader.record["images"] if "skipped" in image]
    for layer, maps in layer_outputs(x).items():
        for found in reader.layer(layer)["filters"]:
            own = maps[:, found["index"]]
            for key, scores in (("top_avg", own.mean((1, 2))), ("top_max", own.amax((1, 2)))):
                best = sorted(range(len(scores)), key=lambda image: (-float(scores[image]), image))[:3]
                assert [item["image"] for item in found[key]] == best
                expected = [float(scores[image]) for image in best]
                assert [item["score"] for item in found[key]] == pytest.approx(expected, rel=1e-5)
    for image in reader.record["images"]:
        pixels = torch.from_numpy(decode_picture(reader.picture(image["picture"])).copy()).movedim(-1, 0)
        assert torch.equal((pixels.float() / 255 - 0.5) / 0.25, x[image["id"]])


def test_a_transform_is_called_in_the_one_thread_that_made_it(hostile: Project) -> None:
    config = hostile("Many", transform="data.py:Sequential")
    record = analysed(config).record
    assert len(record["images"]) == 300
    assert not [image for image in record["images"] if "skipped" in image]


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads that give way to each other as often as they can, so that a race shows."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("eager_threads")
def test_items_are_read_in_the_order_of_the_requests(hostile: Project) -> None:
    config = hostile("Ordered")
    images = list_images(config.models[0])
    pictures = Pictures(images, make_transform(config.models[0], images))
    (config.root / "order").write_text("")
    batches = [ids for ids, _, _ in pictures.batches(range(299, -1, -1), 7)]
    read = [int(number) for number in (config.root / "order").read_text().split()]
    assert [image for batch in batches for image in batch] == list(range(299, -1, -1))
    assert read == list(range(299, -1, -1))


AGAIN = "a Dataset must give the same item every time: leave out random augmentation"
BROKEN = {
    "Augmented": rf"\]\.images: item 59 of data\.py:Augmented has other pixels when it is read again; {AGAIN}",
    "Rarely": rf"\]\.images: item 7 of data\.py:Rarely has other pixels when it is read again; {AGAIN}",
    "Relabelled": r"\]\.images: item 7 of data\.py:Relabelled has the label '2' when it is read again, not '1'",
    "Fading": r"\]\.images: item 7 of data\.py:Fading was read once and fails when it is read again: OSError",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_dataset_that_does_not_repeat_itself_is_blamed_by_name_and_item(hostile: Project, name: str) -> None:
    with pytest.raises(DatasetError, match=BROKEN[name]):
        analysed(hostile(name))


TRANSFORMS = {
    "noisy_transform": r"models\[0\]\.transform: data\.py:noisy_transform makes other values of the same picture "
    "the second time; leave out random augmentation$",
    "Drifting": r"^picture \d+ is another one when it is read again; the transform data\.py:Drifting must give the sa",
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_that_does_not_repeat_itself_is_blamed_by_name(hostile: Project, name: str) -> None:
    with pytest.raises(DatasetError, match=TRANSFORMS[name]):
        analysed(hostile("Many", transform=f"data.py:{name}"))


TWO_NAMES = """
    import torch

    class Some:
        def __len__(self):
            return 3

        def __getitem__(self, number):
            if number == 1:
                raise ValueError("lost")
            return torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(number))

    class Others(Some):
        pass
    """


def test_a_skipped_item_has_the_name_of_its_own_dataset_where_results_are_shared(project: Project) -> None:
    config = project(synthesis=False, count=1)
    (config.root / "data.py").write_text(textwrap.dedent(TWO_NAMES))
    for name in ("Some", "Others"):
        record = analysed(project(images=f"data.py:{name}", synthesis=False)).record
        assert record["skipped_images"] == [["1", f"item 1 of data.py:{name} cannot be read: ValueError"]]
