"""What each operation does to intervals, one module per family of operations."""
