"""What the author declared in ``mkdocs.yml``, checked and made ready for the rest of the package."""
