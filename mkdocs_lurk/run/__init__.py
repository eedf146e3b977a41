"""Join loading, looking and keeping: what is missing, in what order, by whom, and how long it will take."""
