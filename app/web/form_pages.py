"""The form of one phrase, with what the linter says of it while it is written: values in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Final

from app.core.edits import reconcile
from app.web.phrase_forms import MAX_TEXT, base_field, fields_of
from app.web.phrase_pages import Frame
from app.web.rendering import ENVIRONMENT, render
from lint import Finding, Linter
from phrasebank.filling import fill, variables_in
from phrasebank.phrase import COLUMNS
from phrasebank.variables import KNOWN, Type, Variable, variable_named

STATE_CHOICES: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "approved": ("启用", "good", "可以推荐、可以发"),
        "draft": ("草稿", "warn", "先存着，批准了才用"),
        "retired": ("停用", "plain", "留着，不再用"),
    }
)
TYPE_NAMES: Final[Mapping[Type, str]] = MappingProxyType(
    {
        Type.TEXT: "文字",
        Type.WHEN: "日期或时间",
        Type.MONEY: "金额",
        Type.NUMBER: "数字",
        Type.ORDER_NO: "单号",
        Type.PHONE: "电话",
        Type.LINK: "网址",
    }
)
_SAMPLES_OF_TYPES: Final[Mapping[Type, str]] = MappingProxyType(
    {
        Type.WHEN: "11月25日",
        Type.MONEY: "39.90 元",
        Type.NUMBER: "3",
        Type.ORDER_NO: "20261122001873",
        Type.PHONE: "400-800-1234",
        Type.LINK: "https://example.com/abc",
    }
)
_SAMPLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "buyer": "小鱼儿",
        "agent": "小林",
        "item": "云朵触控小夜灯",
        "size": "L 码",
        "color": "米白",
        "carrier": "中通快递",
        "address": "杭州市西湖区文一路 1 号",
        "time": "18:00",
    }
)
"""What stands in the preview for the variables that are texts of some kind."""


@dataclass(frozen=True, slots=True)
class Check:
    """What the linter says of a phrase that is being written, and how a buyer would read it.

    `findings` are (which text, the text, finding); `texts` are (which text, filled with samples); `variables` with their
    samples.
    """

    findings: tuple[tuple[str, str, Finding], ...] = ()
    variables: tuple[tuple[Variable, str], ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    images: tuple[str, ...] = ()
    too_long: str = ""

    @property
    def errors(self) -> int:
        """How many findings keep the phrase from being saved."""
        return sum(finding.severity == "error" for _, _, finding in self.findings)


@dataclass(frozen=True, slots=True)
class Clash:
    """Somebody else changed the phrase meanwhile: columns taken from them, and (column, mine, theirs) of those disputed."""

    headline: str
    taken: tuple[str, ...] = ()
    disputed: tuple[tuple[str, Any, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one phrase. `fault` is the column at fault and why.

    `base` is what the form was made from, as its hidden field has it; `gone` tells that this was deleted meanwhile.
    """

    phrase_id: str = ""
    fields: Mapping[str, list[str]] = field(default_factory=dict)
    base: str = ""
    is_new: bool = False
    gone: bool = False
    why: str = ""
    done: str = ""
    problem: str = ""
    fault: tuple[str, str] | None = None
    findings: tuple[Mapping[str, Any], ...] = ()
    clash: Clash | None = None
    extra: tuple[tuple[str, Any], ...] = ()
    categories: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()


def edit_page(frame: Frame, form: Form, check: Check) -> str:
    """The form of a phrase, with the linter's word on it."""
    return render("phrases/edit.html", frame=frame, form=form, check=check)


def check_part(check: Check) -> str:
    """What the linter says, for a swap beside the open form."""
    return render("phrases/parts/check.html", check=check)


def form_of(record: Mapping[str, Any], base: Mapping[str, Any] | None, form: Form) -> Form:
    """`form`, showing `record`, which was made from `base`; None for a new phrase."""
    return replace(
        form,
        phrase_id=str(record.get("id") or ""),
        fields=fields_of(record),
        base=base_field(base or {}),
        is_new=base is None,
        extra=tuple((key, value) for key, value in record.items() if key not in COLUMNS),
    )


def clash_of(
    base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], who: str
) -> tuple[dict[str, Any], Clash]:
    """The record to go on with after `who` stored `theirs` meanwhile, and what to tell of it."""
    reconciled = reconcile(base, mine, theirs)
    return reconciled.record, Clash(
        f"你编辑的时候，{who}改了这条话术",
        reconciled.taken,
        tuple((each.column, each.mine, each.theirs) for each in reconciled.disagreements),
    )


def checked(linter: Linter, record: Mapping[str, Any]) -> Check:
    """Lint the texts of a record as a template that many buyers will read, and fill their variables with samples."""
    texts = [("内容", str(record.get("text") or ""))]
    texts += [
        (f"第 {number} 种说法", text) for number, text in enumerate(record.get("variants") or (), start=2)
    ]
    texts = [(place, text) for place, text in texts if text.strip()]
    if any(len(text) > MAX_TEXT for _, text in texts):
        return Check(too_long=f"每条文字最多 {MAX_TEXT} 字，请分成几条话术。")
    names = dict.fromkeys(name for _, text in texts for name in variables_in(text))
    samples = {name: sample_of(variable_named(name)) for name in names}
    reports = linter.check_all((text for _, text in texts), channel="template")
    return Check(
        findings=tuple(
            (place, text, finding)
            for (place, text), report in zip(texts, reports, strict=True)
            for finding in report.findings
            if finding.severity != "info"
        ),
        variables=tuple((variable_named(name), sample) for name, sample in samples.items()),
        texts=tuple((place, fill(text, samples).text) for place, text in texts),
        images=tuple(record.get("images") or ()),
    )


def sample_of(variable: Variable) -> str:
    """What stands for the variable in a preview; of its type."""
    return _SAMPLES.get(variable.name) or _SAMPLES_OF_TYPES.get(variable.type) or f"〔{variable.label}〕"


ENVIRONMENT.globals.update(
    state_choices=STATE_CHOICES, type_names=TYPE_NAMES, known_variables=tuple(KNOWN.values())
)
