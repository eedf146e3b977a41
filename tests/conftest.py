from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True)
if os.environ.get("CI"):  # a submission is judged by the same examples every time; by hand, new ones are tried
    settings.load_profile("steady")
