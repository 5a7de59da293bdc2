"""What an archive of stories remembers"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claims",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("claimant", sa.Text(), nullable=True),
        sa.Column("accused", sa.Text(), nullable=False),
        sa.Column("accused_entity", sa.String(length=100), nullable=False),
        sa.Column("hedge", sa.String(length=20), nullable=False),
        sa.Column("hedge_text", sa.Text(), nullable=True),
        sa.Column("victim", sa.Text(), nullable=True),
        sa.Column("victim_country", sa.String(length=2), nullable=True),
        sa.Column("sector", sa.Text(), nullable=True),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_claims_article_id_articles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claims")),
    )
    with op.batch_alter_table("claims", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claims_accused_entity"), ["accused_entity"], unique=False)
        batch_op.create_index(batch_op.f("ix_claims_article_id"), ["article_id"], unique=False)

    op.create_table(
        "mentions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("candidates", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_mentions_article_id_articles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mentions")),
    )
    with op.batch_alter_table("mentions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mentions_article_id"), ["article_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_mentions_entity_article_id"), ["entity", "article_id"], unique=False)

    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.add_column(sa.Column("image", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("tags", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("paywalled", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("extent", sa.String(length=20), server_default="full", nullable=False))
        batch_op.add_column(sa.Column("dateline_place", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("dateline_date", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("agency", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("quality", sa.Double(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("signs", sa.JSON(), server_default="[]", nullable=False))

    with op.batch_alter_table("verdicts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("signs", sa.JSON(), server_default="[]", nullable=False))
