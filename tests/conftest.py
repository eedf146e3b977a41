from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.fuzz.counts import describe

settings.register_profile("steady", derandomize=True)
if os.environ.get("CI"):  # a submission is judged by the same examples every time; by hand, new ones are tried
    settings.load_profile("steady")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests measured and do not judge, and the counts of hostile inputs."""
    passed = [pair for report in terminalreporter.getreports("passed") for pair in report.user_properties]
    sections = {
        "figures": [str(value) for name, value in passed if name == "figures"],
        "hostile inputs": describe([value for name, value in passed if name == "fuzz"]),
    }
    for title, lines in sections.items():
        if lines:
            terminalreporter.section(title)
            for line in lines:
                terminalreporter.line(line)
