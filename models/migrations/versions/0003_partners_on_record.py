"""What is written down about a partner. Only adds: the code before it runs beside the new columns."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("partners") as partners:
        partners.add_column(sa.Column("contact", sa.Text(), server_default="", nullable=False))
        partners.add_column(sa.Column("note", sa.Text(), server_default="", nullable=False))
        partners.add_column(sa.Column("sends_files", sa.Boolean(), server_default=sa.text("true"), nullable=False))
