"""Load networks, and find out what is in them: layers, edges, receptive fields."""
