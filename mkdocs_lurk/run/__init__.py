"""Join loading, analysis and store: which results are missing, in what order they are computed, by which process."""
