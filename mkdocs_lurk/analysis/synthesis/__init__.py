"""Feature visualisation by gradient ascent: the picture that excites a filter most."""
