"""What each operation does to intervals, one module a family of operations."""
