"""The MkDocs plugin; nothing else imports MkDocs."""

from mkdocs_lurk.plugin.plugin import LurkPlugin

__all__ = ["LurkPlugin"]
