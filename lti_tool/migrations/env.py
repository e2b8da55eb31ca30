"""Runs migrations on the engine that `lti_tool.schema` hands over, so that they use the app's connection settings."""

from alembic import context

with context.config.attributes["engine"].connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
