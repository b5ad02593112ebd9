"""What each endpoint promises, one room a file."""
