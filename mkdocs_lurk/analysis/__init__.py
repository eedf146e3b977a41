"""Analyse a network: one module per result, tensors in, plain records out."""
