"""Serve: the MkDocs plugin."""

from mkdocs_lurk.plugin.plugin import LurkPlugin

__all__ = ["LurkPlugin"]
