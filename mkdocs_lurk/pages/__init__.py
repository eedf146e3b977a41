"""Show: pages and files made from stored results, for any site generator."""
