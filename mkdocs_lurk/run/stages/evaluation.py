"""Evaluation: how well the network names the classes of the pictures, from the outputs of the pass that scored them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.calibration import calibration, risk_coverage
from mkdocs_lurk.analysis.evaluation import (
    count_confusions,
    evaluate_classes,
    evaluate_groups,
    mean_scores,
    order_by_confusion,
    wilson_interval,
)
from mkdocs_lurk.analysis.outputs import OutputRows
from mkdocs_lurk.config.references import is_reference
from mkdocs_lurk.images.groups import SPLIT_NAMES, class_groups
from mkdocs_lurk.models.loading.label_map import NO_OUTPUT
from mkdocs_lurk.named_warnings import WarningRecord
from mkdocs_lurk.records.evaluation_record import EvaluationRecord, LabelTarget, OutputKind
from mkdocs_lurk.records.model_record import Skipped
from mkdocs_lurk.records.record_format import round_floats, round_significant
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.warnings import chance_warning, class_order_warning, training_warning

_SHOWN_PREDICTIONS = 3


class Evaluation(AfterResponses):
    """Compares the outputs that were kept with the responses with the right ones; computes nothing of its own."""

    name = "evaluation"

    def collect(self, draft: RecordDraft) -> None:
        """Write each picture's predictions, and the evaluation; warn of accuracies that say little."""
        rows = self._responses.found.outputs
        if rows is not None:
            self._write_predictions(rows, draft)
        draft.evaluation = evaluation = self._evaluate(rows)
        if "skipped" in evaluation:
            return
        n_right = round(evaluation["top1"] * evaluation["n"])
        chance = chance_warning(n_right, evaluation["n"], self.session.rehearsed.n_outputs)
        training = training_warning(evaluation["split"], evaluation["n"])
        warnings = (chance, training, self._order_warning(rows))
        draft.warnings += [warning for warning in warnings if warning is not None]

    def _order_warning(self, rows: OutputRows | None) -> WarningRecord | None:
        """Return the warning that predictions speak against the order in which the outputs' names were assumed."""
        classes = self.session.rehearsed.classes
        if rows is None or not classes.are_assumed:
            return None
        known = rows.select((rows.targets != NO_OUTPUT) & rows.is_finite)
        predicted = zip(known.targets.tolist(), known.best[:, 0].tolist(), strict=True)
        return class_order_warning(classes.names, list(predicted))

    def _write_predictions(self, rows: OutputRows, draft: RecordDraft) -> None:
        """Write the likeliest outputs of each picture by name, where they have names."""
        names = self.session.rehearsed.classes.names
        rows = rows.select(rows.is_finite)
        for image, best, shares in zip(rows.images, rows.best, rows.probabilities, strict=True):
            predictions = [
                (names[output], round_significant(share, 4))
                for output, share in zip(best, shares, strict=True)
                if names
            ]
            if predictions:
                draft.images[int(image)]["predictions"] = predictions[:_SHOWN_PREDICTIONS]

    def _evaluate(self, rows: OutputRows | None) -> EvaluationRecord | Skipped:
        rehearsed = self.session.rehearsed
        if rows is None:
            what = "a single number" if rehearsed.n_outputs == 1 else "something else"
            return {"skipped": f"the network gives {what} for a picture, and not a number for each class"}
        if not self.session.images.labels and not self.session.config.label_map:
            return {"skipped": "the pictures have no classes"}
        known = rows.select(rows.targets != NO_OUTPUT)
        if not len(known):
            return {"skipped": "no class of the pictures is known to be an output; label_map can say which is"}
        finite = known.select(known.is_finite)
        if not len(finite):
            return {"skipped": "the outputs for all pictures hold NaN or infinity"}
        return self._evaluate_rows(finite, len(known) - len(finite))

    def _evaluate_rows(self, rows: OutputRows, not_finite: int) -> EvaluationRecord:
        """Evaluate pictures with finite outputs whose right output is known."""
        n, predicted = len(rows), rows.best[:, 0]
        classes = evaluate_classes(rows.targets, predicted, self.session.rehearsed.classes.names)
        places = {one["output"]: place for place, one in enumerate(classes)}
        right, guess = (
            np.array([places[output] for output in column.tolist()]) for column in (rows.targets, predicted)
        )
        confusions = count_confusions(right, guess)
        kind = self._output_kind(rows)
        confidence = rows.probabilities[:, 0].astype(np.float64)
        is_one_choice = kind != "independent"
        record: EvaluationRecord = {
            "n": n,
            "top1": _share_within(rows.rank, 1),
            "top1_interval": _interval(rows.rank, 1),
            "split": self._split(),
            "outputs": kind,
            "labels": self._labels(),
            "not_finite": not_finite,
            "macro": mean_scores(classes, weighted=False),
            "weighted": mean_scores(classes, weighted=True),
            "classes": classes,
            "groups": evaluate_groups(rows.targets, predicted, self._outputs_of_groups()),
            "confusions": confusions,
            "order": order_by_confusion(confusions, len(classes)),
            "calibration": calibration(rows) if is_one_choice else None,
            "coverage": risk_coverage(confidence, rows.rank == 0) if is_one_choice else None,
            "pictures": [
                (image, own, taken, sure)
                for image, own, taken, sure in zip(
                    rows.images.tolist(), right.tolist(), guess.tolist(), confidence.tolist(), strict=True
                )
            ],
        }
        if self.session.rehearsed.n_outputs > 5:
            record["top5"], record["top5_interval"] = _share_within(rows.rank, 5), _interval(rows.rank, 5)
        return round_floats(record)

    def _output_kind(self, rows: OutputRows) -> OutputKind:
        if self.session.rehearsed.are_probabilities:
            return "probabilities"
        return "independent" if rows.are_shares.all() else "logits"

    def _labels(self) -> list[LabelTarget]:
        """Count the pictures by label and the output that they stand for, in order; also those not read."""
        rehearsed, entries = self.session.rehearsed, self.session.images.entries
        names = rehearsed.classes.names
        counts = Counter(
            (entry.label, None if target == NO_OUTPUT else names[target])
            for entry, target in zip(entries, rehearsed.targets, strict=True)
        )
        rows = [(label, output, count) for (label, output), count in counts.items()]
        places = {label: place for place, label in enumerate(self.session.images.labels)}
        return sorted(rows, key=lambda row: (places.get(row[0] or "", len(places)), row[1] is None, row[1] or ""))

    def _outputs_of_groups(self) -> Mapping[str, list[int]]:
        """Return the outputs of each group of classes, which the group names by themselves or by labels."""
        session = self.session
        classes, entries = session.rehearsed.classes, session.images.entries
        of_labels: dict[str, set[int]] = {}
        for entry, target in zip(entries, session.rehearsed.targets, strict=True):
            if entry.label is not None and target != NO_OUTPUT:
                of_labels.setdefault(entry.label, set()).add(target)
        of_names = classes.by_word
        groups = class_groups(session.config, entries)
        return {
            name: sorted(set().union(*(of_labels.get(one) or of_names.get(one, []) for one in members)))
            for name, members in groups.items()
        }

    def _split(self) -> str | None:
        """Return the part of a dataset that the pictures are, as the author calls it; None if nothing says so."""
        config = self.session.config
        if config.images_detail.split is not None:
            return config.images_detail.split
        last = Path(config.images).name
        return last if not is_reference(config.images) and last.lower() in SPLIT_NAMES else None


def _share_within(rank: NDArray[np.int64], k: int) -> float:
    return float((rank < k).mean())


def _interval(rank: NDArray[np.int64], k: int) -> list[float]:
    return list(wilson_interval(int((rank < k).sum()), len(rank)))
