"""The stages of an analysis, one module each, all of one protocol."""
