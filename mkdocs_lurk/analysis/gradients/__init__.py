"""Gradients of filters with respect to pictures: guided backpropagation, deconvolution, saliency.

``engine.GradientEngine`` is the entry point: it takes requests (a filter, a picture, a unit or the mean) and yields
their gradients.

- ``relu_rules``: the papers' rules, set as hooks on an autograd graph.
- ``single``: the plain definition, a forward and a backward pass for each gradient.
- ``recording``, ``replay``: one forward pass in float32, from which the backward passes of many scores are computed, in
  float32 or bfloat16. ``batch`` says what was recorded for each row of a batch, ``backward_ops`` are the operations
  that return it, ``placeholders`` stand for outputs that are not needed.
- ``methods``: chooses the cheapest of these ways that gives the gradients of single passes.
- ``input_windows``: the part of a picture that suffices for a unit with a small receptive field.
- ``requests``: what goes into the engine and comes out of it.
"""
