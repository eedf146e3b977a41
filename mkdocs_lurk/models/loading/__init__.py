"""Load a network and its weights: from torchvision, a factory or an archive."""
