"""Whom and what the example pages show."""
