"""The folder, weights and photos of a run of the benchmarks, and sessions opened on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mkdocs_lurk.config.options import LurkConfig
from mkdocs_lurk.config.parsing import from_mapping
from mkdocs_lurk.run.pipeline import run_stages
from mkdocs_lurk.run.progress import SilentProgress
from mkdocs_lurk.run.ranks import Ranks
from mkdocs_lurk.run.session import Session, open_session
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.store import Store

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "assets" / "demo"


@dataclass(frozen=True)
class Workspace:
    """What every benchmark needs.

    Attributes:
        folder: A folder to write to, empty at first.
        weights: VGG16's weights; None for random ones.
        photos: A folder of photos.
        shared: Measurements that several rows use, by name.
    """

    folder: Path
    weights: Path | None
    photos: Path
    shared: dict[str, Any]

    def vgg(self, name: str = "vgg16", precision: str = "auto", cache: str = "cache", **model: Any) -> LurkConfig:
        """Declare VGG16; a row that must start from an empty cache names its own."""
        declared = {
            "name": name,
            "source": "tests.benchmarks.networks:Vgg16",
            "weights": str(self.weights or "none"),
            "images": str(self.photos),
            **model,
        }
        plugin = {"device": "cpu", "precision": precision, "cache_dir": cache}
        return from_mapping({"models": [declared], **plugin}, self.folder)


def open_first_model(config: LurkConfig, ranks: Ranks | None = None) -> Session:
    """Open a session on the first declared model."""
    store = Store(config.cache_dir)
    return open_session(config, config.models[0], store, SilentProgress(), ranks or Ranks())


def responses_of_all_pictures(session: Session) -> Responses:
    """Measure the responses to all pictures, or read them from the store; returns the complete stage."""
    responses = Responses(session)
    run_stages(session.runner, [responses])
    return responses
