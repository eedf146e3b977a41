"""Load networks and analyse their structure: operations, layers, graph, receptive fields and connections."""
