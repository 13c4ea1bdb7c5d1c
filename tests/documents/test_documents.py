"""The documents name what is there: files, code and tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.core.policies import Policy
from app.settings import Settings

REPO = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*REPO.glob("*.md"), *(REPO / "docs").glob("*.md"), *(REPO / "docs" / "adr").glob("*.md")])
DECISIONS = sorted((REPO / "docs" / "adr").glob("0*.md"))
TERM = re.compile(r"^\| [^|]+ \| [^|]+ \| (?P<names>[^|]+) \| (?P<places>[^|]+) \|$", re.MULTILINE)


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as forges make them."""
    headings = re.findall(r"^#+ (.+)$", without_code(text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(REPO).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(document.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        known = target.exists() and (not anchor or anchor in anchors(target.read_text(encoding="utf-8")))
        if not known:
            dead.append(link)
    assert dead == []


def test_every_name_of_the_glossary_stands_where_it_says() -> None:
    rows = TERM.findall((REPO / "docs" / "glossary.md").read_text(encoding="utf-8"))
    missing = []
    for names, places in rows[1:]:
        files = [
            file
            for place in re.findall(r"`([^`]+)`", places)
            for found in REPO.glob(place.rstrip("/"))
            for file in ([found] if found.is_file() else found.rglob("*"))
        ]
        text = "\n".join(
            file.read_text(encoding="utf-8") for file in files if file.suffix in {".py", ".yaml", ".js"}
        )
        missing += [
            name
            for name in re.findall(r"`([^`]+)`", names)
            if name.split(":")[0].rsplit(".", maxsplit=1)[-1] not in text
        ]
    assert len(rows) > 50
    assert missing == []


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_names_what_keeps_it(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")
    keepers = text.split("**Kept by**", 1)[1]
    files = re.findall(r"`(tests/[a-z_/]+\.py)`", keepers)
    assert files
    assert [file for file in files if not (REPO / file).exists()] == []
    tests = "\n".join((REPO / file).read_text(encoding="utf-8") for file in files)
    assert [name for name in re.findall(r"`(test_\w+)`", keepers) if f"def {name}(" not in tests] == []


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_names_files_that_are_there(decision: Path) -> None:
    named = re.findall(
        r"`((?:app|lint|phrasebank|tests|docs|tools)/[\w/.-]+)`", decision.read_text(encoding="utf-8")
    )
    assert [path for path in named if not (REPO / path).exists()] == []


def test_every_setting_is_described() -> None:
    text = (REPO / "docs" / "operations.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`MIAOHUI_{name.upper()}`" not in text] == []


def test_every_knob_of_a_policy_is_named() -> None:
    text = (REPO / "docs" / "policy.zh.md").read_text(encoding="utf-8")
    assert [name for name in Policy().to_json() if f"`{name}`" not in text] == []
