"""`--changed-since`: the texts on lines that this branch changed, as a merge request would show them."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from lint_runner import found, git, lint, records

BAD = "顶级毛巾\n"


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose first commit has findings everywhere, on `main`."""
    repo = tmp_path / "shop"
    repo.mkdir()
    monkeypatch.chdir(repo)
    git(repo, "init", "-q", "-b", "main")
    put(repo, "old.txt", BAD + "第二行\n第三行\n" + BAD)
    put(repo, "t/a.yaml", "- text: |\n    好\n    顶级\n    好\n- text: 顶级\n")
    commit(repo)
    return repo


def put(repo: Path, name: str, content: str | bytes) -> None:
    (repo / name).parent.mkdir(parents=True, exist_ok=True)
    (repo / name).write_bytes(content.encode() if isinstance(content, str) else content)


def commit(repo: Path) -> None:
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "x")


def changed(*args: str) -> list[tuple[str, int | str]]:
    result = lint(*(args or (".",)), "--changed-since", "main", "--format", "jsonl")
    assert result.exit_code in (0, 1), result.stderr
    return [(record["source"], record.get("line") or record["cell"]) for record in records(result)]


def test_nothing_changed_is_nothing_to_check(repo: Path) -> None:
    result = lint(".", "--changed-since", "HEAD", "--format", "text")
    assert result.exit_code == 0
    assert "查了 0 条" in result.stdout


def test_only_changed_lines_are_checked_committed_staged_or_not(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "work")
    put(repo, "old.txt", BAD + "顶级的第二行\n第三行\n" + BAD)
    assert changed() == [("old.txt", 2)]
    git(repo, "add", "-A")
    assert changed() == [("old.txt", 2)]
    commit(repo)
    assert changed() == [("old.txt", 2)]
    put(repo, "old.txt", "插入\n" + BAD + "顶级的第二行\n第三行\n" + BAD)
    assert changed() == [("old.txt", 1), ("old.txt", 3)]


def test_what_main_did_meanwhile_does_not_count(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "work")
    put(repo, "mine.txt", BAD)
    commit(repo)
    git(repo, "checkout", "-q", "main")
    put(repo, "old.txt", "主干改过\n")
    commit(repo)
    git(repo, "checkout", "-q", "work")
    assert changed() == [("mine.txt", 1)]


def test_new_and_untracked_files_are_checked_whole_ignored_ones_not(repo: Path) -> None:
    put(repo, ".gitignore", "out/\n")
    put(repo, "新 文件.txt", BAD * 2)
    put(repo, "out/x.txt", BAD)
    put(repo, "staged.txt", BAD)
    git(repo, "add", "staged.txt")
    assert changed() == [("staged.txt", 1), ("新 文件.txt", 1), ("新 文件.txt", 2)]


def test_a_text_over_several_lines_counts_if_one_of_them_changed_or_went(repo: Path) -> None:
    path = repo / "t" / "a.yaml"
    path.write_text(path.read_text("utf-8").replace("    好\n- ", "    很好\n- "), "utf-8")
    assert changed() == [("t/a.yaml", 2)]
    path.write_text("- text: |\n    好\n    好\n- text: 顶级\n", "utf-8")  # a line taken out of its middle
    assert changed() == [("t/a.yaml", 2)]
    path.write_text("- text: 顶级\n", "utf-8")  # the first text taken out: the other one did not change
    assert changed() == []


def test_of_a_renamed_file_only_the_lines_that_differ(repo: Path) -> None:
    long = "".join(f"第{n}行顶级\n" for n in range(20))
    put(repo, "long.txt", long)
    commit(repo)
    git(repo, "mv", "long.txt", "new name.txt")
    assert changed() == []
    put(repo, "new name.txt", long.replace("第5行", "改过的"))
    assert changed() == [("new name.txt", 6)]


@pytest.mark.parametrize(
    "name", ["引号\"和'.txt", "制表\t.txt", "空 格 .txt", "换\n行.txt", "back\\slash.txt", "b/b.txt"]
)
def test_names_of_any_kind_are_found(name: str, repo: Path) -> None:
    put(repo, name, "您好\n您好\n")
    commit(repo)
    put(repo, name, "您好\n" + BAD)
    git(repo, "-c", "diff.noprefix=true", "status")
    git(repo, "config", "diff.noprefix", "true")
    git(repo, "config", "diff.mnemonicPrefix", "true")
    git(repo, "config", "color.ui", "always")
    result = lint(".", "--changed-since", "HEAD", "--format", "jsonl")
    assert [(record["source"], record["line"]) for record in records(result)] == [(name, 2)]


def test_lines_that_look_like_a_patch_do_not_mislead(repo: Path) -> None:
    put(repo, "p.txt", "x\n-- a/old.txt\n")
    commit(repo)
    put(repo, "p.txt", "x\n++ b/old.txt\n@@ -1 +1 @@\ndiff --git a/old.txt b/old.txt\n")
    result = lint(".", "--changed-since", "HEAD", "--format", "jsonl")
    assert [(record["source"], record["line"]) for record in records(result)] == [
        ("p.txt", 2), ("p.txt", 3), ("p.txt", 4),
    ]  # fmt: skip


def test_a_workbook_and_utf16_are_checked_whole_if_changed(repo: Path) -> None:
    def book(text: str) -> None:
        made = openpyxl.Workbook()
        assert made.active is not None
        made.active.append(["话术"])
        made.active.append(["顶级"])
        made.active.append([text])
        made.save(repo / "a.xlsx")

    book("您好")
    put(repo, "wide.txt", "顶级\n您好\n".encode("utf-16"))
    commit(repo)
    assert changed() == []
    book("您好呀")
    put(repo, "wide.txt", "顶级\n您好呀\n".encode("utf-16"))
    assert changed() == [("a.xlsx", "A2"), ("a.xlsx", "A3"), ("wide.txt", 1), ("wide.txt", 2)]


def test_a_folder_below_and_a_file_named_are_found_from_anywhere(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(repo, "t/b.txt", BAD)
    monkeypatch.chdir(repo / "t")
    assert changed() == [("b.txt", 1)]
    assert changed("b.txt", "../old.txt") == [("b.txt", 1)]
    monkeypatch.chdir(repo.parent)
    assert lint("shop", "--changed-since", "main").exit_code == 1


def test_a_repository_within_a_repository_counts_for_itself(repo: Path) -> None:
    inner = repo / "t" / "inner"
    inner.mkdir()
    git(inner, "init", "-q", "-b", "main")
    put(inner, "a/x.txt", BAD)
    put(inner, "a/y.txt", BAD)
    commit(inner)
    put(inner, "a/y.txt", "您好\n" + BAD)
    put(repo, "t/z.txt", BAD)
    result = lint("t/z.txt", "t/inner/a", "old.txt", "--changed-since", "main", "--format", "jsonl")
    assert [(record["source"], record["line"]) for record in records(result)] == [
        ("t/z.txt", 1),
        ("t/inner/a/y.txt", 1),
    ]


def test_a_suppression_of_a_line_that_was_not_looked_at_is_not_called_unused(repo: Path) -> None:
    put(repo, "s.txt", "顶级 # miaohui: ignore ad-law -- 商标名\n您好\n")
    commit(repo)
    put(repo, "s.txt", "顶级 # miaohui: ignore ad-law -- 商标名\n您好呀\n")
    assert found(lint(".", "--changed-since", "HEAD", "--format", "jsonl")) == []


def test_inside_a_git_hook_the_repository_is_still_found(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    put(repo, "t/b.txt", BAD)
    assert changed("t") == [("t/b.txt", 1)]


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=x", "-p", "", "HEAD; touch x", "main..x"])
def test_an_unknown_revision_ends_with_two_and_runs_nothing(revision: str, repo: Path) -> None:
    result = lint(".", f"--changed-since={revision}")
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1
    assert "fetch" in result.stderr
    assert not (repo / "x").exists()


def test_outside_a_repository_and_without_git_it_ends_with_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "a.txt").write_text(BAD, "utf-8")
    result = lint("a.txt", "--changed-since", "HEAD")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "git" in result.stderr
    monkeypatch.setenv("PATH", str(tmp_path))
    result = lint("a.txt", "--changed-since", "HEAD")
    assert result.exit_code == 2
    assert "安装" in result.stderr


def test_a_clone_that_is_too_shallow_says_what_to_do(repo: Path, tmp_path: Path) -> None:
    git(repo, "checkout", "-q", "-b", "work")
    for n in range(3):
        put(repo, "mine.txt", f"{n}\n")
        commit(repo)
    git(repo, "checkout", "-q", "main")
    put(repo, "old.txt", "x\n")
    commit(repo)
    git(tmp_path, "clone", "-q", "--depth", "1", "--no-single-branch", f"file://{repo}", "clone")
    git(tmp_path / "clone", "checkout", "-q", "work")
    result = lint(tmp_path / "clone", "--changed-since", "origin/main")
    assert result.exit_code == 2
    assert "fetch-depth: 0" in result.stderr


def test_histories_without_a_common_commit_are_compared_as_they_are(repo: Path) -> None:
    git(repo, "checkout", "-q", "--orphan", "other")
    put(repo, "old.txt", BAD + "第二行\n第三行\n顶级\n")
    commit(repo)
    assert changed() == [("old.txt", 4)]


def test_standard_input_has_no_revision(repo: Path) -> None:
    result = lint("-", "--changed-since", "HEAD", stdin=BAD)
    assert result.exit_code == 2
