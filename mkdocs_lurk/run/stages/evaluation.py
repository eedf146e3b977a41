"""See how often the network is right about the pictures, where their labels name its outputs."""

from __future__ import annotations

from typing import Any

from mkdocs_lurk.models.loading.class_names import output_names, outputs_of_labels
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.responses import Findings


def names_of_outputs(session: Session, findings: Findings) -> tuple[str, ...]:
    """The names of the network's outputs; empty where it does not classify or they have no names.

    Raises:
        ConfigError: The declared names are not as many as the outputs.
    """
    if not findings.n_outputs:
        return ()
    return output_names(session.config, session.images.labels, findings.n_outputs) or ()


def evaluate(session: Session, findings: Findings, outputs: tuple[str, ...]) -> dict[str, Any] | None:
    """Count how often the likeliest outputs hold a picture's own class.

    Args:
        session: The model.
        findings: The predictions.
        outputs: The outputs' names.

    Returns:
        ``top1`` and ``top5``, shares of ``n`` pictures; none where no label stands for an output.
    """
    right = outputs_of_labels(session.images.labels, outputs, session.images.label_indices)
    judged = [
        [output for output, _ in best].index(right[label]) if right[label] in [output for output, _ in best] else None
        for image, best in sorted(findings.predictions.items())
        if (label := session.images.entries[image].label) in right
    ]
    if not judged:
        return None
    found = {"n": len(judged), "top1": _share(judged, 1)}
    return found | ({"top5": _share(judged, 5)} if findings.n_outputs > 5 else {})


def _share(places: list[int | None], within: int) -> float:
    return round(sum(place is not None and place < within for place in places) / len(places), 4)
