"""Who of those in charge looks after a report. Only adds: the code before it runs beside the new column."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("reports", sa.Column("keeper_id", sa.BigInteger(), nullable=True))
