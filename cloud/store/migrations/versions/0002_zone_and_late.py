"""In which zone a station heard a message, and whether it decoded it only later."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"


def upgrade() -> None:
    """Add the columns; what is stored already was told before stations said either."""
    op.add_column("reception", sa.Column("zone", sa.String(length=3), nullable=True))
    op.add_column(
        "reception", sa.Column("late", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
