"""The stages of an analysis, one module each, all of one protocol, and the one list of them."""

from __future__ import annotations

from mkdocs_lurk.run.range_picks import RangePicks
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.connections import Connections
from mkdocs_lurk.run.stages.evaluation import Evaluation
from mkdocs_lurk.run.stages.gradients import Gradients
from mkdocs_lurk.run.stages.labels import Labels
from mkdocs_lurk.run.stages.photos import Photos
from mkdocs_lurk.run.stages.protocol import Stage, StageEstimate
from mkdocs_lurk.run.stages.response_range import Range
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.stages.synthesis import Syntheses
from mkdocs_lurk.run.stages.tuning import Tuning
from mkdocs_lurk.run.stages.verification import Verification

__all__ = ["Responses", "Stage", "StageEstimate", "list_stages"]


def list_stages(session: Session) -> tuple[Stage, ...]:
    """Return all stages of an analysis, in the order in which they run."""
    responses = Responses(session)
    picks = RangePicks(session, responses)
    photos = Photos(session, responses, picks)
    syntheses = Syntheses(session, responses)
    verification = Verification(session, responses, photos, syntheses, picks)
    return (
        responses,
        Gradients(session, responses),
        photos,
        syntheses,
        verification,
        Range(session, responses, verification, picks),
        Connections(session, responses),
        Labels(session, responses),
        Tuning(session, responses),
        Evaluation(session, responses),
    )
