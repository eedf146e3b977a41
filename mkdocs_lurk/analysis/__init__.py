"""Look at a network: one module a result, tensors in, plain records out."""
