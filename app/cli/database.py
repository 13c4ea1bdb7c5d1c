"""What the administrative subcommands share: an open, current database and the knowledge they need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import OperationalError
from sqlmodel import Session as Database

from app.cli.output import cannot, one_line
from app.db.engine import open_engine
from app.db.migrate import upgrade
from app.settings import Settings
from app.usecases.administration import AdministrationError
from app.usecases.policy_versions import UnknownVersionError
from app.usecases.shops import UnknownShopError


@contextmanager
def database() -> Iterator[Database]:
    """A session in one transaction on the configured database, migrated first.

    Ends the program with one clear line where that, or what is done in it, cannot be.
    """
    settings = Settings()
    try:
        engine = open_engine(settings.resolved_database_url)
        upgrade(engine)
        with Database(engine.execution_options(writes=True), expire_on_commit=False) as db, db.begin():
            yield db
    except (AdministrationError, UnknownShopError, UnknownVersionError, ValueError) as error:
        cannot(str(error))
    except OperationalError as error:
        cannot(f"数据库打不开：{one_line(error)} / the database cannot be opened")
