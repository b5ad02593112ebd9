"""`python -m server` is `kontor`."""

from server.cli import main

if __name__ == "__main__":
    main()
