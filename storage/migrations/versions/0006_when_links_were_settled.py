"""An index of when links were settled: a digest tells what became of those that waited"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_links_settled_at", "links", ["settled_at"])
