"""Gather what made a model's results: by which programs, in which number formats, and from what."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import torch

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.images.image_set import ImageSet
from mkdocs_lurk.records.provenance_record import EnvironmentRecord, ProvenanceRecord, UnitProvenance
from mkdocs_lurk.records.record_check import check_record
from mkdocs_lurk.run.environment import describe_environment
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.protocol import Stage
from mkdocs_lurk.store.keys import digest
from mkdocs_lurk.store.store import StoredUnit

_MAY_BE_ROUNDED = ("gradients", "syntheses")
"""Results whose passes may run in less than float32; scores never do."""


def gather_provenance(session: Session, stages: Sequence[Stage]) -> ProvenanceRecord:
    """Read from every unit what computed it; this process, which sums the units up, counts too."""
    environments = [describe_environment(session.network.device.type)]
    formats: dict[str, set[str]] = {}
    unrecorded = 0
    for stage in stages:
        for made in map(_made_by, _units(stage)):
            if made is None:
                unrecorded += 1
                continue
            formats.setdefault(stage.result or stage.name, set()).update(made["formats"])
            environments.append(_environment_of(made))
    distinct = {json.dumps(one, sort_keys=True): one for one in environments}
    return {
        "environments": [distinct[text] for text in sorted(distinct)],
        "precision": {result: sorted(names) for result, names in sorted(formats.items()) if names},
        "threads": session.threads,
        "seed": session.config.seed,
        "digests": {
            "weights": session.loaded.weights_digest,
            "transform": digest("transform", session.transform.identity),
            "pictures": _digest_pictures(session.images),
        },
        "unrecorded": unrecorded,
    }


def describe_rounding(provenance: ProvenanceRecord, fast_dtype: torch.dtype) -> list[str]:
    """Say which results were computed in bfloat16, as a sentence; nothing if none was, and only what is known.

    Args:
        provenance: What made the results.
        fast_dtype: The number format of passes that need not be in float32, in this run.
    """
    used: Mapping[str, list[str]] = provenance["precision"]
    rounded = [result for result in _MAY_BE_ROUNDED if "bfloat16" in used.get(result, ())]
    subjects = [result if used[result] == ["bfloat16"] else f"some {result}" for result in rounded]
    sentences = []
    if subjects:
        text = " and ".join(subjects)
        sentences.append(f"{text[:1].upper()}{text[1:]} were computed in bfloat16; every score is float32.")
    if provenance["unrecorded"] and fast_dtype != torch.float32:
        sentences.append("Of results from an earlier version it is not recorded whether they are bfloat16 or float32.")
    return sentences


def _units(stage: Stage) -> Iterator[StoredUnit]:
    return map(stage.fetch, stage.units)


def _made_by(unit: StoredUnit) -> UnitProvenance | None:
    """Return what computed a unit; None if that was not recorded, or is not what we write (a unit from elsewhere)."""
    try:
        return check_record(unit.record.get("made"), UnitProvenance, unit.key)
    except StoreError:
        return None


def _environment_of(made: Mapping[str, object]) -> EnvironmentRecord:
    return cast(EnvironmentRecord, {name: made[name] for name in EnvironmentRecord.__annotations__})


def _digest_pictures(images: ImageSet) -> str:
    return hashlib.sha256("".join(f"{entry.digest}\n" for entry in images.entries).encode()).hexdigest()
