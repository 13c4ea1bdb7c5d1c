"""Service hours, roster, messages left while nobody was there, and what was said before to buyers who wait."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import app.db.columns

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("service_hours", "roster"):
        op.create_table(
            table,
            sa.Column("shop_id", sa.String(), nullable=False),
            sa.Column("body", sa.Text(), nullable=False),
            sa.Column("updated_at", app.db.columns.Instant(), nullable=False),
            sa.Column("updated_by", sa.String(), nullable=False),
            sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
            sa.PrimaryKeyConstraint("shop_id"),
        )
    op.create_table(
        "leave_message",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("event_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "event_id"),
        sqlite_with_rowid=False,
    )
    op.add_column("session", sa.Column("recap", app.db.columns.Json(), nullable=True))


def downgrade() -> None:
    op.drop_column("session", "recap")
    op.drop_table("leave_message")
    op.drop_table("roster")
    op.drop_table("service_hours")
