"""Which filters of earlier layers each input channel of a layer carries."""
