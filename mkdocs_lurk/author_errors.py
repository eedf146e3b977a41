"""What stands around everything that runs an author's code: PyTorch is there, and what the code raises is one line."""

from __future__ import annotations

import contextlib
import importlib
import logging
from collections.abc import Iterator

from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.config.references import authored_line
from mkdocs_lurk.errors import LurkError, ModelError, describe_error
from mkdocs_lurk.run.naming import naming

log = logging.getLogger("mkdocs.plugins.lurk")


def missing_torch() -> str:
    """Return why nothing can be analysed here, and what to do; empty where PyTorch and torchvision are installed."""
    try:
        for name in ("torch", "torchvision"):
            importlib.import_module(name)
    except ImportError as reason:
        if isinstance(reason, ModuleNotFoundError) and reason.name in ("torch", "torchvision"):
            return f"{reason.name} is not installed: pip install 'mkdocs-lurk[torch]'"
        return f"torch cannot be imported ({describe_error(reason)}): pip install 'mkdocs-lurk[torch]'"
    return ""


def require_torch(model: ModelConfig) -> None:
    """Check that a model can be analysed here.

    Raises:
        ModelError: torch or torchvision is not installed, or broken.
    """
    if why := missing_torch():
        raise ModelError(
            f"model {model.name!r} cannot be analysed here, since {why}; "
            "or take its results from another machine with 'mkdocs-lurk bundle unpack'"
        )


@contextlib.contextmanager
def author_errors(model: ModelConfig) -> Iterator[None]:
    """Say in one line what an author's code raises, and let it not end the process.

    ``sys.exit(0)`` in a forward pass would look like success. An exception that no code of the author's is behind is a
    mistake of ours, and stays what it is; so does Ctrl-C.

    Raises:
        ModelError: Code of the author's raised an exception, or memory ran out.
    """
    try:
        with naming(model):
            yield
    except (LurkError, KeyboardInterrupt):
        raise
    except Exception as reason:
        if isinstance(reason, MemoryError) or "DefaultCPUAllocator" in str(reason):  # torch's is a RuntimeError
            raise ModelError(
                f"model {model.name!r}: memory ran out, what was stored stays; use smaller pictures or another machine"
            ) from reason
        place = authored_line(reason, model.root)
        if place is None:
            raise
        log.debug("model %s: what its code raised", model.name, exc_info=reason)
        raise ModelError(
            f"model {model.name!r}: its code raised {describe_error(reason)} ({place}); mend the code and run "
            "again, what was stored stays"
        ) from reason
    except BaseException as reason:
        raise ModelError(
            f"model {model.name!r}: the code of its network, pictures or transform ended the analysis "
            f"({describe_error(reason)}); let it raise an error instead"
        ) from reason
