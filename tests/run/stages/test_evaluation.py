"""The evaluation of a whole analysis is what a plain pass gives, and costs no forward pass of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch import nn

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.run.pipeline import analyze
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session, open_session
from mkdocs_lurk.run.stages.evaluation import Evaluation
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.work import Sizes
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store
from tests.run.networks import input_tensors, tiny_network

Project = Callable[..., LurkConfig]
SMALL = {"synthesis": False, "filters": 1, "layers": {"include": "second"}}


def record_of(config: LurkConfig, sizes: Sizes | None = None) -> Any:
    store = Store(config.cache_dir)
    return ModelReader(store, analyze(config, config.models[0], store, sizes=sizes)).record


def opened(config: LurkConfig) -> Session:
    return open_session(config, config.models[0], Store(config.cache_dir), SilentProgress(), Ranks())


def test_an_analysis_evaluates_like_scikit_learn(project: Project) -> None:
    config = project(**SMALL)
    record = record_of(config, Sizes(shard_pictures=7, response_batch=3))
    evaluation = record["evaluation"]
    with torch.no_grad():
        outputs = tiny_network()(input_tensors(config.root / "pictures"))
    targets = np.array([int(image["label"][-1]) for image in record["images"]])
    guesses = outputs.argmax(1).numpy()
    assert evaluation["top1"] == pytest.approx(metrics.accuracy_score(targets, guesses))
    means = metrics.precision_recall_fscore_support(targets, guesses, average="macro", zero_division=0)
    assert list(evaluation["macro"].values()) == pytest.approx(list(means[:3]), rel=1e-4)
    places = [one["output"] for one in evaluation["classes"]]
    matrix = np.zeros((len(places), len(places)), int)
    for right, guess, count in evaluation["confusions"]:
        matrix[right, guess] = count
    assert (matrix == metrics.confusion_matrix(targets, guesses, labels=places)).all()
    sure = outputs.softmax(1).amax(1).tolist()
    assert [(image, places[own], places[taken]) for image, own, taken, _ in evaluation["pictures"]] == list(
        zip(range(20), targets.tolist(), guesses.tolist(), strict=True)
    )
    assert [picture[3] for picture in evaluation["pictures"]] == pytest.approx(sure, rel=1e-3)
    assert evaluation["labels"] == [[f"class-{k}", f"class-{k}", count] for k, count in enumerate((7, 7, 6))]
    assert "top5" not in evaluation
    assert evaluation["calibration"] is None  # 20 pictures


def test_it_costs_no_forward_pass(project: Project) -> None:
    session = opened(project(**SMALL))
    calls: list[int] = []

    def count(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        calls.append(len(inputs[0]))

    session.loaded.module.register_forward_pre_hook(count)
    responses = Responses(session)
    session.runner.run(responses)
    responses.complete = True
    own = [count for count in calls if count > 1]  # the first picture is repeated alone, to see that nothing changed
    assert sum(own) == 20, "each picture goes through the network once"
    before = len(calls)
    record = Evaluation(session, responses)._evaluate(responses.found.outputs)
    assert len(calls) == before
    assert "n" in record


def test_a_label_map_and_groups_reach_the_record(project: Project) -> None:
    config = project(
        **SMALL,
        classes=["ant", "bee", "cow"],
        label_map={"class-0": "bee", "class-1": 0, "class-1/001*": None},
        groups={"insects": ["ant", "bee"], "rest": ["class-2"]},
    )
    evaluation = record_of(config)["evaluation"]
    assert evaluation["labels"] == [
        ["class-0", "bee", 7], ["class-1", "ant", 6], ["class-1", None, 1], ["class-2", None, 6],
    ]  # fmt: skip
    assert evaluation["n"] == 13
    assert [(group["name"], group["n"]) for group in evaluation["groups"]] == [("insects", 13)]


@pytest.mark.parametrize(
    ("head", "labelled", "why"),
    [
        ("nn.ReLU()", True, "the network gives something else for a picture"),
        ("nn.Flatten(), nn.Linear(784, 1)", True, "the network gives a single number for a picture"),
        ("nn.Flatten(), nn.Linear(784, 9)", True, "no class of the pictures is known to be an output; label_map can"),
        ("nn.Flatten(), nn.Linear(784, 3)", False, "the pictures have no classes"),
    ],
)
def test_what_cannot_be_evaluated_says_why(
    project: Project, tmp_path: Path, head: str, labelled: bool, why: str
) -> None:
    layers = f"nn.Conv2d(3, 4, 3), nn.ReLU(), {head}"
    (tmp_path / "odd.py").write_text(f"from torch import nn\nmake = lambda: nn.Sequential({layers})\n")
    images = "pictures" if labelled else "pictures/class-0"
    config = project(6, source="odd.py:make", synthesis=False, filters=1, images=images)
    assert record_of(config)["evaluation"]["skipped"].startswith(why)


def test_pictures_that_are_called_train_are_warned_of(project: Project) -> None:
    config = project(6, images="pictures")
    (config.root / "pictures").rename(config.root / "train")
    record = record_of(project(6, **SMALL, images="train"))
    assert record["evaluation"]["split"] == "train"
    assert "training-pictures" in [warning["name"] for warning in record["warnings"]]
