"""Mutes, notes, what somebody is told, and where it is pushed. Only adds: the code before it runs beside the new tables."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Nothing yet."""
