"""The front end's schema declares exactly the fields that the data scripts hold, and agrees on what pixel art is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import is_typeddict

import pytest

from mkdocs_lurk.pages.data import live_records, matrix_records, quiz_records, script_records
from mkdocs_lurk.pages.pictures.sheets import PIXEL_ART_PX
from mkdocs_lurk.records import effect_record, graph_record, live_record, model_record, response_records
from tests.pages.schema import differences, interfaces, typed_dict_fields

FRONT_END = Path(__file__).parents[2] / "assets" / "gallery" / "src"
SCHEMA = FRONT_END / "data" / "schema"
TWINS = {
    "Ablation": effect_record.AblationRecord,
    "ChunkData": script_records.ChunkData,
    "Connection": script_records.ConnectionDetail,
    "ClassMeans": script_records.ClassMeansDetail,
    "Effect": effect_record.EffectRecord,
    "FilterColumns": script_records.FilterColumns,
    "FilterDetail": script_records.FilterDetail,
    "FilterStats": response_records.FilterStats,
    "Graph": graph_record.GraphRecord,
    "GraphGroup": graph_record.GraphGroup,
    "GraphNode": graph_record.GraphNode,
    "HistogramCounts": response_records.Histogram,
    "Label": response_records.LabelRecord,
    "LayerData": script_records.LayerData,
    "LayerField": script_records.LayerField,
    "LayerInfo": script_records.LayerFacts,
    "LayerLink": script_records.NeighbourLayer,
    "LiveData": live_records.LiveData,
    "LiveFacts": live_record.LiveFacts,
    "LiveFilter": live_records.LiveFilter,
    "LiveInput": live_records.LiveInput,
    "LiveLayer": live_records.LiveLayerData,
    "LiveNetwork": live_records.LiveNetwork,
    "LiveSamples": live_records.LiveSamples,
    "MatrixData": matrix_records.MatrixData,
    "ModelData": script_records.ModelData,
    "ModelImages": script_records.ModelImages,
    "ModelLayer": script_records.ModelLayer,
    "PicturesData": script_records.PicturesData,
    "QuizData": quiz_records.QuizData,
    "QuizLayer": quiz_records.QuizLayer,
    "QuizQuestion": quiz_records.QuizQuestion,
    "RangePicture": script_records.RangeDetail,
    "FacetCrop": script_records.FacetCropDetail,
    "FacetGroup": script_records.FacetGroupDetail,
    "Facets": script_records.FacetsDetail,
    "RankedMaximum": script_records.MaximumDetail,
    "RankedMean": script_records.MeanDetail,
    "ReceptiveField": model_record.ReceptiveFieldRecord,
    "Robustness": model_record.Robustness,
    "Selectivity": response_records.Selectivity,
    "Skipped": model_record.Skipped,
    "Synthesis": script_records.SynthesisDetail,
    "Tuning": response_records.TuningRecord,
    "TuningIndices": response_records.TuningIndices,
    "TuningShares": response_records.TuningShares,
    "Wiring": script_records.WiringDetail,
}
SOURCE = """
/** A comment; with: a colon. */
export interface Plain {
  always: readonly number[]; // why
  /** May be absent. */
  sometimes?: Pic | null;
}
"""


def test_the_front_end_declares_the_fields_of_the_scripts() -> None:
    typescript = interfaces("\n".join(path.read_text("utf-8") for path in sorted(SCHEMA.glob("*.ts"))))
    assert differences(typescript, {name: typed_dict_fields(kind) for name, kind in TWINS.items()}) == []


def test_every_type_of_the_scripts_has_a_twin() -> None:
    own = [kind for _, kind in inspect.getmembers(script_records, is_typeddict)]
    assert [
        kind.__name__ for kind in own if kind not in TWINS.values() and kind.__module__ == script_records.__name__
    ] == []


def test_both_sides_agree_on_the_size_of_pixel_art() -> None:
    sources = [path.read_text("utf-8") for path in FRONT_END.rglob("*.ts")]
    sizes = [size for source in sources for size in re.findall(r"\bPIXEL_ART_PX = (\d+);", source)]
    assert sizes == [str(PIXEL_ART_PX)]


def test_interfaces_are_read_with_what_may_be_absent() -> None:
    assert interfaces(SOURCE) == {"Plain": {"always": False, "sometimes": True}}


@pytest.mark.parametrize(
    "source",
    [
        "export interface Wide extends Plain {\n  more: number;\n}\n",
        "interface Private {\n  field: number;\n}\n",
        "export interface Nested {\n  inline: { field: number };\n}\n",
        "export interface Crowded {\n  one: number; two: number;\n}\n",
    ],
)
def test_an_interface_that_is_not_plain_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="plain"):
        interfaces(source)


@pytest.mark.parametrize(
    ("typescript", "python", "lines"),
    [
        ({"a": False}, {"a": False}, []),
        ({"a": False, "b": False}, {"a": False}, ["I.b: only in TypeScript"]),
        ({"a": False}, {"a": False, "b": True}, ["I.b: only in Python"]),
        ({"a": True}, {"a": False}, ["I.a: may be absent only in TypeScript"]),
        ({"a": False}, {"a": True}, ["I.a: may be absent only in Python"]),
    ],
)
def test_a_field_gained_or_lost_by_one_side_is_a_difference(
    typescript: dict[str, bool], python: dict[str, bool], lines: list[str]
) -> None:
    assert differences({"I": typescript}, {"I": python}) == lines


def test_an_interface_gained_or_lost_by_one_side_is_a_difference() -> None:
    assert differences({"I": {}, "J": {}}, {"I": {}, "K": {}}) == ["J: only in TypeScript", "K: only in Python"]
