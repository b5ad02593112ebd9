"""Videos and sounds. Only adds: the code before it runs beside the new columns."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("media", sa.Column("state", sa.String(24), nullable=False, server_default="ready"))
    op.add_column("media", sa.Column("raw_file", sa.Text(), nullable=True))
    op.add_column("media", sa.Column("attempts", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("media", sa.Column("failure", sa.JSON(), nullable=True))
    op.add_column("media", sa.Column("duration", sa.Double(), nullable=True))
    op.add_column("media", sa.Column("frame_rate", sa.Text(), nullable=True))
    op.add_column("media", sa.Column("bitrate", sa.BigInteger(), nullable=True))
    op.add_column("media", sa.Column("remote_preview_url", sa.Text(), nullable=True))
    op.create_index(
        "ix_media_waiting",
        "media",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
