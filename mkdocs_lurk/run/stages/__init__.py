"""The stages of an analysis, one module each, all of one protocol, and the one list of them."""

from __future__ import annotations

from mkdocs_lurk.run.facet_picks import FacetPicks
from mkdocs_lurk.run.range_picks import RangePicks
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.ablation import Ablation
from mkdocs_lurk.run.stages.circuits import Circuits
from mkdocs_lurk.run.stages.connections import Connections
from mkdocs_lurk.run.stages.cost import Cost
from mkdocs_lurk.run.stages.effect import Effect
from mkdocs_lurk.run.stages.evaluation import Evaluation
from mkdocs_lurk.run.stages.facet_crops import FacetCrops
from mkdocs_lurk.run.stages.facets import Facets
from mkdocs_lurk.run.stages.gradients import Gradients
from mkdocs_lurk.run.stages.labels import Labels
from mkdocs_lurk.run.stages.live import Live
from mkdocs_lurk.run.stages.photos import Photos
from mkdocs_lurk.run.stages.protocol import Stage, StageEstimate
from mkdocs_lurk.run.stages.response_range import Range
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.stages.sanity_checks import SanityChecks
from mkdocs_lurk.run.stages.synthesis import Syntheses
from mkdocs_lurk.run.stages.synthesis_paths import SynthesisPaths
from mkdocs_lurk.run.stages.tuning import Tuning
from mkdocs_lurk.run.stages.twin_comparison import TwinComparison
from mkdocs_lurk.run.stages.twin_responses import TwinResponses
from mkdocs_lurk.run.stages.twin_tuning import TwinTuning
from mkdocs_lurk.run.stages.verification import Verification
from mkdocs_lurk.run.twin import Twin

__all__ = ["Responses", "Stage", "StageEstimate", "list_stages"]


def list_stages(session: Session) -> tuple[Stage, ...]:
    """Return all stages of an analysis, in the order in which they run."""
    responses = Responses(session)
    picks, facet_picks = RangePicks(session, responses), FacetPicks(session, responses)
    photos = Photos(session, responses, picks, facet_picks)
    facet_crops = FacetCrops(session, responses, photos, facet_picks)
    effect = Effect(session)
    syntheses = Syntheses(session, responses)
    verification = Verification(session, responses, photos, syntheses, picks)
    twin = Twin(session, responses)
    twin_responses = TwinResponses(session, responses, twin)
    twin_tuning = TwinTuning(session, responses, twin, twin_responses)
    sanity_checks = SanityChecks(session, responses, twin)
    paths = SynthesisPaths(session, responses, photos, syntheses)
    return (
        responses,
        Gradients(session, responses),
        photos,
        syntheses,
        verification,
        Range(session, responses, verification, picks),
        Connections(session, responses),
        Labels(session, responses),
        effect,
        Ablation(session, effect),
        Circuits(session, effect),
        facet_crops,
        Facets(session, responses, facet_crops, facet_picks),
        Tuning(session, responses),
        twin_responses,
        twin_tuning,
        sanity_checks,
        paths,
        TwinComparison(session, responses, twin, twin_responses, twin_tuning, sanity_checks, paths),
        Cost(session),
        Evaluation(session, responses),
        Live(session, responses),
    )
