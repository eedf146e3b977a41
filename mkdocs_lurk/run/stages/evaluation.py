"""Evaluation: how often the network is right about the pictures, where their labels name its outputs."""

from __future__ import annotations

from mkdocs_lurk.models.loading.label_map import NO_TARGET
from mkdocs_lurk.record_format import round_significant
from mkdocs_lurk.records import EvaluationRecord
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.protocol import Stage
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.warnings import chance_warning

_SHOWN_PREDICTIONS = 3


class Evaluation(Stage):
    """Compares the predictions that mining kept with the pictures' labels; computes nothing of its own."""

    name = "evaluation"

    def __init__(self, session: Session, responses: Responses) -> None:
        super().__init__(session, responses)
        self._responses = responses

    def collect(self, draft: RecordDraft) -> None:
        """Write each picture's predictions, and the share of right ones; warn where it is that of guessing."""
        names = self.session.rehearsed.classes.names
        for image, best in self._responses.found.predictions.items() if names else ():
            predictions = [(names[output], round_significant(share, 4)) for output, share in best]
            draft.images[image]["predictions"] = predictions[:_SHOWN_PREDICTIONS]
        ranks = self._ranks_of_labels()
        draft.evaluation = self._evaluate(ranks)
        warning = chance_warning(ranks.count(0), len(ranks), self._responses.found.n_outputs) if ranks else None
        draft.warnings += [] if warning is None else [warning]

    def _ranks_of_labels(self) -> list[int | None]:
        """For each picture whose own output is known, that output's place among the likeliest; None if outside."""
        ranks: list[int | None] = []
        for image, best in sorted(self._responses.found.predictions.items()):
            target = self.session.rehearsed.targets[image]
            if target != NO_TARGET:
                outputs = [output for output, _ in best]
                ranks.append(outputs.index(target) if target in outputs else None)
        return ranks

    def _evaluate(self, ranks: list[int | None]) -> EvaluationRecord | None:
        """Count how often the likeliest outputs hold a picture's own class; None if no label names an output."""
        if not ranks:
            return None
        evaluation: EvaluationRecord = {"n": len(ranks), "top1": _share_within(ranks, 1)}
        if self._responses.found.n_outputs > 5:
            evaluation["top5"] = _share_within(ranks, 5)
        return evaluation


def _share_within(ranks: list[int | None], k: int) -> float:
    return round(sum(rank is not None and rank < k for rank in ranks) / len(ranks), 4)
