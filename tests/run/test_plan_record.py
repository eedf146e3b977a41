"""What ``plan`` says of a model that is missing: the time on a free machine, what is in the way of it, warnings."""

from __future__ import annotations

import pytest

from mkdocs_lurk.named_warnings import WARNINGS
from mkdocs_lurk.run.plan_record import MissingWork, ModelPlan, describe_plan, live_notes


def plan(busy: str | None = None, opening_s: float = 1.0) -> ModelPlan:
    work: MissingWork = {
        "seconds": 200.0, "stages": {"gradients": 200.0}, "bytes": 12e6, "busy": busy, "opening_seconds": opening_s,
    }  # fmt: skip
    return {
        "name": "m", "complete": False, "reason": "new", "units": 0, "bytes": 0, "unseen": "", "missing": work,
        "not_estimated": "", "warnings": [WARNINGS["padded"].record(share="50%", n=4, height=8, width=8)],
        "notes": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("busy", "opening_s", "expected"),
    [
        (None, 1.0, "about 3 min 20 s on this machine and 12 MB"),
        ("load 5.1 on 2 cores", 1.0,
         "the machine is busy (load 5.1 on 2 cores): about 3 min 20 s when it is free, and 12 MB"),
        (None, 34.0, "about 3 min 20 s on this machine and 12 MB; to load the network and to rehearse took 34 s"),
    ],
)  # fmt: skip
def test_the_line_says_what_is_left(busy: str | None, opening_s: float, expected: str) -> None:
    assert describe_plan(plan(busy, opening_s), ())[0] == f"m: missing, new; {expected}"


def test_what_is_to_be_known_of_a_network_in_browsers_is_said() -> None:
    for missing in (plan()["missing"], None):
        record: ModelPlan = {**plan(), "missing": missing, "notes": live_notes(is_live=True, reason=None)}
        assert describe_plan(record, ())[-1] == "note: m: live publishes its weights with the site"
    assert live_notes(is_live=True, reason="no") == ["it does not run in browsers: no"]
    assert live_notes(is_live=False, reason=None) == []


def test_hardly_any_time_is_not_called_none() -> None:
    record = plan()
    assert record["missing"] is not None
    record["missing"]["seconds"] = 0.2
    assert describe_plan(record, ())[0] == "m: missing, new; less than 1 s on this machine and 12 MB"


def test_warnings_follow_the_line() -> None:
    assert describe_plan(plan(), ())[1].endswith("or accept it with ignore: [padded]")
    assert describe_plan(plan(), ["padded"])[1].endswith("(accepted by ignore: padded)")


def test_missing_results_without_an_estimate_say_why() -> None:
    bare: ModelPlan = {**plan(), "missing": None, "not_estimated": "not estimated, since torch is not installed"}
    assert describe_plan(bare, ()) == ["m: missing, new; not estimated, since torch is not installed"]
