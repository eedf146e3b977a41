"""What tuning and the twin cost, in forward passes of the bare network for each picture."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import torch

from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.tuning import PASSES, Tuning
from mkdocs_lurk.run.stages.twin_responses import TwinResponses
from mkdocs_lurk.run.twin import Twin
from tests.benchmarks.cpu_time import interleaved
from tests.benchmarks.rows import Row
from tests.benchmarks.workspace import responses_of_all_pictures

_ROUNDS = 3
_MOST_FORWARDS = {"tuning": 9.0, "twin": 1.1}
_WORK = {
    "tuning": f"SqueezeNet 1.1, 3,944 filters, {PASSES} passes of each picture",
    "twin": "SqueezeNet 1.1 with shuffled weights, means and maxima of 3,944 filters",
}


def measure_trust(session: Session) -> list[Row]:
    """Compare one unit of each stage with bare forward passes of as many pictures."""
    session = replace(session, config=replace(session.config, tuning=True))
    responses = responses_of_all_pictures(session)
    tuning, twin = Tuning(session, responses), TwinResponses(session, responses, Twin(session, responses))
    tuned, mined = tuning.units[0], twin.units[0]
    x = session.pictures.tensor(mined.items[: session.sizes.response_batch])

    def forward() -> None:
        with torch.inference_mode():
            session.network.probe.module(x)

    twin.compute(mined)  # makes the twin, and decodes the pictures
    rounds = interleaved(
        {"tuning": lambda: tuning.compute(tuned), "twin": lambda: twin.compute(mined), "forward": forward}, _ROUNDS
    )
    forward_s = median(times["forward"] for times in rounds) / len(x)
    counts = {"tuning": len(tuned.items), "twin": len(mined.items)}
    rows = []
    for name, most in _MOST_FORWARDS.items():
        forwards = median(times[name] for times in rounds) / counts[name] / forward_s
        rows.append(
            Row(
                name,
                _WORK[name],
                f"at most {most:g} forwards per picture",
                f"{forwards:.2f} forwards per picture",
                forwards <= most,
                {"forwards": forwards, "rounds": rounds},
            )
        )
    return rows
