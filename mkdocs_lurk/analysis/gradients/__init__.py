"""Gradients of a filter with respect to a picture, under the rules for ReLUs of the literature."""
