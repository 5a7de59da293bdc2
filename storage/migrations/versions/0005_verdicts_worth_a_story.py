"""An index of the verdicts that stand on what belongs in a story"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NOTABLE = sa.text("superseded_at IS NULL AND decision IN ('flag', 'hold')")


def upgrade() -> None:
    op.create_index("ix_verdicts_notable", "verdicts", ["article_id"], sqlite_where=NOTABLE, postgresql_where=NOTABLE)
