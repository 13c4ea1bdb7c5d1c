"""The versions of a shop's policy; what a shop has now is its first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import app.db.columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "policy_version",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", app.db.columns.Instant(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("policy", app.db.columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "number"),
    )
    op.execute(
        'INSERT INTO policy_version (shop_id, number, "at", "by", why, policy) '
        "SELECT id, 1, created_at, '', '升级前的策略', policy FROM shop"
    )


def downgrade() -> None:
    op.drop_table("policy_version")
