"""Every figure of the evaluation equals scikit-learn's, with ties, absent classes, one class and outputs of NaN."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.calibration import calibration_curve

from mkdocs_lurk.analysis.calibration import (
    LEAST_PICTURES,
    best_temperature,
    calibration,
    expected_calibration_error,
    reliability_bins,
    risk_coverage,
)
from mkdocs_lurk.analysis.evaluation import (
    count_confusions,
    evaluate_classes,
    evaluate_groups,
    mean_scores,
    order_by_confusion,
    wilson_interval,
)
from mkdocs_lurk.analysis.outputs import OutputRows, are_probabilities, reduce_outputs

N_OUTPUTS = 8
NAMES = tuple("abcdefgh")


def make(kind: str, n: int = 300) -> tuple[torch.Tensor, NDArray[np.int64]]:
    """Outputs ``(n, 8)`` and right outputs ``(n,)``."""
    random = np.random.default_rng(5)
    targets = random.integers(0, N_OUTPUTS, n)
    if kind == "absent classes":
        targets %= 3  # of others there are predictions alone
    if kind == "one class":
        targets[:] = 2
    outputs = random.normal(size=(n, N_OUTPUTS)) * 3
    outputs[np.arange(n), targets] += 2.5
    if kind == "ties":
        outputs = np.round(outputs / 4)
    if kind == "always right":
        outputs[np.arange(n), targets] += 100
    return torch.tensor(outputs, dtype=torch.float32), targets


KINDS = ("usual", "ties", "absent classes", "one class", "always right")


def reduced(outputs: torch.Tensor, targets: NDArray[np.int64]) -> OutputRows:
    return reduce_outputs(outputs, range(len(targets)), targets.tolist())


@pytest.mark.parametrize("kind", KINDS)
def test_top_k_is_scikit_learns(kind: str) -> None:
    outputs, targets = make(kind)
    rows = reduced(outputs, targets)
    # of equal outputs scikit-learn prefers the last one, and we the first: columns are turned round for it
    turned, every = outputs.numpy()[:, ::-1], np.arange(N_OUTPUTS)
    for k in (1, 3, 5):
        expected = metrics.top_k_accuracy_score(N_OUTPUTS - 1 - targets, turned, k=k, labels=every)
        assert ((rows.rank >= 0) & (rows.rank < k)).mean() == pytest.approx(expected)
    assert (rows.best[:, 0] == outputs.argmax(1).numpy()).all()
    assert metrics.accuracy_score(targets, rows.best[:, 0]) == pytest.approx((rows.rank == 0).mean())


@pytest.mark.parametrize("kind", KINDS)
def test_the_scores_of_classes_and_the_confusions_are_scikit_learns(kind: str) -> None:
    outputs, targets = make(kind)
    predicted = outputs.argmax(1).numpy()
    classes = evaluate_classes(targets, predicted, NAMES)
    labels = [one["output"] for one in classes]
    assert labels == sorted({*targets.tolist(), *predicted.tolist()})
    assert [one["name"] for one in classes] == [NAMES[output] for output in labels]
    expected = metrics.precision_recall_fscore_support(targets, predicted, labels=labels, zero_division=np.nan)
    for name, column in zip(("precision", "recall"), expected, strict=False):
        found = [np.nan if one[name] is None else one[name] for one in classes]  # type: ignore[literal-required]
        assert found == pytest.approx(column.tolist(), nan_ok=True)
    plain = metrics.precision_recall_fscore_support(targets, predicted, labels=labels, zero_division=0)
    assert [one["f1"] for one in classes] == pytest.approx(plain[2].tolist())
    assert [one["n"] for one in classes] == plain[3].tolist()
    present = sorted(set(targets.tolist()))
    for average, weighted in (("macro", False), ("weighted", True)):
        means = metrics.precision_recall_fscore_support(
            targets, predicted, labels=present, average=average, zero_division=0
        )
        assert list(mean_scores(classes, weighted=weighted).values()) == pytest.approx(list(means[:3]))
    matrix = np.zeros((N_OUTPUTS, N_OUTPUTS), int)
    for right, guess, count in count_confusions(targets, predicted):
        matrix[right, guess] = count
    assert (matrix == metrics.confusion_matrix(targets, predicted, labels=np.arange(N_OUTPUTS))).all()


@pytest.mark.parametrize("kind", KINDS)
def test_calibration_is_scikit_learns(kind: str) -> None:
    outputs, targets = make(kind)
    rows = reduced(outputs, targets)
    found = calibration(rows)
    assert found is not None
    probabilities = outputs.softmax(1).numpy().astype(np.float64)
    confidence, right = rows.probabilities[:, 0].astype(np.float64), rows.rank == 0
    share, mean = calibration_curve(right, confidence, n_bins=len(found["bins"]), strategy="quantile", pos_label=True)
    if len(share) == len(found["bins"]):  # scikit-learn leaves out empty bins, too
        assert [one["right"] for one in found["bins"]] == pytest.approx(share.tolist())
        assert [one["confidence"] for one in found["bins"]] == pytest.approx(mean.tolist())
    one_hot = np.eye(N_OUTPUTS)[targets]
    assert found["brier"] == pytest.approx(((probabilities - one_hot) ** 2).sum(1).mean(), abs=1e-6)
    assert found["brier"] == pytest.approx(
        metrics.brier_score_loss(one_hot, probabilities / probabilities.sum(1, keepdims=True), scale_by_half=False),
        abs=1e-6,
    )
    assert found["confidence"] == pytest.approx(probabilities.max(1).mean(), abs=1e-6)


def test_bins_of_tied_confidences_are_scikit_learns() -> None:
    random = np.random.default_rng(1)
    confidence, right = random.integers(1, 6, 400) / 5, random.random(400) < 0.6
    bins = reliability_bins(confidence, right, 15)
    share, mean = calibration_curve(right, confidence, n_bins=15, strategy="quantile")
    assert [one["right"] for one in bins] == pytest.approx(share.tolist())
    assert [one["confidence"] for one in bins] == pytest.approx(mean.tolist())
    by_value = [(confidence == value) for value in np.unique(confidence)]
    expected = sum(abs(right[one].mean() - confidence[one].mean()) * one.sum() for one in by_value) / 400
    assert expected_calibration_error(bins) == pytest.approx(expected)


@pytest.mark.parametrize("stretch", [0.4, 1.0, 1.5])
def test_the_temperature_has_the_lowest_log_loss_of_a_fine_grid(stretch: float) -> None:
    outputs, targets = make("usual")
    rows = reduced(stretch * outputs, targets)
    grid = np.geomspace(0.1, 10, 801)
    losses = [metrics.log_loss(targets, (stretch * outputs.double() / t).softmax(1).numpy()) for t in grid[::20]]
    coarse = grid[::20][int(np.argmin(losses))]
    near = grid[(grid > coarse / 1.13) & (grid < coarse * 1.13)]
    fine = [metrics.log_loss(targets, (stretch * outputs.double() / t).softmax(1).numpy()) for t in near]
    temperature = best_temperature(rows)
    assert temperature == pytest.approx(near[int(np.argmin(fine))], rel=0.01)
    found = calibration(rows)
    assert found is not None
    mended = (stretch * outputs / temperature).softmax(1).amax(1).double().numpy()
    bins = reliability_bins(mended, rows.rank == 0, len(found["bins"]))
    assert found["ece_at_temperature"] == pytest.approx(expected_calibration_error(bins), abs=5e-3)


def test_a_network_that_is_always_right_needs_no_temperature_and_few_pictures_tell_nothing() -> None:
    found = calibration(reduced(*make("always right")))
    assert found is not None
    assert (found["temperature"], found["ece_at_temperature"]) == (None, None)
    assert calibration(reduced(*make("usual", LEAST_PICTURES - 1))) is None


def test_outputs_of_nan_or_infinity_count_nowhere() -> None:
    outputs, targets = make("usual", 6)
    outputs[1, 3], outputs[4, 0] = torch.nan, torch.inf
    rows = reduced(outputs, targets)
    assert rows.is_finite.tolist() == [True, False, True, True, False, True]
    assert all(np.isfinite(column).all() for column in rows.to_arrays().values())
    assert (rows.rank[[1, 4]] == -1).all()
    kept = [0, 2, 3, 5]
    alone = reduced(outputs[kept], targets[kept])
    assert rows.select(rows.is_finite).rank.tolist() == alone.rank.tolist()


def test_probabilities_and_log_probabilities_give_the_figures_of_their_logits() -> None:
    outputs, targets = make("usual", 50)
    rows = reduced(outputs, targets)
    for other in (outputs.softmax(1), outputs.log_softmax(1)):
        probabilities = are_probabilities(other)
        again = reduce_outputs(other, range(50), targets.tolist(), probabilities=probabilities)
        for name in ("probabilities", "log_sums", "gap", "squares", "target_probability"):
            assert getattr(again, name) == pytest.approx(getattr(rows, name), abs=1e-4)
        assert (again.best == rows.best).all()
    assert are_probabilities(outputs.softmax(1))
    assert not are_probabilities(outputs.log_softmax(1))
    assert not are_probabilities(outputs.sigmoid())
    assert reduced(outputs.sigmoid(), targets).are_shares.all()
    assert not rows.are_shares.any()


@given(cut=st.integers(0, 20))
def test_rows_of_two_halves_are_those_of_the_whole(cut: int) -> None:
    outputs, targets = make("usual", 20)
    parts = [reduced(outputs[run], targets[run]) for run in (slice(cut), slice(cut, None)) if len(targets[run])]
    for name, column in OutputRows.join(parts).to_arrays().items():
        assert name == "images" or (column == getattr(reduced(outputs, targets), name)).all()


def test_risk_and_coverage_are_those_of_a_slow_twin() -> None:
    random = np.random.default_rng(3)
    confidence, right = random.integers(1, 30, 90) / 30, random.random(90) < 0.7
    curve = risk_coverage(confidence, right)
    for coverage, risk in curve["points"]:
        least = sorted(confidence, reverse=True)[round(coverage * 90) - 1]
        answered = confidence >= least
        assert coverage == pytest.approx(answered.mean())
        assert risk == pytest.approx(1 - right[answered].mean())
    risks = [1 - right[confidence >= least].mean() for least in sorted(confidence, reverse=True)]
    assert curve["area"] == pytest.approx(np.mean(risks))
    assert curve["points"][-1] == pytest.approx((1.0, 1 - right.mean()))


@pytest.mark.parametrize(("right", "n"), [(0, 5), (5, 5), (3, 10), (492, 1000)])
def test_wilsons_interval_holds_the_shares_whose_score_test_does_not_refuse(right: int, n: int) -> None:
    shares = np.linspace(0, 1, 100_001)[1:-1]
    score = np.abs(right / n - shares) / np.sqrt(shares * (1 - shares) / n)
    kept = shares[score <= 1.959964]
    assert wilson_interval(right, n) == pytest.approx((kept.min(), kept.max()), abs=2e-5)


def test_confused_classes_stand_together() -> None:
    pairs = [(place, place, 10) for place in range(6)] + [(0, 4, 5), (4, 0, 3), (1, 5, 4), (5, 2, 2), (2, 3, 1)]
    order = order_by_confusion(pairs, 7)
    assert sorted(order) == list(range(7))
    for a, b in ((0, 4), (1, 5), (5, 2), (2, 3)):
        assert abs(order.index(a) - order.index(b)) == 1
    assert order_by_confusion([], 3) == [0, 1, 2]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 5)), max_size=40))
def test_an_order_by_confusion_holds_every_class_once(confusions: list[tuple[int, int, int]]) -> None:
    assert sorted(order_by_confusion(confusions, 10)) == list(range(10))


def test_a_group_is_right_where_a_picture_is_taken_for_any_of_its_classes() -> None:
    targets, predicted = np.array([0, 1, 1, 2, 3]), np.array([1, 1, 2, 2, 0])
    found = evaluate_groups(targets, predicted, {"first": [0, 1], "rest": [2], "none": [7]})
    assert [(one["name"], one["n"], one["right"], one["top1"]) for one in found] == [
        ("first", 3, 2 / 3, 1 / 3),
        ("rest", 1, 1.0, 1.0),
    ]
    assert found[0]["interval"] == list(wilson_interval(2, 3))
