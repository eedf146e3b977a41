from __future__ import annotations

import logging
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
import torch

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.errors import ImageError, LayerError, ModelError, StoreError
from mkdocs_lurk.images.webp import decode_picture
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.plan import resolve
from mkdocs_lurk.run.stages import responses as responses_stage
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.stages.verification import Verification
from mkdocs_lurk.store.store import Store
from tests.run.analyses import Project, analysed
from tests.run.networks import SIDE, input_tensors, layer_outputs

TANH = "self.second(torch.tanh(self.first(x)))"


def tensors(config: LurkConfig) -> torch.Tensor:
    return input_tensors(config.root / "pictures")


def outputs(config: LurkConfig) -> dict[str, torch.Tensor]:
    return layer_outputs(tensors(config))


def test_lists_equal_brute_force(project: Project) -> None:
    config = project()
    reader = analysed(config)
    for name, maps in outputs(config).items():
        for found in reader.layer(name)["filters"]:
            own = maps[:, found["index"]]
            for key, scores in (("top_avg", own.mean((1, 2))), ("top_max", own.amax((1, 2)))):
                best = sorted(range(len(scores)), key=lambda image: (-float(scores[image]), image))[:3]
                assert [item["image"] for item in found[key]] == best
                assert [item["score"] for item in found[key]] == pytest.approx(
                    [float(scores[i]) for i in best], rel=1e-5
                )
            for item in found["top_max"]:
                y, x = item["position"]
                assert float(own[item["image"], y, x]) == pytest.approx(item["score"], rel=1e-5)


def test_pictures_are_those_that_the_network_saw(project: Project) -> None:
    config = project()
    reader = analysed(config)
    x = tensors(config)
    for image in reader.record["images"]:
        pixels = torch.from_numpy(decode_picture(reader.picture(image["picture"])).copy()).movedim(-1, 0)
        assert torch.equal((pixels.float() / 255 - 0.5) / 0.25, x[image["id"]])


def test_classes_are_means_by_class(project: Project) -> None:
    config = project()
    reader = analysed(config)
    means = outputs(config)["first"].mean((2, 3))
    labels = [image["label"] for image in reader.record["images"]]
    for found in reader.layer("first")["filters"]:
        for label, mean in found["classes"]["avg"]:
            own = [float(means[i, found["index"]]) for i, name in enumerate(labels) if name == label]
            assert mean == pytest.approx(np.mean(own), rel=1e-4, abs=1e-6)


def test_the_second_time_nothing_is_computed(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    config = project()
    store = Store(config.cache_dir)
    assert resolve(config, store)[0].key is None
    key = analyze(config, config.models[0], store)
    assert resolve(config, Store(config.cache_dir))[0].key == key

    def refuse(*_: Any) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(Responses, "compute", refuse)
    monkeypatch.setattr(Verification, "compute", refuse)
    assert analyze(config, config.models[0], Store(config.cache_dir)) == key


def test_the_record_lists_all_that_it_stands_on(project: Project) -> None:
    """A build asks for these alone, without reading the layers' records; one that is gone is missed."""
    config = project()
    reader = analysed(config)
    assert reader.direct_units() == reader.units()
    for lost in sorted(reader.direct_units()):
        path, store = reader.store.file(lost), Store(config.cache_dir)
        kept = path.read_bytes()
        path.unlink()
        assert resolve(config, store)[0].key is None, lost
        path.write_bytes(kept)
    assert resolve(config, Store(config.cache_dir))[0].key == reader.key


def test_another_folder_and_another_source_text_share_results(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = project(root=tmp_path / "a", cache_dir=str(tmp_path / "cache"))
    key = analyze(config, config.models[0], Store(config.cache_dir))
    other = project(root=tmp_path / "b", cache_dir=str(tmp_path / "cache"))
    assert resolve(other, Store(other.cache_dir))[0].key == key
    source = other.root / "net.py"
    source.write_text(
        "# a remark\n" + source.read_text().replace("class Tiny", "class Other").replace("Tiny()", "Other()")
    )
    assert resolve(other, Store(other.cache_dir))[0].key is None
    monkeypatch.setattr(Responses, "compute", None)
    assert analyze(other, other.models[0], Store(other.cache_dir)) == key


@pytest.mark.parametrize("key", ["resize", "mean", "std"])
def test_another_transform_is_another_result(project: Project, tmp_path: Path, key: str) -> None:
    plain = {"resize": SIDE, "crop": SIDE, "mean": [0.5] * 3, "std": [0.25] * 3, "channels": 3}
    other = plain | {"resize": SIDE + 4} if key == "resize" else plain | {key: [0.4] * 3}
    cache = str(tmp_path / "cache")
    one = analysed(project(transform=plain, cache_dir=cache)).layer("first")
    two = analysed(project(transform=other, cache_dir=cache)).layer("first")
    scores = [[item["score"] for found in layer["filters"] for item in found["top_avg"]] for layer in (one, two)]
    assert scores[0] != scores[1]


def test_fewer_pictures_than_k_give_shorter_lists(project: Project) -> None:
    reader = analysed(project(count=2, top_k=4))
    assert [len(found["top_avg"]) for found in reader.layer("first")["filters"]] == [2] * 6
    assert "Only 2 pictures could be read, so the lists are shorter than the 4 asked for." in reader.record["notes"]


def test_a_corrupt_picture_is_skipped_and_named(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    config = project()
    broken = config.root / "pictures" / "class-1" / "001.png"
    broken.write_bytes(broken.read_bytes()[:60])
    with caplog.at_level(logging.INFO):
        reader = analysed(config)
    assert "picture class-1/001.png is skipped" in caplog.text
    *_, warning = reader.record["warnings"]
    assert warning["name"] == "unreadable"
    assert warning["fact"].startswith("1 of 20 pictures could not be read: class-1/001.png cannot be read (")
    assert [path for path, _ in reader.record["skipped_images"]] == ["class-1/001.png"]
    number = [image["path"] for image in reader.record["images"]].index("class-1/001.png")
    assert "skipped" in reader.record["images"][number]
    assert all(item["image"] != number for found in reader.layer("first")["filters"] for item in found["top_max"])


def test_only_corrupt_pictures_are_an_error(project: Project) -> None:
    config = project(count=2)
    for path in (config.root / "pictures").rglob("*.png"):
        path.write_bytes(b"no picture")
    with pytest.raises(ImageError, match=r"images: not one of 2 pictures can be read: class-0/000\.png cannot be read"):
        analysed(config)


def test_nan_names_the_layer(project: Project) -> None:
    config = project()
    path = config.root / "net.py"
    path.write_text(
        path.read_text().replace("return Tiny()", "net = Tiny(); net.second.bias.data[2] = float('nan'); return net")
    )
    with pytest.raises(LayerError, match="layer 'second' gives NaN or infinity"):
        analysed(config)


def test_a_full_disk_says_so_and_keeps_what_is_stored(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    config = project(count=200)
    store, put, left = Store(config.cache_dir), Store.put, [2]

    def fill(self: Store, key: str, record: Any, blobs: Any = MappingProxyType({})) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise StoreError(f"cannot write {self.root}: no space left on device")
        put(self, key, record, blobs)

    monkeypatch.setattr(Store, "put", fill)
    with pytest.raises(StoreError, match="no space left on device"):
        analyze(config, config.models[0], store)
    assert len(store.keys()) == 2
    monkeypatch.undo()
    done: list[str] = []
    compute = Responses.compute
    monkeypatch.setattr(Responses, "compute", lambda *arguments: (done.append(""), compute(*arguments))[1])
    analyze(config, config.models[0], Store(config.cache_dir))
    assert len(done) == 4 - 2


def test_chosen_filters(project: Project) -> None:
    reader = analysed(project(filters={"first": [1, 4], "second": 2}, synthesis=False))
    assert [found["index"] for found in reader.layer("first")["filters"]] == [1, 4]
    assert [found["index"] for found in reader.layer("second")["filters"]] == [0, 1]
    assert "max_activ" not in reader.layer("first")["filters"][0]


def test_short_memory_halves_the_batches_and_changes_no_list(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = analysed(project(root=tmp_path / "enough"))
    measure_responses = responses_stage.measure_responses

    def short(probe: Any, x: torch.Tensor, **_: Any) -> Any:
        if len(x) > 4:
            raise torch.OutOfMemoryError("no")
        return measure_responses(probe, x)

    monkeypatch.setattr(responses_stage, "measure_responses", short)
    reader = analysed(project(root=tmp_path / "short"))
    assert "out of memory; going on with batches 1/4 as large" in caplog.text
    for name in ("first", "second"):
        for found, own in zip(reader.layer(name)["filters"], wanted.layer(name)["filters"], strict=True):
            assert [item["image"] for item in found["top_max"]] == [item["image"] for item in own["top_max"]]


def test_not_even_one_picture_fits(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise torch.OutOfMemoryError("no")

    monkeypatch.setattr(responses_stage, "measure_responses", never)
    with pytest.raises(ModelError, match="cpu: out of memory with a single picture; use another device"):
        analysed(project())


def test_activations_without_a_rule_are_named_in_the_notes(project: Project) -> None:
    config = project(synthesis=False)
    network = config.root / "net.py"
    network.write_text(network.read_text().replace("self.second(F.relu(self.first(x), inplace=True))", TANH))
    notes = analysed(config).record["notes"]
    assert "In 1 place an activation (Tanh) has no rule; its plain gradient is used." in notes
