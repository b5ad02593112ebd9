"""Whose posts there are, and of which group, stands in an index together with all that says who sees them, so that to
count them need not read them. Takes a second for a hundred thousand posts; the code before it runs beside it.
"""

from alembic import op

revision = "0012"
down_revision = "0011"

_SEEN_BY = ("boost_of_id", "deleted_at", "removed_at", "created_at")


def upgrade() -> None:
    op.create_index("ix_posts_of_author", "posts", ["author_id", "id", "visibility", "group_id", *_SEEN_BY])
    op.create_index("ix_posts_of_group", "posts", ["group_id", "id", "visibility", "author_id", *_SEEN_BY])
    op.drop_index("ix_posts_author_id_id", "posts", if_exists=True)
    op.drop_index("ix_posts_group_id_id", "posts", if_exists=True)
