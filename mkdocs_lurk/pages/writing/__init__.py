"""What authors write around the generated pages: links, embedded filters and figures, and what is wrong in them."""
