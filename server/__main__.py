"""`python -m server` is `kontor`."""

if __name__ == "__main__":
    from server.cli import main

    main()
