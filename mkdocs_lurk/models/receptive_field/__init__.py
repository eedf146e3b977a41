"""The receptive field of every unit of a layer, by interval arithmetic over the trace."""
