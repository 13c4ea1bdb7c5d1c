"""Two editors of service hours or a roster: the second is told, and nothing of the first is lost."""

from __future__ import annotations

from typing import Any

import pytest
from conftest_service import Running

WEEK = {"week": {"mon": ["09:00-18:00"]}}
DOCUMENTS = [
    ("/v1/service-hours", WEEK, {"week": {"mon": ["10:00-18:00"]}}),
    ("/v1/roster", {"agents": [{"id": "小林"}]}, {"agents": [{"id": "小周"}]}),
]


@pytest.mark.parametrize(("path", "mine", "theirs"), DOCUMENTS)
def test_a_document_is_not_stored_over_a_version_that_was_not_read(
    running: Running, path: str, mine: dict[str, Any], theirs: dict[str, Any]
) -> None:
    read = running.ask("GET", path).headers["etag"]
    stored = running.ask("PUT", path, json=theirs, headers={"if-match": read})
    assert stored.status_code == 200
    refused = running.ask("PUT", path, json=mine, headers={"if-match": read})
    assert (refused.status_code, refused.json()["reason"]) == (412, "changed_meanwhile")
    assert refused.headers["etag"] == stored.headers["etag"] != read
    unchanged = running.ask("GET", path)
    assert unchanged.headers["etag"] == stored.headers["etag"]
    again = running.ask("PUT", path, json=mine, headers={"if-match": refused.headers["etag"]})
    assert again.status_code == 200


@pytest.mark.parametrize(("path", "mine", "theirs"), DOCUMENTS)
@pytest.mark.parametrize("header", [None, "*", 'W/"{}"', '"another", "{}"'])
def test_whoever_names_no_version_or_the_right_one_may_store(
    running: Running, path: str, mine: dict[str, Any], theirs: dict[str, Any], header: str | None
) -> None:
    tag = running.ask("PUT", path, json=theirs).headers["etag"].strip('"')
    headers = {} if header is None else {"if-match": header.format(tag)}
    assert running.ask("PUT", path, json=mine, headers=headers).status_code == 200


def test_the_same_document_has_the_same_version(running: Running) -> None:
    first, second = (running.ask("PUT", "/v1/service-hours", json=WEEK).headers["etag"] for _ in range(2))
    assert first == second


def test_a_header_that_names_nothing_known_refuses(on_sqlite: Running) -> None:
    refused = on_sqlite.ask("PUT", "/v1/roster", json={}, headers={"if-match": "nonsense"})
    assert refused.status_code == 412
