"""Data files beside the pages: ``results.json`` for other programs, and data scripts for the front end."""
