"""Serve: the MkDocs plugin."""
