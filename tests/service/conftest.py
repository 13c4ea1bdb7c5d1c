"""Makes the fixtures of `conftest_service` known to every test here."""

from conftest_service import knowledge, on_sqlite, running

__all__ = ["knowledge", "on_sqlite", "running"]
