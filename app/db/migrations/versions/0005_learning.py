"""Offers, verdicts on them, what they taught, and how much each phrase is used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import app.db.columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "offer",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("phrase_ids", app.db.columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "message"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "feedback",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("phrase_id", sa.String(), nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("reply", sa.String(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", app.db.columns.Instant(), nullable=False),
        sa.Column("received_at", app.db.columns.Instant(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=False),
        sa.Column("undone_at", app.db.columns.Instant(), nullable=True),
        sa.Column("undone_by", sa.String(), nullable=True),
        sa.Column("teaches", sa.Boolean(), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_index("feedback_of_phrase", "feedback", ["shop_id", "phrase_id", "at"])
    op.create_index("feedback_of_message", "feedback", ["shop_id", "about"])
    op.create_index("feedback_of_session", "feedback", ["shop_id", "session"])
    op.create_index(
        "feedback_pending",
        "feedback",
        ["received_at"],
        sqlite_where=sa.text("pending"),
        postgresql_where=sa.text("pending"),
    )
    op.create_table(
        "phrase_lesson",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("phrase_id", sa.String(), nullable=False),
        sa.Column("examples", app.db.columns.Json(), nullable=False),
        sa.Column("not_examples", app.db.columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "phrase_id"),
    )
    op.create_table(
        "phrase_use",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("phrase_id", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("last_used_at", app.db.columns.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "phrase_id", "day"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("phrase_use", "phrase_lesson", "feedback", "offer"):
        op.drop_table(table)
