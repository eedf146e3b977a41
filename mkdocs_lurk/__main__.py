"""``python -m mkdocs_lurk``, for ``torchrun -m``."""

from mkdocs_lurk.cli import main

if __name__ == "__main__":
    main()
