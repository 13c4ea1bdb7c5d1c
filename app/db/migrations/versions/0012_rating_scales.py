"""A shop's own scale for the chance of a good rating, and its versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import app.db.columns

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shop", sa.Column("rating_scale", app.db.columns.Json(), nullable=True))
    op.create_table(
        "rating_scale_version",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", app.db.columns.Instant(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("scale", app.db.columns.Json(), nullable=True),
        sa.Column("judgement", app.db.columns.Json(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "number"),
    )


def downgrade() -> None:
    op.drop_table("rating_scale_version")
    op.drop_column("shop", "rating_scale")
