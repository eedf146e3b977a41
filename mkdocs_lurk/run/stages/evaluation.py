"""Evaluation: how often the network is right about the pictures, where their labels name its outputs."""

from __future__ import annotations

from mkdocs_lurk.record_format import round_significant
from mkdocs_lurk.records import EvaluationRecord
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.warnings import chance_warning, class_order_warning

_SHOWN_PREDICTIONS = 3


class Evaluation(AfterResponses):
    """Compares the predictions that were kept with the responses with the pictures' labels; computes nothing itself."""

    name = "evaluation"

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
        order = class_order_warning(names, self._predicted()) if self.session.rehearsed.classes.are_assumed else None
        draft.warnings += [] if order is None else [order]

    def _predicted(self) -> list[tuple[int, int]]:
        """For each picture whose label names an output, that output and the likeliest one."""
        images, right = self.session.images, self.session.rehearsed.classes.of_labels
        predictions = sorted(self._responses.found.predictions.items())
        labelled = [(images.entries[image].label, best) for image, best in predictions]
        return [(right[label], best[0][0]) for label, best in labelled if label is not None and label in right]

    def _ranks_of_labels(self) -> list[int | None]:
        """For each picture whose label names an output, that output's place among the likeliest; None if outside."""
        images, found = self.session.images, self._responses.found
        right = self.session.rehearsed.classes.of_labels
        ranks: list[int | None] = []
        for image, best in sorted(found.predictions.items()):
            label = images.entries[image].label
            if label is not None and label in right:
                outputs = [output for output, _ in best]
                ranks.append(outputs.index(right[label]) if right[label] in outputs else None)
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
