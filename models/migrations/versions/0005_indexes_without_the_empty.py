"""The indexes of boosts and answers anew, without the many posts that are neither; some databases have them already."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for column in ("boost_of_id", "reply_to_id"):
        is_there = sa.text(f"{column} IS NOT NULL")
        op.drop_index(f"ix_posts_{column}", "posts", if_exists=True)
        op.create_index(f"ix_posts_{column}", "posts", [column], sqlite_where=is_there, postgresql_where=is_there)
