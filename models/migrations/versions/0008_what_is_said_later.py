"""Posts for later, announcements, and what a post is marked with. Only adds: the code before it runs beside the new tables."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Nothing yet."""
