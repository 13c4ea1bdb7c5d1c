"""One run of the linter: from paths and settings to a stream of judged texts."""

from __future__ import annotations

import operator
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.cli.lint_files import Globs, find_files, printable
from app.cli.lint_git import Changes, FileChange
from app.cli.lint_stderr import Voice
from app.cli.output import read_lines
from lint import Linter, Report, Rule
from lint.baseline import Baseline, Known, fingerprints
from lint.findings import Severity
from lint.housekeeping import OWN_RULES, STALE_BASELINE, own_finding
from lint.rewriting import Rewrite, Rewrites
from lint.rulebook import builtin_rules, rules_of
from lint.sarif import Failure, Located
from lint.selection import known_selectors, selected
from lint.suppression import Ledger, Suppressed, active_selectors
from lint.unit import Contents, Remark, Unit
from lint.units import UnreadableError, read_file, standard_input_unit

STDIN: Final = "-"


@dataclass(frozen=True, slots=True)
class Checked:
    """One judged text, or a remark that something is wrong with."""

    source: str
    report: Report
    unit: Unit | None = None
    remark: Remark | None = None
    line: int = 1
    suppressed: tuple[Suppressed, ...] = ()
    rewrites: Mapping[int, Rewrite] = field(default_factory=dict)

    def located(self) -> Located:
        uri = "stdin" if self.source == STDIN else Path(self.source).as_posix()
        at = self.unit or self.remark
        if at is None:
            return Located(self.report, uri, self.line)
        place = f"{at.sheet}!{at.cell}" if at.cell is not None else None
        return Located(
            self.report, uri, at.line or 1, at.column or 1, place, self.unit, self.suppressed, self.rewrites
        )

    def record(self) -> dict[str, Any]:
        """The object of the command-line contract; a finding that `--fix` can mend says how."""
        at = self.unit or self.remark
        place: dict[str, Any] = {"line": self.line, "column": 1}
        if at is not None:
            place = {"line": at.line} if self.source == STDIN else at.place()
        record = {"source": self.source, **place, **self.report.to_json()}
        for index, rewrite in self.rewrites.items():
            record["findings"][index]["fix"] = rewrite.to_json()
        record["suppressed"] = [suppressed.to_json() for suppressed in self.suppressed]
        return record


@dataclass(frozen=True, slots=True)
class Ruling:
    """All rules that there are, and those that are on for most files."""

    every: tuple[Rule, ...]
    disable: tuple[str, ...] = ()
    severity: Mapping[str, Severity | None] = field(default_factory=dict)

    @property
    def on(self) -> tuple[Rule, ...]:
        return selected(self.every, self.disable, self.severity)


def load_rules(folders: Sequence[str | Path]) -> tuple[Rule, ...]:
    """The built-in rules and those of these folders, which replace one of the same code, and the linter's own."""
    return (*rules_of(*folders), *OWN_RULES)


@dataclass(slots=True)
class Run:
    """What stays the same over one call of the command, and what it gathers."""

    ruling: Ruling
    channel: str
    platform: str | None
    voice: Voice
    excluded: Globs = field(default_factory=Globs)
    per_file: Sequence[tuple[Globs, tuple[str, ...]]] = ()
    require_reason: bool = True
    changes: Changes | None = None
    baseline: Baseline | None = None
    baseline_path: Path | None = None
    recording: bool = False
    stdin_name: str | None = None
    # Mends a file before it is checked: from its path, bytes and changed lines to its bytes afterwards.
    fixer: Callable[[Path, bytes, FileChange | None], bytes] | None = None
    failures: list[Failure] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    _linters: dict[tuple[str, ...], Desk] = field(default_factory=dict)

    def rules(self) -> tuple[Rule, ...]:
        return self.ruling.on

    def fail(self, source: str, message: str) -> None:
        """Say that this could not be checked; the run goes on, and ends with exit 2."""
        self.failures.append(Failure(printable(source), message))
        self.voice.complain(message)

    def checked(self, paths: Sequence[str]) -> Iterator[Checked]:
        """Every text of these paths, in order, and at the end what of the baseline is gone."""
        sources = self._sources(paths)
        self.voice.expect(len(sources))
        for file in sources:
            if file is not None:
                yield from self._from_disk(file)
            elif self.stdin_name is not None:
                yield from self._file(self.stdin_name, sys.stdin.buffer.read(), None)
            else:
                yield from self._standard_input()
            self.voice.file_done()
        yield from self._gone()

    def _sources(self, paths: Sequence[str]) -> list[Path | None]:
        """The files of these paths, each once; None is standard input."""
        sources: list[Path | None] = []
        # The baseline may lie among the texts.
        seen = {os.path.abspath(self.baseline_path)} if self.baseline_path is not None else set()
        for path in paths:
            if path != STDIN:
                sources.extend(find_files(path, self.excluded, self.fail, seen))
            elif None not in sources:
                sources.append(None)
        return sources

    def _from_disk(self, file: Path) -> Iterator[Checked]:
        change = self.changes.of(file) if self.changes is not None else None
        if self.changes is not None and change is None:
            return
        data = self.read(file)
        if data is not None and self.fixer is not None:
            data = self.fixer(file, data, change)
        if data is not None:
            yield from self._file(str(file), data, change)

    def read(self, file: Path) -> bytes | None:
        """A file's bytes; where it cannot be read, None, and the failure is noted."""
        try:
            return file.read_bytes()
        except OSError as error:
            self.fail(
                str(file), f"读不了 {printable(file)}：{error.strerror}，请检查权限 / cannot read this file"
            )
            return None

    def _standard_input(self) -> Iterator[Checked]:
        desk = self.desk(STDIN)
        self.files.append(STDIN)
        for number, line in enumerate(read_lines(STDIN), start=1):
            unit = standard_input_unit(line, number)
            report, suppressed = self._known(STDIN, desk.check(unit.text), ())
            self.voice.text_done()
            yield Checked(STDIN, report, unit, suppressed=suppressed, rewrites=desk.rewrites(report))

    def _file(self, source: str, data: bytes, change: FileChange | None) -> Iterator[Checked]:
        try:
            contents = read_file(Path(source).name, data)
        except UnreadableError as error:
            self.fail(source, f"读不了 {printable(source)}：{error}")
            return
        shown = printable(source)
        self.files.append(source)
        desk = self.desk(source)
        ledger = Ledger(contents, known=desk.known, require_reason=self.require_reason)
        for unit, report, suppressed in self.judged(source, contents, ledger, change):
            self.voice.text_done()
            yield Checked(shown, report, unit, suppressed=suppressed, rewrites=desk.rewrites(report))
        for remark, report in ledger.complaints(desk.active, desk.levels):
            yield Checked(shown, report, remark=remark)

    def judged(
        self, source: str, contents: Contents, ledger: Ledger, change: FileChange | None
    ) -> Iterator[tuple[Unit, Report, tuple[Suppressed, ...]]]:
        """The texts of a file that changed, without what is suppressed or known."""
        desk = self.desk(source)
        indices = []
        for index, unit in enumerate(contents.units):
            if change is not None and not change.touches(unit):
                ledger.skip(index)
            else:
                indices.append(index)
        reports = desk.check_all(contents.units[index].text for index in indices)
        for index, found in zip(indices, reports, strict=True):
            report, suppressed = ledger.apply(index, found)
            yield contents.units[index], *self._known(source, report, suppressed)

    def desk(self, source: str) -> Desk:
        """The linter for a file, with what is off for it."""
        off: tuple[str, ...] = ()
        if self.per_file and source != STDIN:
            path = Path(source)
            off = tuple(
                sorted({name for globs, names in self.per_file if globs.match(path) for name in names})
            )
        if off not in self._linters:
            self._linters[off] = Desk.of(self, off)
        return self._linters[off]

    def entry(self, source: str, rule: str, fingerprint: str) -> Known:
        """How a finding stands in the baseline: under its path from the baseline's folder."""
        assert self.baseline_path is not None
        if source == STDIN:
            return Known(STDIN, rule, fingerprint)
        base = self.baseline_path.absolute().parent
        return Known(
            printable(Path(os.path.relpath(Path(source).absolute(), base)).as_posix()), rule, fingerprint
        )

    def _known(
        self, source: str, report: Report, suppressed: tuple[Suppressed, ...]
    ) -> tuple[Report, tuple[Suppressed, ...]]:
        """Set aside what the baseline knows; while one is being recorded, that is everything."""
        if self.baseline is None or not report.findings:
            return report, suppressed
        kept = []
        aside = []
        for finding, mark in fingerprints(report):
            known = self.baseline.take(self.entry(source, finding.rule, mark))
            if known or self.recording:
                aside.append(Suppressed(finding, "基线里已有 / known in the baseline", "external"))
            else:
                kept.append(finding)
        if not aside:
            return report, suppressed
        return Report(report.text, tuple(kept), report.exempted), (*suppressed, *aside)

    def _gone(self) -> Iterator[Checked]:
        levels = self.desk(STDIN).levels
        if self.baseline is None or self.baseline_path is None or self.recording or self.changes is not None:
            return
        if STALE_BASELINE not in levels:
            return
        level = levels[STALE_BASELINE]
        lines = (
            self.baseline_path.read_text("utf-8", "replace").split("\n")
            if self.baseline_path.exists()
            else []
        )
        for entry, missing in self.baseline.gone(self._looked_at()):
            named = f"{entry.rule}（{entry.file}{f'，{missing} 处' if missing > 1 else ''}）"
            line = next((n for n, text in enumerate(lines, start=1) if entry.fingerprint in text), 1)
            finding = own_finding(STALE_BASELINE, level, 0, len(named), named)
            yield Checked(printable(self.baseline_path), Report(named, (finding,), ()), line=line)

    def _looked_at(self) -> set[str]:
        """Files of the baseline that this run looked at, and those that no longer exist."""
        assert self.baseline is not None
        assert self.baseline_path is not None
        base = self.baseline_path.absolute().parent
        here = {self.entry(source, "", "").file for source in self.files}
        lost = {
            entry.file
            for entry in self.baseline.known
            if entry.file != STDIN and not os.path.lexists(base / entry.file)
        }
        return here | lost

    def recorded(self) -> Counter[Known]:
        """What a new baseline holds: all that was met, and what is known of files that were not looked at."""
        assert self.baseline is not None
        looked_at = self._looked_at()
        kept = {entry: count for entry, count in self.baseline.known.items() if entry.file not in looked_at}
        return Counter(kept) + self.baseline.met


@dataclass(frozen=True, slots=True)
class Desk:
    """A linter with its channel, and what is on in it."""

    linter: Linter
    channel: str
    platform: str | None
    known: frozenset[str]
    active: frozenset[str]
    levels: Mapping[str, Severity]
    _rewrites: Rewrites

    @classmethod
    def of(cls, run: Run, off: tuple[str, ...]) -> Desk:
        ruling = run.ruling
        on = selected(ruling.every, (*ruling.disable, *off), ruling.severity)
        matching = tuple(rule for rule in on if rule.matchers)
        builtin = builtin_rules()
        unchanged = len(matching) == len(builtin) and all(map(operator.is_, matching, builtin))
        return cls(
            linter=Linter.default() if unchanged else Linter(matching),
            channel=run.channel,
            platform=run.platform,
            known=known_selectors(ruling.every),
            active=active_selectors(matching, run.channel, run.platform),
            levels={rule.code: rule.severity["template"] for rule in on if not rule.matchers},
            _rewrites=Rewrites(matching),
        )

    def check_all(self, texts: Iterable[str]) -> Iterator[Report]:
        return self.linter.check_all(texts, channel=self.channel, platform=self.platform)

    def rewrites(self, report: Report) -> Mapping[int, Rewrite]:
        """What `--fix` would replace in this text."""
        return self._rewrites.of(report, self.check) if report.findings else {}

    def check(self, text: str) -> Report:
        return self.linter.check(text, channel=self.channel, platform=self.platform)
