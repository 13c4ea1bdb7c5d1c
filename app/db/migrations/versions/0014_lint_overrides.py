"""Texts that the linter stopped and a person sent all the same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import app.db.columns

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lint_override",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", app.db.columns.Instant(), nullable=False),
        sa.Column("received_at", app.db.columns.Instant(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("findings", app.db.columns.Json(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_index("lint_override_recent", "lint_override", ["shop_id", "at"])


def downgrade() -> None:
    op.drop_index("lint_override_recent", "lint_override")
    op.drop_table("lint_override")
