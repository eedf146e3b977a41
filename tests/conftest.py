from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("steady", derandomize=True)
if os.environ.get("CI"):  # a submission is judged by the same examples every time; by hand, new ones are tried
    settings.load_profile("steady")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures that tests measured and do not judge: those recorded under the name ``figures``."""
    found = [
        value
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "figures"
    ]
    if found:
        terminalreporter.section("figures")
        for line in found:
            terminalreporter.line(line)
