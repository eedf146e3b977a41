"""Labels as they are recorded: of declared groups, of chosen filters, and not where they are not asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mkdocs_lurk.run.stages import labels as labels_stage
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.store import ModelReader
from tests.run.analyses import Project, analysed


@pytest.mark.parametrize("most_values", [1, 10**6])
def test_chosen_filters_have_the_label_that_their_mean_responses_have(
    project: Project, monkeypatch: pytest.MonkeyPatch, most_values: int
) -> None:
    """One filter answers to a group, one to a class, and one to nothing; the kept responses are planted."""
    truth = {"class-0": 1.0, "class-1": 0.0, "class-2": 0.0}

    def planted(self: Responses, layers: Sequence[str]) -> dict[str, np.ndarray]:
        labels = [self.session.images.entries[image].label or "" for image in self.found.kept]
        means = np.random.default_rng(0).normal(size=(len(labels), 8)).astype(np.float32)
        means[:, 1] = [truth[label] for label in labels]
        means[:, 3] = [1 - truth[label] for label in labels]
        return dict.fromkeys(layers, means)

    monkeypatch.setattr(Responses, "means_of", planted)
    monkeypatch.setattr(labels_stage, "_MOST_VALUES", most_values)
    groups = {"others": ["class-1", "class-2"]}
    reader = analysed(project(count=42, synthesis=False, filters=[1, 2, 3], groups=groups))
    assert [record["label"]["any_of"] for record in reader.layer("second")["filters"]] == [["class-0"], [], ["others"]]
    first, second, third = (record["label"] for record in reader.layer("first")["filters"])
    assert [first["any_of"], second["any_of"], third["any_of"]] == [["class-0"], [], ["others"]]
    assert first["correlation"] == third["correlation"] == 1
    assert (first["mean"], first["rest"], first["coverage"], first["misses"]) == (1, 0, 1, [])
    assert first["n"] == 21
    assert first["members"] == 7
    assert set(second) == {"any_of", "correlation", "threshold", "n"}


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"labels": False}, None),
        ({"count": 19}, {"skipped": "of 19 pictures with a class, half would prove nothing; it takes 20"}),
    ],
)
def test_without_labels_the_record_says_why_or_nothing(project: Project, more: dict, expected: object) -> None:
    reader: ModelReader = analysed(project(synthesis=False, range=False, **more))
    assert all(record.get("label") == expected for record in reader.layer("first")["filters"])
