"""The network's structure as a graph to draw."""
