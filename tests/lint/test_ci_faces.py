"""The pre-commit hooks, the GitHub action and the GitLab template: their very commands, in a temporary repository."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from lint_runner import REPO, git, with_miaohui

from lint.units import READERS


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with one good and one bad template."""
    shop = tmp_path / "shop"
    (shop / "templates").mkdir(parents=True)
    (shop / "templates" / "好 的.txt").write_text("您好\n", "utf-8")
    (shop / "templates" / "坏 的.txt").write_text("您好\n这是顶级毛巾\n", "utf-8")
    (shop / "pyproject.toml").write_text("[tool.other]\nx = '顶级'\n", "utf-8")
    git(shop, "init", "-q", "-b", "main")
    git(shop, "add", "-A")
    git(shop, "commit", "-q", "-m", "x")
    return shop


def run(script: list[str], shop: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**with_miaohui(shop.parent), **variables}
    return subprocess.run(script, cwd=shop, env=environment, capture_output=True, text=True, check=False)


HOOKS: list[dict[str, Any]] = yaml.safe_load((REPO / ".pre-commit-hooks.yaml").read_text("utf-8"))


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_has_what_pre_commit_needs_and_finds_the_bad_template(
    hook: dict[str, Any], shop: Path
) -> None:
    assert {"id", "name", "entry", "language"} <= set(hook)
    tracked = git(shop, "-c", "core.quotePath=false", "ls-files", "-z").split("\0")
    named = [
        name
        for name in tracked
        if name and re.search(hook["files"], name) and not re.search(hook["exclude"], name)
    ]
    assert named == ["templates/坏 的.txt", "templates/好 的.txt"]
    done = run([*shlex.split(hook["entry"]), *named], shop)
    mends = "--fix" in hook["entry"]
    assert done.returncode == (0 if mends else 1), done.stderr
    text = (shop / "templates" / "坏 的.txt").read_text("utf-8")
    assert text == f"您好\n这是{'优质' if mends else '顶级'}毛巾\n"
    if not mends:
        assert "templates/坏 的.txt:2:3: 错误 ad-law/extreme" in done.stdout


def test_the_hooks_take_every_kind_of_file_that_the_linter_reads() -> None:
    lints, mends = HOOKS
    for ending in READERS:
        assert re.search(lints["files"], f"t/a{ending}")
        assert bool(re.search(mends["files"], f"t/a{ending}")) is (ending != ".xlsx")
    assert not re.search(lints["files"], "a.py")
    assert re.search(lints["exclude"], ".pre-commit-config.yaml")
    assert re.search(lints["exclude"], "a/pyproject.toml")


ACTION: dict[str, Any] = yaml.safe_load((REPO / "action.yml").read_text("utf-8"))


def action(shop: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """Run the action's own step as a runner would: defaults filled in, inputs passed as the step says."""
    inputs = {name: str(spec.get("default", "")) for name, spec in ACTION["inputs"].items()} | given
    (step,) = [step for step in ACTION["runs"]["steps"] if step.get("id") == "lint"]

    def value(expression: str) -> str:
        found = re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", expression)
        assert found
        return inputs[found.group(1)]

    variables = {name: value(expression) for name, expression in step["env"].items()}
    output = shop.parent / "output"
    output.write_text("", "utf-8")
    return run(["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]], shop,
               GITHUB_OUTPUT=str(output), **variables)  # fmt: skip


def test_the_action_is_a_composite_whose_scripts_hold_no_expression() -> None:
    assert ACTION["runs"]["using"] == "composite"
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert "run" not in step or step["shell"] == "bash"
    used = set(re.findall(r"inputs\.([a-z-]+)", (REPO / "action.yml").read_text("utf-8")))
    assert used == set(ACTION["inputs"])


def test_the_action_annotates_writes_sarif_and_tells_its_exit_code(shop: Path) -> None:
    done = action(shop, paths="templates\n", **{"sarif-file": "lint.sarif"})
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=templates/坏 的.txt,line=2,")
    assert len(done.stdout.splitlines()) == 1
    log = json.loads((shop / "lint.sarif").read_bytes())
    assert len(log["runs"][0]["results"]) == 1
    assert (shop.parent / "output").read_text("utf-8") == "exit-code=1\n"


def test_the_action_passes_its_inputs_on_and_runs_nothing_in_them(shop: Path) -> None:
    assert action(shop, paths="templates/好 的.txt\ntemplates/坏 的.txt", channel="live").returncode == 0
    assert action(shop, paths="templates", channel="live", **{"fail-on": "warning"}).returncode == 1
    assert action(shop, paths="templates", **{"changed-since": "HEAD"}).returncode == 0
    done = action(shop, paths="$(touch hacked)\n; touch hacked", channel="live; touch hacked")
    assert done.returncode == 2
    assert not (shop / "hacked").exists()


def gitlab_job(**given: str) -> tuple[str, dict[str, Any]]:
    """The template's job, with inputs filled in as GitLab does."""
    spec, _ = (REPO / "templates" / "miaohui-lint.yml").read_text("utf-8").split("\n---\n", 1)
    inputs = {
        name: str(value.get("default", "")) for name, value in yaml.safe_load(spec)["spec"]["inputs"].items()
    }
    inputs |= given
    text = (REPO / "templates" / "miaohui-lint.yml").read_text("utf-8").split("\n---\n", 1)[1]
    used = set(re.findall(r"\$\[\[ inputs\.([a-z-]+) \]\]", text))
    assert used == set(inputs)
    filled = re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda found: inputs[found.group(1)], text)
    ((name, job),) = yaml.safe_load(filled).items()
    return name, job


def test_the_gitlab_job_leaves_a_code_quality_report_and_fails(shop: Path) -> None:
    name, job = gitlab_job(paths="templates")
    assert name == "miaohui-lint"
    assert job["artifacts"]["when"] == "always"
    report = job["artifacts"]["reports"]["codequality"]
    script = "set -e\n" + "\n".join(job["script"])
    done = run(["sh", "-c", script], shop, **{key: str(value) for key, value in job["variables"].items()})
    assert done.returncode == 1, done.stderr
    (issue,) = json.loads((shop / report).read_bytes())
    assert issue["location"] == {"path": "templates/坏 的.txt", "lines": {"begin": 2}}
    assert "ad-law/extreme" in done.stdout


def test_the_gitlab_job_passes_options_on(shop: Path) -> None:
    _, job = gitlab_job(paths="templates", options="--channel live --changed-since HEAD")
    script = "set -e\n" + "\n".join(job["script"])
    done = run(["sh", "-c", script], shop, **{key: str(value) for key, value in job["variables"].items()})
    assert done.returncode == 0, done.stderr
    assert json.loads((shop / "gl-code-quality-report.json").read_bytes()) == []
