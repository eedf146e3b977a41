"""Try hostile inputs on every channel by hypothesis, from a seed of its own: ``python -m tests.fuzz [--seed N]``.

A failure is shrunk by hypothesis, and printed with the seed that finds it again.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.channels import CHANNELS
from tests.fuzz.counts import Outcome, describe
from tests.fuzz.sites import Sites


def main() -> int:
    """Try all channels, or those that are named; returns 1 if any of them failed."""
    parser = argparse.ArgumentParser(description="Try hostile inputs on every channel.")
    parser.add_argument("channels", nargs="*", choices=[*CHANNELS, []], help="by default all")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="by default one that is drawn")
    parser.add_argument("--inputs", type=int, default=400, help="per channel; default: %(default)s")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    failed, outcomes = [], []
    with tempfile.TemporaryDirectory() as folder:
        sites = Sites(Path(folder) / "sites")
        for channel in options.channels or CHANNELS:
            print(f"{channel}: seed {options.seed}", flush=True)
            try:
                try_channel(channel, options.seed, options.inputs, sites, outcomes)
            except BaseException as error:  # whatever an input raised is the finding
                if isinstance(error, KeyboardInterrupt):
                    raise
                traceback.print_exc()
                failed.append(f"{channel} failed; again by: python -m tests.fuzz {channel} --seed {options.seed}")
    print("\n".join([*describe(outcomes), *failed]))
    return 1 if failed else 0


def try_channel(channel: str, from_seed: int, inputs: int, sites: Sites, outcomes: list[Outcome]) -> None:
    """Let hypothesis draw inputs; the first that does harm is raised, as small as it could be made."""

    @seed(from_seed)
    @settings(
        max_examples=inputs,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=False))
    def attack(random: Random) -> None:
        root = Path(tempfile.mkdtemp(dir=sites.folder.parent))
        try:
            watch = CHANNELS[channel](random, root / "site", sites)
        finally:
            shutil.rmtree(root)
        outcomes.append((channel, "refused" if watch.refused else "accepted", watch.seconds))

    attack()


if __name__ == "__main__":
    sys.exit(main())
