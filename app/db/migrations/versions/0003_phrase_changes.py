"""The history of phrases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import app.db.columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "phrase_change",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("phrase_id", sa.String(), nullable=False),
        sa.Column("at", app.db.columns.Instant(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("before", app.db.columns.Json(), nullable=True),
        sa.Column("after", app.db.columns.Json(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "id"),
    )
    op.create_index("phrase_change_of_phrase", "phrase_change", ["shop_id", "phrase_id", "id"])


def downgrade() -> None:
    op.drop_table("phrase_change")
