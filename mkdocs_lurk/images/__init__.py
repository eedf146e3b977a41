"""List pictures, read them, transform them to the network's input, and encode those that pages show."""
