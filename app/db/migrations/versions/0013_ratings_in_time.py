"""An index over invitations and ratings, so that a week of them is found without reading its messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_RATINGS = sa.text("type IN ('rating', 'invite_sent')")


def upgrade() -> None:
    op.create_index(
        "event_of_rating", "event", ["shop_id", "at"], sqlite_where=_RATINGS, postgresql_where=_RATINGS
    )


def downgrade() -> None:
    op.drop_index("event_of_rating", table_name="event")
