"""`miaohui lint`: check service texts in files, folders or standard input."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from app.cli.lint_config import Config, load_config
from app.cli.lint_files import Globs, printable
from app.cli.lint_fix import Fixer, write_atomically
from app.cli.lint_git import Changes
from app.cli.lint_output import FORMATS, write
from app.cli.lint_rules import explain, list_rules
from app.cli.lint_run import STDIN, Ruling, Run, load_rules
from app.cli.lint_stderr import Voice
from app.cli.output import EXIT_COULD_NOT_RUN, EXIT_FINDINGS, cannot, default_format, say
from lint import CHANNELS, RuleError
from lint.baseline import Baseline, BaselineError, read_baseline, write_baseline
from lint.config import FAIL_ON, ConfigError
from lint.findings import rank
from lint.selection import known_selectors, nearest


@click.command(
    "lint",
    help="检查话术：广告法用语、服务态度、高压线、模板变量。从标准输入读时一行一条，行内可写 \\n 表示换行。"
    "退出码：0 没有问题，1 有问题，2 没能运行。设置写在 pyproject.toml 的 [tool.miaohui.lint] 或 .miaohui.toml 的 [lint]。"
    " / Lint service texts; `-` reads one text per line.",
)
@click.argument("paths", nargs=-1, metavar="[PATH…|-]")
@click.option(
    "--channel", type=click.Choice(CHANNELS), help="文字从哪里发出（默认 template） / where it goes out"
)
@click.option("--platform", metavar="P", help="平台 / platform, such as kuaishou, douyin, tmall")
@click.option(
    "--format", "output_format", type=click.Choice(FORMATS), default=default_format, help="输出格式"
)
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    help="达到这个级别时退出码为 1（默认 error） / exit 1 from this severity on",
)
@click.option(
    "--rules",
    "folders",
    multiple=True,
    type=click.Path(exists=True, file_okay=False),
    help="自定义规则文件夹，可多次给出 / folder of your own rules",
)
@click.option("--disable", multiple=True, metavar="RULE", help="关掉一条规则或一类，可多次给出 / switch off")
@click.option("--exclude", multiple=True, metavar="GLOB", help="不查的文件，可多次给出 / files to leave out")
@click.option("--config", "config_file", metavar="FILE", help="设置文件 / settings file")
@click.option("--no-config", is_flag=True, help="不读设置文件 / read no settings file")
@click.option("--baseline", "baseline_file", metavar="FILE", help="基线：里面有的问题不算 / known findings")
@click.option("--no-baseline", is_flag=True, help="不用设置里的基线 / ignore the configured baseline")
@click.option("--write-baseline", metavar="FILE", help="把现有的问题记成基线 / record what is found now")
@click.option("--changed-since", metavar="REV", help="只查这个 git 版本以来改动的行 / only changed lines")
@click.option("--fix", is_flag=True, help="把能安全替换的词改掉 / rewrite what is safe")
@click.option("--diff", is_flag=True, help="只显示 --fix 会怎么改 / show what --fix would do")
@click.option(
    "--stdin-filename", metavar="NAME", help="把标准输入当作这个名字的文件 / read stdin as this file"
)
@click.option(
    "--progress/--no-progress", default=None, help="在 stderr 显示进度（默认只在终端） / show progress"
)
@click.option("--explain", "explained", metavar="RULE", help="说明一条规则后退出 / explain a rule and exit")
@click.option("--list-rules", "listed", is_flag=True, help="列出规则后退出 / list the rules and exit")
def command(
    paths: tuple[str, ...],
    channel: str | None,
    platform: str | None,
    output_format: str,
    fail_on: str | None,
    folders: tuple[str, ...],
    disable: tuple[str, ...],
    exclude: tuple[str, ...],
    config_file: str | None,
    no_config: bool,
    baseline_file: str | None,
    no_baseline: bool,
    write_baseline: str | None,
    changed_since: str | None,
    fix: bool,
    diff: bool,
    stdin_filename: str | None,
    progress: bool | None,
    explained: str | None,
    listed: bool,
) -> None:
    config = load_config(config_file, look=not no_config)
    ruling = _ruling(config, folders, disable)
    if explained is not None:
        explain(ruling.every, explained)
        return
    if listed:
        list_rules(ruling.every, ruling.on, output_format)
        return
    paths = paths or (STDIN,)
    _check_together(paths, fix or diff, changed_since, stdin_filename, write_baseline)
    run = Run(
        ruling=ruling,
        channel=channel or config.settings.channel or "template",
        platform=platform or config.settings.platform,
        voice=Voice(progress),
        require_reason=config.settings.require_reason,
        changes=Changes(changed_since) if changed_since is not None else None,
        stdin_name=stdin_filename,
    )
    _leave_out(run, config, exclude)
    _use_baseline(run, config, None if no_baseline else baseline_file, write_baseline, no_baseline)
    grave = fail_on or config.settings.fail_on or "error"
    try:
        worst = _run(run, paths, output_format, grave, fix, diff)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output went away. Nobody is told, but it was not a run that came to its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(EXIT_COULD_NOT_RUN) from None
    run.voice.done()
    if run.failures:
        raise SystemExit(EXIT_COULD_NOT_RUN)
    if write_baseline is not None:
        _record(run, Path(write_baseline))
        return
    if worst >= rank(grave):
        raise SystemExit(EXIT_FINDINGS)


def _ruling(config: Config, folders: Sequence[str], disable: Sequence[str]) -> Ruling:
    settings = config.settings
    own = [config.path(folder) for folder in settings.rules]
    for folder in own:
        if not folder.is_dir():
            cannot(
                f"{settings.path} 的 rules 里的文件夹 {folder} 不存在，请改正 / no such folder of rules in the settings"
            )
    try:
        every = load_rules([*own, *folders])
        settings.check_names(every)
    except (RuleError, ConfigError) as error:
        cannot(str(error))
    known = known_selectors(every)
    for name in disable:
        if name not in known:
            meant = nearest(name, known)
            hint = f"是不是 {'、'.join(meant)}？" if meant else "用 --list-rules 查代码"
            cannot(f"--disable {name}：没有这条规则或这一类，{hint} / no such rule or category")
    return Ruling(every, (*settings.disable, *disable), settings.severity)


def _check_together(
    paths: Sequence[str],
    fixing: bool,
    changed_since: str | None,
    stdin_filename: str | None,
    recording: str | None,
) -> None:
    """Refuse what makes no sense together."""
    if STDIN in paths and fixing:
        cannot("标准输入不能用 --fix 或 --diff，请给出文件 / standard input cannot be rewritten, name files")
    if STDIN in paths and changed_since is not None:
        cannot("标准输入没有 git 版本，--changed-since 请给出文件或文件夹 / name files or folders")
    if stdin_filename is not None and STDIN not in paths:
        cannot("--stdin-filename 要和 - 一起用 / --stdin-filename needs `-`")
    if recording is not None and (changed_since is not None or fixing):
        cannot("--write-baseline 要查全部文字，不能和 --changed-since、--fix、--diff 一起用 / not together")


def _leave_out(run: Run, config: Config, exclude: Sequence[str]) -> None:
    settings = config.settings
    run.excluded.add(config.base, settings.exclude)
    run.excluded.add(Path.cwd(), exclude)
    per_file = []
    for glob, names in settings.per_file_disable.items():
        globs = Globs()
        globs.add(config.base, [glob])
        per_file.append((globs, names))
    run.per_file = per_file


def _use_baseline(run: Run, config: Config, named: str | None, recording: str | None, without: bool) -> None:
    if recording is not None:
        run.recording = True
        run.baseline_path = Path(recording)
        run.baseline = _read_baseline(run.baseline_path) if run.baseline_path.exists() else Baseline()
        return
    configured = config.settings.baseline
    if named is None and (without or configured is None):
        return
    run.baseline_path = Path(named) if named is not None else config.path(str(configured))
    run.baseline = _read_baseline(run.baseline_path)


def _read_baseline(path: Path) -> Baseline:
    shown = printable(path)
    try:
        return read_baseline(path.read_bytes())
    except FileNotFoundError:
        cannot(f"没有基线文件 {shown}，先用 --write-baseline {shown} 生成 / no such baseline file")
    except OSError as error:
        cannot(f"读不了基线文件 {shown}：{error.strerror}，请检查权限 / cannot read the baseline")
    except BaselineError as error:
        cannot(f"基线文件 {shown}:{error} / the baseline is broken")


def _run(run: Run, paths: Sequence[str], output_format: str, fail_on: str, fix: bool, diff: bool) -> int:
    if not (fix or diff):
        return write(run.checked(paths), run, output_format, fail_on)
    fixer = Fixer(run, (lambda text: say(text.removesuffix("\n"))) if diff else None)
    run.fixer = fixer
    if diff:
        worst = max((rank(item.report.worst) for item in run.checked(paths) if item.report.worst), default=-1)
        worst = max(worst, rank("error") if fixer.places else -1)
    else:
        worst = write(run.checked(paths), run, output_format, fail_on)
    fixer.summary()
    return worst


def _record(run: Run, path: Path) -> None:
    entries = run.recorded()
    try:
        write_atomically(path, write_baseline(entries))
    except OSError as error:
        cannot(
            f"写不了基线文件 {printable(path)}：{error.strerror or error}，请检查文件夹和权限 / cannot write"
        )
    count = sum(entries.values())
    run.voice.tell(f"基线 {printable(path)} 里有 {count} 处 / {count} findings recorded")
