"""Alembic asks for this file; `models.migrations.upgrade` configures everything itself."""

from alembic import context

context.run_migrations()
