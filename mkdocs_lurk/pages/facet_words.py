"""What pages say, without JavaScript, of the kinds of a filter's crops."""

from __future__ import annotations

from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.records.model_record import FilterRecord


def kinds_of_crops(item: FilterRecord) -> str:
    """Say of how many kinds a filter's crops are, each with its commonest class; empty if they were not divided."""
    facets = item.get("facets")
    if facets is None:
        return ""
    if not is_computed(facets):
        return "-"
    groups = [f"{group['n']} {group.get('classes', [('', 0)])[0][0]}".strip() for group in facets["groups"]]
    return f"{len(groups)}: {', '.join(groups)}" if groups else "not divided"
