"""Say on a model's page what made its results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mkdocs_lurk.pages.formatting import plural
from mkdocs_lurk.records.provenance_record import EnvironmentRecord, ProvenanceRecord

NOT_RECORDED = "not recorded: an earlier version made these results"
_PROGRAMS = (
    ("mkdocs-lurk", "mkdocs_lurk"),
    ("torch", "torch"),
    ("torchvision", "torchvision"),
    ("Python", "python"),
    ("NumPy", "numpy"),
    ("Pillow", "pillow"),
)
_DEVICES = {"cpu": "the CPU", "cuda": "a GPU (CUDA)", "mps": "a GPU (MPS)"}
_DIGESTS = (("Weights", "weights"), ("Transform", "transform"), ("Pictures", "pictures"))


class ProvenanceRow(NamedTuple):
    """A line of the folded list; ``values`` are shown one below the other, as code if they are digests."""

    label: str
    values: tuple[str, ...]
    is_digest: bool = False


def provenance_rows(record: ProvenanceRecord | None) -> tuple[ProvenanceRow, ...]:
    """Describe what made a model's results.

    Args:
        record: What was recorded; None where an earlier version recorded nothing.
    """
    if record is None:
        return (ProvenanceRow("Made with", (NOT_RECORDED,)),)
    made = [_environment(one) for one in record["environments"]]
    if record["unrecorded"]:
        made.append(f"{plural(record['unrecorded'], 'unit')} of work: {NOT_RECORDED}")
    rows = [ProvenanceRow("Made with", tuple(made))]
    if record["precision"]:
        formats = [f"{result}: {_joined(names)}" for result, names in record["precision"].items()]
        rows.append(ProvenanceRow("Number formats", tuple(formats)))
    if record["threads"] is not None:
        rows.append(ProvenanceRow("Threads", (f"{record['threads']:,} per process",)))
    rows.append(ProvenanceRow("Seed", (str(record["seed"]),)))
    digests: dict[str, str] = {**record["digests"]}  # type: ignore[dict-item]
    rows += [ProvenanceRow(label, (digests[name],), True) for label, name in _DIGESTS if digests.get(name)]
    return tuple(rows)


def _environment(environment: EnvironmentRecord) -> str:
    versions = [f"{label} {environment[name]}" for label, name in _PROGRAMS]  # type: ignore[literal-required]
    device = environment["device"]
    return f"{', '.join(versions)}; on {_DEVICES.get(device, device)}"


def _joined(names: Sequence[str]) -> str:
    return " and ".join(names)
