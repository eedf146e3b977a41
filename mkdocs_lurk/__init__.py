"""Publish what the filters of a convolutional network respond to, as pages of an MkDocs site."""

from __future__ import annotations

from mkdocs_lurk.errors import (
    ConfigError,
    DatasetError,
    ImageError,
    LayerError,
    LurkError,
    ModelError,
    ShapeError,
    StoreError,
)
from mkdocs_lurk.log import show_unseen
from mkdocs_lurk.names import Box, ImageId
from mkdocs_lurk.records.comparison_record import ComparisonRecord
from mkdocs_lurk.records.results_records import (
    FilterResult,
    ImageResult,
    LayerResults,
    LayerSummary,
    MaximumResult,
    MeanResult,
    ModelResults,
    Picture,
    SynthesisResult,
)
from mkdocs_lurk.results import Results, read, read_comparison

__version__ = "0.1.0"

show_unseen()

__all__ = [
    "Box",
    "ComparisonRecord",
    "ConfigError",
    "DatasetError",
    "FilterResult",
    "ImageError",
    "ImageId",
    "ImageResult",
    "LayerError",
    "LayerResults",
    "LayerSummary",
    "LurkError",
    "MaximumResult",
    "MeanResult",
    "ModelError",
    "ModelResults",
    "Picture",
    "Results",
    "ShapeError",
    "StoreError",
    "SynthesisResult",
    "__version__",
    "read",
    "read_comparison",
]
