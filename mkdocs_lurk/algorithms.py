"""The version of every kind of result: raised whenever a change of the code changes what is computed.

A version is part of the keys of that result's units, so that they are computed anew, and part of the key of every
declaration, so that a build notices without torch.
"""

from __future__ import annotations

from typing import Final

VERSIONS: Final = {
    "responses": 5,
    "gradients": 10,
    "photos": 1,
    "syntheses": 4,
    "verification": 5,
    "connections": 7,
    "effect": 1,
    "ablation": 1,
    "facets": 1,
    "circuits": 1,
    "tuning": 1,
    "twin": 2,
    "live": 1,
    "latency": 1,
    "records": 13,  # what is derived from stored units when records are written: statistics, evaluation, notes
}
