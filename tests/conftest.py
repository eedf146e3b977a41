from __future__ import annotations

import os
from collections.abc import Iterator
from types import CodeType
from typing import Any

import jinja2
import pytest
from hypothesis import settings
from jinja2.bccache import Bucket

from tests.fuzz.counts import describe

settings.register_profile("steady", derandomize=True)
if os.environ.get("CI"):  # a submission is judged by the same examples every time; by hand, new ones are tried
    settings.load_profile("steady")


class CompiledTemplates(jinja2.BytecodeCache):
    """The compiled form of every template that this process has used, by its file and its text."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._code[bucket.key, bucket.checksum] = bucket.code


@pytest.fixture(scope="session", autouse=True)
def compiled_templates() -> Iterator[None]:
    """Compile a theme's and the package's templates once, not in every build: that is a third of a small site's."""
    plain, kept = jinja2.Environment.__init__, CompiledTemplates()

    def init(environment: jinja2.Environment, *arguments: Any, **options: Any) -> None:
        plain(environment, *arguments, **{"bytecode_cache": kept, **options})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "__init__", init)
        yield


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
