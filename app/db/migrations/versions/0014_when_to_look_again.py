"""When to look at a session's rating advice again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import app.db.columns

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session", sa.Column("look_at", app.db.columns.Instant(), nullable=True))
    op.create_index(
        "session_look",
        "session",
        ["look_at"],
        sqlite_where=sa.text("look_at IS NOT NULL"),
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("session_look", table_name="session")
    op.drop_column("session", "look_at")
