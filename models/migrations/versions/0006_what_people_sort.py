"""Filters, lists and tags that people keep for themselves. Only adds: the code before it runs beside the new tables."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Nothing yet."""
