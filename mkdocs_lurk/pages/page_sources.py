"""Which modules outside this folder shape a page: a change in one of them makes the pages anew."""

from __future__ import annotations

OTHER_SOURCES = (
    "addresses.py",
    "class_labels.py",
    "limits.py",
    "named_warnings.py",
    "names.py",
    "text.py",
    "yaml_text.py",
    "analysis/cka.py",
    "analysis/matching.py",
    "analysis/mcnemar.py",
    "config/compare.py",
    "config/live.py",
    "config/names.py",
    "config/pictures.py",
    "images/webp.py",
    "records/circuit_record.py",
    "records/comparison_record.py",
    "records/cost_record.py",
    "records/effect_record.py",
    "records/evaluation_record.py",
    "records/graph_record.py",
    "records/input_record.py",
    "records/live_check.py",
    "records/live_record.py",
    "records/model_record.py",
    "records/provenance_record.py",
    "records/record_format.py",
    "records/response_records.py",
    "records/results_records.py",
    "records/twin_record.py",
    "run/comparison.py",
    "run/stored_responses.py",
)
"""Paths in the package."""
