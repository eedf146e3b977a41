"""Every published score is computed a second time, and one that differs stops the analysis."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional as F

from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.images.webp import decode_picture, encode_picture
from mkdocs_lurk.models.loading.sources import load_network
from mkdocs_lurk.records.model_record import FilterRecord
from mkdocs_lurk.records.record_format import fields_of
from mkdocs_lurk.run.draft import _ONCE
from mkdocs_lurk.run.stages.synthesis import Syntheses
from mkdocs_lurk.run.stages.verification import Verification
from mkdocs_lurk.run.work import Sizes, UnitResult
from tests.run.analyses import Project, analysed


def test_every_score_is_verified(project: Project) -> None:
    reader = analysed(project())
    verified = reader.record["verified"]
    assert verified["scores"] == 11 * 3 * 2 + 11 * 7 + 11  # both lists of every filter, its range, and its synthesis
    assert verified["largest"] <= 1e-3


OFF = dict.fromkeys(["range", "labels", "effect", "tuning", "twin", "synthesis"], False)
ALWAYS = ["gradients", "crops", "classes", "statistics", "wiring"]


@pytest.mark.parametrize(
    ("declared", "scores", "syntheses", "once"),
    [
        ({}, 66, 0, []),
        ({"range": True}, 66 + 77, 0, []),
        ({"synthesis": {"steps": 2}}, 66 + 11, 11, []),
        ({"labels": True}, 66, 0, ["labels"]),
        ({"effect": True}, 66, 0, ["effect"]),
        ({"tuning": True}, 66, 0, ["tuning"]),
        ({"twin": True}, 66, 0, ["twin"]),
    ],
)
def test_the_record_says_what_was_computed_twice_and_what_once(
    project: Project, declared: dict[str, Any], scores: int, syntheses: int, once: list[str]
) -> None:
    verified = analysed(project(count=60, **(OFF | declared))).record["verified"]
    assert (verified["scores"], verified["syntheses"]) == (scores, syntheses)
    assert [name for name in verified["once"] if name not in (*ALWAYS, "evaluation")] == once
    assert verified["once"][:5] == ALWAYS


def test_every_result_of_a_filter_is_computed_twice_or_listed_as_computed_once() -> None:
    twice, copied = {"top_avg", "range", "max_activ"}, {"index", "kernel"}
    assert set(fields_of(FilterRecord)) == {*_ONCE, *twice, *copied}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_every_synthesis_is_scored_from_its_file(project: Project, precision: str) -> None:
    config = project(precision=precision)
    reader, module = analysed(config), load_network(config.models[0]).module
    for layer in ("first", "second"):
        for item in reader.layer(layer)["filters"]:
            made, best = item["max_activ"], item["top_avg"][0]["score"]
            pixels = torch.tensor(decode_picture(reader.picture(made["picture"]))).movedim(-1, 0)[None]
            with torch.no_grad():
                maps = module.first((pixels.float() / 255 - 0.5) / 0.25)
                maps = maps if layer == "first" else module.second(F.relu(maps))
            score = float(maps[0, item["index"]].mean())
            assert made["score"] == pytest.approx(score, rel=1e-4, abs=1e-6)
            assert made["ratio"] == (pytest.approx(score / best, rel=1e-3) if best > 0 else None)


@pytest.mark.parametrize(("strays", "twice"), [(1.0, 2), (-1.0, 11)])
def test_after_an_ascent_in_bfloat16_a_few_syntheses_are_scored_twice(
    project: Project, strays: float, twice: int
) -> None:
    """The first of each layer, and those that stray: none if any difference passes, all if none does."""
    verified = analysed(project(precision="bfloat16"), Sizes(stray_score=strays)).record["verified"]
    assert verified["scores"] == 11 * 3 * 2 + 11 * 7 + twice
    assert verified["syntheses"] == 11
    assert verified["largest"] <= 1e-3


def test_a_score_that_differs_the_second_time_fails(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    score, calls = Verification.score, [0]

    def drifting(*arguments: Any) -> dict[int, float]:
        calls[0] += 1
        return {index: value + calls[0] for index, value in score(*arguments).items()}

    monkeypatch.setattr(Verification, "score", drifting)
    with pytest.raises(ModelError, match=r"the score of filter \d of layer '(first|second)' on its synthesis differs"):
        analysed(project(precision="bfloat16"))


def test_a_synthesis_that_is_not_what_it_was_scored_by_fails(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    compute = Syntheses.compute

    def inverted(*arguments: Any) -> UnitResult:
        result = compute(*arguments)
        pictures = {name: encode_picture(255 - decode_picture(data)) for name, data in result.blobs.items()}
        return UnitResult(result.record, pictures)

    monkeypatch.setattr(Syntheses, "compute", inverted)
    with pytest.raises(ModelError, match=r"the score of filter \d of layer '(first|second)' on its synthesis differs"):
        analysed(project())


def test_a_network_that_is_not_repeatable_fails(project: Project) -> None:
    config = project()
    path = config.root / "net.py"
    path.write_text(path.read_text().replace("self.first(x)", "self.first(x + 0.1 * torch.rand_like(x))"))
    with pytest.raises(
        ModelError, match=r"^the network gives something else for class-0/000\.png the second time, first"
    ):
        analysed(config)


def test_a_network_that_drifts_later_and_in_batches_alone_fails(project: Project) -> None:
    config = project()
    path = config.root / "net.py"
    text = path.read_text().replace("self.first(x)", "self.first(x * (1 + 0.1 * (len(x) > 1 and self.count() > 8)))")
    path.write_text(
        text.replace(
            "    def forward",
            "    calls = iter(range(10000))\n\n    def count(self):\n"
            "        return next(self.calls)\n\n    def forward",
        )
    )
    with pytest.raises(
        ModelError, match=r"the score of filter \d of layer '(first|second)' on class-\d/\d+\.png differs by"
    ):
        analysed(config)
