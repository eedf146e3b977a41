"""What a benchmark is given: weights and photos, a folder to work in, and sessions made from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.run.pipeline import open_session
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.responses import Findings, merge, mine_shard, shards
from mkdocs_lurk.store import Store

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "assets" / "demo"


@dataclass(frozen=True)
class Setting:
    """What the rows are measured with.

    Attributes:
        folder: Where to write; empty at first.
        weights: VGG16's weights; random ones where None.
        photos: A folder of photos.
        memory: Findings of earlier rows, which need not be found again.
    """

    folder: Path
    weights: Path | None
    photos: Path
    memory: dict[str, Any]

    def vgg(self, name: str = "vgg16", precision: str = "auto", cache: str = "cache", **model: Any) -> LurkConfig:
        """Declare VGG16, with a cache of its own where a row must find nothing done."""
        declared = {
            "name": name,
            "source": "tests.benchmarks.networks:Vgg16",
            "weights": str(self.weights or "none"),
            "images": str(self.photos),
            **model,
        }
        plugin = {"device": "cpu", "precision": precision, "cache_dir": cache}
        return from_mapping({"models": [declared], **plugin}, self.folder)


def opened(config: LurkConfig, ranks: Ranks | None = None) -> Session:
    """Load the first declared model."""
    store = Store(config.cache_dir)
    return open_session(config, config.models[0], store, SilentProgress(), ranks or Ranks())[0]


def mined(session: Session) -> Findings:
    """Look at all pictures, or take what the store has."""
    units = shards(session)
    session.run_units("mining", units, mine_shard)
    return merge(session, units)
