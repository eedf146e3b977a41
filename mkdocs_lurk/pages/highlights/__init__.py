"""The filters that are worth seeing first: five from edge to object, the network on one screen, and rare finds."""
