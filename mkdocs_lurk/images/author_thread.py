"""The one thread in which an author's picture code runs: Datasets and transforms, from their factories to each call.

An open file has one offset, a database connection belongs to the thread that made it, and a random generator depends on
the order of its calls. One thread for everything, in the order in which the analysis asks, is right for all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

_NAME = "lurk-author"
_THREAD = ThreadPoolExecutor(1, thread_name_prefix=_NAME)


def submit_to_author(function: Callable[..., Result], *arguments: object) -> Future[Result]:
    """Queue a call behind those that were asked for before; submit from one thread, so that the order is fixed."""
    return _THREAD.submit(function, *arguments)


def call_author(function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function in the author's thread and return its result; what it raises is raised here."""
    if threading.current_thread().name.startswith(_NAME):
        return function(*arguments)
    return submit_to_author(function, *arguments).result()
