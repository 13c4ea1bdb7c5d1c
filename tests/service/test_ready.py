"""What a service has done before it says that it is ready."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from lint import Linter, Report


def test_the_linter_has_found_something_before_the_first_draft_comes(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[Report] = []
    check = Linter.check

    def noted(linter: Linter, text: str, **more: Any) -> Report:
        reports.append(check(linter, text, **more))
        return reports[-1]

    monkeypatch.setattr(Linter, "check", noted)
    settings = Settings(_env_file=None, database_url=sqlite_url, workers_run_jobs=False)  # type: ignore[call-arg]
    with TestClient(create_app(settings)) as client:
        before = list(reports)
        assert client.get("/readyz").status_code == 200
    assert any(report.findings for report in before)
