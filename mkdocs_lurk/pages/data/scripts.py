"""What all data scripts share: their frame, lists of sheets, numbers of labels, and rounded scores.

The front end's data are classic scripts, since pages opened from disk may load nothing else. Scores have five digits
there; ``results.json`` has them all.
"""

from __future__ import annotations

from mkdocs_lurk.pages.data.results_json import compact_json, relative_address
from mkdocs_lurk.pages.data.script_records import PackedPicture
from mkdocs_lurk.pages.pictures.sheets import SheetRegion
from mkdocs_lurk.pages.published_model import LabelPlaces

NO_LABEL = -1


def data_script(key: str, value: object) -> str:
    """Return a classic script that leaves a value under a key of ``window.lurkData``."""
    return f"(window.lurkData||={{}})[{compact_json(key)}]={compact_json(value)};\n"


class SheetList:
    """The sheets that one script names, in the order of their first use.

    Args:
        slug: The layer whose folder the script is in; empty for the model's folder.
    """

    def __init__(self, slug: str = "") -> None:
        self._slug = slug
        self.names: list[str] = []

    def pack(self, region: SheetRegion) -> PackedPicture:
        """Return a picture as scripts have it, and add its sheet to the list."""
        name = relative_address(region.src, self._slug)
        if name not in self.names:
            self.names.append(name)
        return [self.names.index(name), *region.rect]

    def pack_optional(self, region: SheetRegion | None) -> PackedPicture | None:
        """Return a picture as scripts have it; None if there is none."""
        return None if region is None else self.pack(region)


def label_place(labels: LabelPlaces, label: str | None) -> int:
    """Return a label's place; -1 for None and for a label that no photo has."""
    return NO_LABEL if label is None else labels.get(label, NO_LABEL)
