"""Say how near a built site comes to what hosts publish: GitHub Pages takes 1 GB, Hugging Face 100,000 files."""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger("mkdocs.plugins.lurk")
MOST_BYTES = 1_000_000_000
MOST_FILES = 100_000
_NEAR = 0.8


def tell_of_limits(site_dir: Path, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES) -> None:
    """Log the size of a site from 80 % of a limit on, and warn above it."""
    size = files = 0
    for folder, _, names in os.walk(site_dir):
        files += len(names)
        size += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)  # noqa: PTH118 - many files
    for share, told in (
        (size / most_bytes, f"{size / 1e6:,.0f} MB; GitHub Pages publishes up to {most_bytes / 1e6:,.0f} MB"),
        (files / most_files, f"{files:,} files; a Space of Hugging Face should stay below {most_files:,}"),
    ):
        if share >= _NEAR:
            level = logging.WARNING if share > 1 else logging.INFO
            log.log(level, "the site has %s; fewer filters, or pictures: thumbnails, make it smaller", told)
