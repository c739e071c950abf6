"""Alembic's way in: the connection is handed over by `bot.store.database.migrate`."""

from alembic import context

from bot.store.database import open_store
from bot.store.models import Base, UtcTime


def plain_time(kind, thing, context):  # type: ignore[no-untyped-def]
    """A migration outlives the code it was made by: it names SQLAlchemy's types only."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(thing, UtcTime) else False


def run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is None:
        engine = open_store(context.config.get_main_option("sqlalchemy.url") or "")
        with engine.begin() as connection:
            _upgrade(connection)
        return
    _upgrade(connection)


def _upgrade(connection) -> None:  # type: ignore[no-untyped-def]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=False,
        render_item=plain_time,
        compare_type=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
