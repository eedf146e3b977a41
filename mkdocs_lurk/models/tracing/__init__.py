"""Trace one forward pass: its operations, its layer calls, and the layers found in it."""
