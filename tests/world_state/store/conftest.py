"""Stores to test on: a new SQLite file, and a database of a real PostgreSQL server where one is installed."""

import secrets

import pytest
import sqlalchemy as sa

from hybridctl.bench.postgres_server import PostgresServer, server_programs


@pytest.fixture(scope="session")
def postgres():
    if server_programs() is None:
        pytest.skip("PostgreSQL's server is not installed (apt-get install postgresql)")
    # The server's own default is the dangerous one: the store must not rely on it.
    with PostgresServer(synchronous_commit="off") as server:
        yield server


@pytest.fixture
def postgres_url(postgres):
    """URL of a database that nobody has used."""
    name = f"fresh_{secrets.token_hex(6)}"
    engine = sa.create_engine(postgres.url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return postgres.url.rsplit("/", 1)[0] + f"/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def location(request, tmp_path):
    """Where a new store may be: a file, then a PostgreSQL database."""
    if request.param == "sqlite":
        return tmp_path / "events.db"
    return request.getfixturevalue("postgres_url")
