"""Members with passwords and roles, their sessions, and the audit. Whoever was signed in signs in again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import app.db.columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = app.db.columns.Instant
    op.create_table(
        "member",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("last_sign_in_at", instant(), nullable=True),
        sa.Column("last_shop_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("login", name="member_login"),
    )
    op.create_table(
        "membership",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("member_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("disabled_at", instant(), nullable=True),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"]),
        sa.PrimaryKeyConstraint("shop_id", "member_id"),
    )
    op.create_index("membership_of_member", "membership", ["member_id"])
    op.create_table(
        "member_link",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires_at", instant(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "token_hash"),
    )
    op.create_table(
        "audit",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", instant(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("detail", app.db.columns.Json(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "id"),
        sqlite_with_rowid=False,
    )
    op.drop_table("web_session")
    op.create_table(
        "web_session",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=True),
        sa.Column("member_id", sa.String(), nullable=True),
        sa.Column("created_at", instant(), nullable=False),
        sa.Column("seen_at", instant(), nullable=False),
        sa.Column("expires_at", instant(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"]),
        sa.PrimaryKeyConstraint("shop_id", "token_hash"),
    )
    op.create_index("web_session_of_member", "web_session", ["member_id"])


def downgrade() -> None:
    op.drop_index("web_session_of_member", "web_session")
    op.drop_table("web_session")
    op.create_table(
        "web_session",
        sa.Column("shop_id", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("created_at", app.db.columns.Instant(), nullable=False),
        sa.Column("expires_at", app.db.columns.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["shop_id"], ["shop.id"]),
        sa.PrimaryKeyConstraint("shop_id", "token_hash"),
    )
    op.drop_table("audit")
    op.drop_table("member_link")
    op.drop_index("membership_of_member", "membership")
    op.drop_table("membership")
    op.drop_table("member")
