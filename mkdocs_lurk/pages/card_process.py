"""Read a card in a process of its own, which has an end: in time, in memory and in what it gives.

Markdown has no bound by size. Some texts of a few thousand characters take Python-Markdown minutes, others overflow its
stack, and a regular expression cannot be stopped inside a process.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from mkdocs_lurk.errors import ConfigError, describe_error
from mkdocs_lurk.limits import MOST_CARD_MEMORY, MOST_CARD_SECONDS, MOST_CARD_WAIT
from mkdocs_lurk.pages.card import Card, parse_card

_CHILD = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from mkdocs_lurk.pages.card_process import main
main()
"""


def read_card(text: str, path: Path, model: str, *, anonymous: bool = False) -> Card:
    """Split a card into its text and the rows of its metadata, in a process of its own.

    Args:
        text: The card.
        path: Its file, for messages.
        model: The name of its model.
        anonymous: Leave out the metadata that may tell who made the model.

    Raises:
        ConfigError: It cannot be read, takes too long or too much memory, or makes more than a page can hold.
    """
    file = path.name
    command = [sys.executable, "-c", _CHILD, json.dumps(sys.path)]
    question = json.dumps([MOST_CARD_SECONDS, text, file, model, anonymous]).encode()
    try:
        child = subprocess.run(command, input=question, capture_output=True, timeout=MOST_CARD_WAIT, check=False)  # noqa: S603 - our own code
    except subprocess.TimeoutExpired:
        child = None
    if child is None or -child.returncode == getattr(signal, "SIGXCPU", None):  # Windows has no such signal
        raise ConfigError(
            f"{file}: it takes more than {MOST_CARD_SECONDS} s of a processor to render; look for runs of brackets, "
            "tables of many thousand cells, and HTML that is not closed"
        )
    if child.returncode != 0:
        raise ConfigError(f"{file}: it cannot be rendered (exit code {child.returncode}); make it simpler")
    answer = json.loads(child.stdout)
    if "refused" in answer:
        raise ConfigError(answer["refused"])
    rows = tuple((label, value) for label, value in answer["rows"])
    return Card(answer["lead"], answer["rest"], rows, tuple(answer["missing"]))


def main() -> None:
    """Answer the question on standard input, in the child process: the card's parts, or why it is refused."""
    seconds, text, file, model, anonymous = json.loads(sys.stdin.buffer.read())
    with contextlib.suppress(ImportError, ValueError, OSError):  # neither on Windows nor on macOS
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_CARD_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        answer: dict[str, object] = asdict(parse_card(text, file, model, anonymous=anonymous))
    except ConfigError as reason:
        answer = {"refused": str(reason)}
    except MemoryError:
        answer = {"refused": f"{file}: it takes more than {MOST_CARD_MEMORY // 10**6:,} MB to render; make it simpler"}
    except RecursionError:
        answer = {"refused": f"{file}: lists, quotes or elements are too deep inside each other; make it simpler"}
    except Exception as reason:  # Python-Markdown may raise anything
        answer = {"refused": f"{file}: it cannot be rendered ({describe_error(reason)}); make it simpler"}
    sys.stdout.buffer.write(json.dumps(answer).encode())
