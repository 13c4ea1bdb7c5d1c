"""Channels to the shop's own people, what they are told, and the messages that told it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import app.db.columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_channel",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("settings", app.db.columns.Json(), nullable=False),
        sa.Column("created_at", app.db.columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_table(
        "alert",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("occasion", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("buyer", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=True),
        sa.Column("item_id", sa.String(), nullable=True),
        sa.Column("opened_at", app.db.columns.Instant(), nullable=True),
        sa.Column("deadline_at", app.db.columns.Instant(), nullable=True),
        sa.Column("at", app.db.columns.Instant(), nullable=False),
        sa.Column("due_at", app.db.columns.Instant(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_table(
        "alert_message",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("at", app.db.columns.Instant(), nullable=False),
        sa.Column("due_at", app.db.columns.Instant(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_index("alert_of_channel", "alert", ["shop_id", "channel", "state"])
    op.create_index("alert_recent", "alert", ["shop_id", "at"])
    op.create_index("alert_message_of_channel", "alert_message", ["shop_id", "channel", "at"])
    for table in ("alert", "alert_message"):
        op.create_index(
            f"{table}_due",
            table,
            ["due_at"],
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )


def downgrade() -> None:
    for table in ("alert_message", "alert", "alert_channel"):
        op.drop_table(table)
