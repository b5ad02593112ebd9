"""Videos and sounds. Only adds: the code before it runs beside the new tables."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Nothing yet."""
