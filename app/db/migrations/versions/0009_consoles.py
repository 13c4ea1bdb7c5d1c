"""Consoles that a shop uses, with what it set for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import app.db.columns

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "console",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("adapter", sa.String(), nullable=False),
        sa.Column("settings", app.db.columns.Json(), nullable=False),
        sa.Column("updated_at", app.db.columns.Instant(), nullable=False),
        sa.Column("cursor", sa.String(), nullable=False),
        sa.Column("pull_token", sa.String(), nullable=False),
        sa.Column("pull_due_at", app.db.columns.Instant(), nullable=True),
        sa.Column("pull_failures", sa.Integer(), nullable=False),
        sa.Column("pull_error", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "adapter"),
    )
    op.create_index(
        "console_pull_due",
        "console",
        ["pull_due_at"],
        sqlite_where=sa.text("pull_due_at IS NOT NULL"),
        postgresql_where=sa.text("pull_due_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("console")
