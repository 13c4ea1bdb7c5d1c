"""Standing counts of the measures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import app.db.columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "measure_standing",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id"),
    )
    op.create_table(
        "measure_count",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "measure", "split", "day", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "measure_month",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("month", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("good", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "measure", "split", "month", "key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "measure_pending",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("buyer", sa.String(), nullable=False),
        sa.Column("until", app.db.columns.Instant(), nullable=False),
        sa.Column("body", app.db.columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "buyer"),
        sqlite_with_rowid=False,
    )
    op.create_index("measure_pending_until", "measure_pending", ["shop_id", "until"])
    op.create_table(
        "measure_span",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("split", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("tally", app.db.columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "measure", "split", "day", "key", "unit"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("measure_span", "measure_pending", "measure_month", "measure_count", "measure_standing"):
        op.drop_table(table)
