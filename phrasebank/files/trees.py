"""JSON, JSON Lines, YAML and TOML: documents, the records in them, and records as documents."""

from __future__ import annotations

import io
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson
import yaml

from phrasebank.columns import ColumnNames, header_name, with_lists
from phrasebank.files.limits import MAX_DEPTH, MAX_ROWS
from phrasebank.files.remarks import FormatError, Place, Remarks, Row
from phrasebank.files.shapes import translator_of
from phrasebank.files.values import JSON_MARK, marked_record
from phrasebank.phrase import COLUMNS, PhraseError

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
MAX_LOOSE_YAML: Final = 8 * 1024 * 1024
"""Code points of YAML that is no list at its top: all its nodes, some eighty times its size, are in memory at once."""
_LISTS: Final = ("phrases", "list", "items", "records", "macros", "text_modules", "results", "rows", "话术")
"""Keys under which programs keep the list of their records."""
_WRAPPERS: Final = ("data", "result", "response")


# Documents


def load_json(text: str) -> Any:
    """The value of a JSON text. Raises `FormatError`; for a key that stands twice too, since one would be lost."""
    try:
        return json.loads(text, object_pairs_hook=_pairs, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise FormatError(f"JSON 第 {error.lineno} 行第 {error.colno} 列有误：{error.msg}") from None
    except RecursionError:
        raise FormatError("JSON 嵌套过深") from None
    except ValueError as error:
        raise error if isinstance(error, FormatError) else FormatError(f"JSON 有误：{error}") from None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for place, key in enumerate(keys) if key in keys[:place])
        raise FormatError(f"JSON 有误：同一对象里键「{twice[:40]}」出现两次")
    return record


def _no_constant(name: str) -> Any:
    raise FormatError(f"JSON 有误：{name} 不是 JSON 的值")


class _Loader(yaml.composer.Composer, _LOADER):  # type: ignore[misc,valid-type]
    """YAML as people mean it (the core schema of 1.2): 007, 12:30 and no are texts, and no key stands twice.

    The nodes are composed here and not in C, so that those of a long list need not all be there at once.
    """

    def __init__(self, text: str) -> None:
        _LOADER.__init__(self, text)
        yaml.composer.Composer.__init__(self)
        self._depth = 0
        self._length = len(text)

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            raise FormatError(f"YAML 第 {_line_of(event)} 行用了别名 *{event.anchor}，请写全")
        if self._depth > MAX_DEPTH:
            raise FormatError(f"YAML 第 {_line_of(event)} 行嵌套超过 {MAX_DEPTH} 层")
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1

    def document(self) -> Any:
        """The one document of the text, None if there is none."""
        self.get_event()  # the start of the stream
        if self.check_event(yaml.StreamEndEvent):
            return None
        self.get_event()  # the start of the document
        if self.check_event(yaml.SequenceStartEvent) and self.peek_event().tag is None:
            self.get_event()
            document: Any = []
            while not self.check_event(yaml.SequenceEndEvent):
                document.append(self._constructed())
            self.get_event()
        elif self._length > MAX_LOOSE_YAML:
            raise FormatError(
                f"YAML 超过 {MAX_LOOSE_YAML // 1024 // 1024} MB 时，最外层要写成列表（每条以 - 开头）"
            )
        else:
            document = self._constructed()
        self.get_event()  # the end of the document
        if not self.check_event(yaml.StreamEndEvent):
            line = _line_of(self.peek_event())
            raise FormatError(f"YAML 第 {line} 行开始了第二份文档，请合成一份")
        return document

    def _constructed(self) -> Any:
        node = self.compose_node(None, None)
        self.anchors = {}
        return self.construct_document(node)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in getattr(node, "value", ()):
            if key.value in seen if isinstance(key, yaml.ScalarNode) else False:
                raise yaml.constructor.ConstructorError(
                    None, None, f"键「{str(key.value)[:40]}」出现两次", key.start_mark
                )
            if isinstance(key, yaml.ScalarNode):
                seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping

    def construct_yaml_float(self, node: Any) -> float | str:
        value = float(node.value)
        # 1.10 may be a code or a version: a number that would not be written so again stays a text
        same = yaml.representer.SafeRepresenter().represent_float(value).value == node.value
        return value if same else str(node.value)


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+][0-9]+)?", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})\\Z"), list(_first))
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)


def load_yaml(text: str) -> Any:
    """The one document of a YAML text. Raises `FormatError` if it is broken, nested too deeply, or uses aliases.

    Aliases let a small file grow without bound.
    """
    try:
        loader = _Loader(text)
        try:
            return loader.document()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark is not None else ""
        said = getattr(error, "problem", None) or " ".join(str(error).split())
        raise FormatError(f"YAML {where}有误：{said}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"YAML 有误：{error}") from None


def _line_of(event: Any) -> int:
    """The line where an event of the parser stands, from 1."""
    return int(event.start_mark.line) + 1


def load_toml(text: str) -> Any:
    """The table of a TOML text. Raises `FormatError`."""
    try:
        return tomllib.loads(text.replace("\r\n", "\n"))
    except (ValueError, RecursionError) as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        where = f"第 {place[1]} 行第 {place[2]} 列" if place else ""
        said = str(error)[: place.start()].strip() if place else str(error)
        raise FormatError(f"TOML {where}有误：{said}") from None


# Records


def line_records(text: str, names: ColumnNames, remarks: Remarks) -> Iterator[Row]:
    """The records of JSON Lines; a line that is no object is refused and the others are read."""
    for number, line in enumerate(io.StringIO(text, newline="\n"), start=1):
        if not line.strip():
            continue
        if number > MAX_ROWS:
            raise FormatError(f"超过 {MAX_ROWS} 行，请分成几个文件")
        remarks.on_row(number)
        place = Place(number)
        try:
            record = load_json(line)
        except FormatError as error:
            remarks.refuse(place, "", f"不是 JSON：{error}")
            continue
        if not isinstance(record, dict):
            remarks.refuse(place, "", "应为 JSON 对象")
            continue
        yield from _understood(record, place, names, remarks)


def document_records(
    document: Any, names: ColumnNames, remarks: Remarks, *, lone: bool = False
) -> Iterator[Row]:
    """The records of a list, of an object that holds one, or of groups `{"category": …, "phrases": [...]}`, from 1.

    With `lone`, the document may itself be one record.
    """
    if isinstance(document, dict) and not lone and "text" in names.known_in([str(key) for key in document]):
        raise FormatError("没有找到话术：应为列表，或含 phrases 列表的表")
    number = 0
    for number, record in enumerate(_records(document, {}, names, remarks), start=1):
        if number > MAX_ROWS:
            raise FormatError(f"超过 {MAX_ROWS} 条，请分成几个文件")
        remarks.on_row(number)
        place = Place(number, unit="条")
        if isinstance(record, Mapping):
            yield from _understood(record, place, names, remarks)
        else:
            yield place, {"text": record}
    if not number:
        raise FormatError("没有找到话术：应为列表，或含 phrases 列表的对象")


def _understood(
    record: Mapping[str, Any], place: Place, names: ColumnNames, remarks: Remarks
) -> Iterator[Row]:
    renamed = names.renamed(record)
    translate = translator_of({header_name(str(key)) for key in record}, list(renamed))
    try:
        yield place, with_lists(translate(renamed, place, remarks))
    except PhraseError as error:
        remarks.refuse(place, error.column, error.reason)


def _records(
    document: Any, inherited: Mapping[str, Any], names: ColumnNames, remarks: Remarks
) -> Iterator[Any]:
    if isinstance(document, list):
        for item in document:
            if isinstance(item, dict) and isinstance(item.get("phrases"), list):
                yield from _records(item, inherited, names, remarks)
            elif isinstance(item, dict):
                yield {**inherited, **item}
            else:
                yield {**inherited, "text": item} if inherited else item
    elif isinstance(document, dict):
        yield from _held(document, inherited, names, remarks)


def _held(
    document: dict[str, Any], inherited: Mapping[str, Any], names: ColumnNames, remarks: Remarks
) -> Iterator[Any]:
    """What an object holds: groups and a list that names them, a list of records, a wrapper around one, or itself a record."""
    if isinstance(document.get("groups"), list) and isinstance(document.get("list"), list):
        yield from _grouped(document, remarks)
        return
    if "text" in names.known_in([str(key) for key in document]) or isinstance(document.get("actions"), list):
        yield {**inherited, **document}
        return
    for key in _LISTS:
        if isinstance(document.get(key), list):
            named = {"category": document["category"]} if document.get("category") else inherited
            _say_unread(document, {key, "category"}, remarks)
            yield from _records(document[key], named, names, remarks)
            return
    for key in _WRAPPERS:
        if isinstance(document.get(key), dict | list):
            _say_unread(document, {key}, remarks)
            yield from _records(document[key], inherited, names, remarks)
            return
    if document and all(isinstance(value, list) for value in document.values()):
        for category, items in document.items():
            yield from _records(items, {"category": str(category)}, names, remarks)


def _grouped(document: dict[str, Any], remarks: Remarks) -> Iterator[Any]:
    """The object of the 千牛 interface: groups with ids, and a list whose entries name their group by it."""
    groups = {
        str(group["id"]): str(group.get("name") or "")
        for group in document["groups"]
        if isinstance(group, dict) and group.get("id") is not None
    }
    used = set()
    _say_unread(document, {"groups", "list"}, remarks)
    for number, item in enumerate(document["list"], start=1):
        if not isinstance(item, dict):
            yield item
            continue
        group = str(item.get("groupId"))
        used.add(group)
        if group not in groups and item.get("groupId") is not None:
            remarks.note(Place(number, unit="条"), "category", f"没有编号为 {group[:40]} 的分组，分组留空")
        yield {**item, "category": groups[group]} if groups.get(group) else item
    for name in [name for group, name in groups.items() if group not in used]:
        remarks.note(Place(0, unit="条"), "category", f"分组「{name[:40]}」里没有话术，没有带入")


def _say_unread(document: Mapping[str, Any], read: set[str], remarks: Remarks) -> None:
    unread = [str(key) for key in document if key not in read]
    if unread:
        remarks.note(Place(0, unit="条"), "", f"话术列表外面的 {'、'.join(unread)[:200]} 没有读")


# Writing


def write_json_lines(records: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


def write_json(records: Sequence[Mapping[str, Any]]) -> bytes:
    return orjson.dumps(list(records), option=orjson.OPT_INDENT_2) + b"\n"


class _Dumper(_DUMPER):  # type: ignore[misc,valid-type]
    """Writes a value that stands in two places twice, since we read no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def write_yaml(records: Sequence[Mapping[str, Any]]) -> bytes:
    # One by one, since a dumper keeps nodes of all that it is given; lists of one, one after the other, are a list.
    texts = (
        yaml.dump([record], Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110)
        for record in records
    )
    return "".join(texts).encode() or b"[]\n"


_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")


def write_toml(records: Sequence[Mapping[str, Any]]) -> bytes:
    """A `[[phrases]]` table for each. TOML knows no null, so an unknown column that holds one is written as JSON."""
    lines = []
    for record in records:
        marked = frozenset(
            key
            for key, value in record.items()
            if key not in COLUMNS and (key.startswith(JSON_MARK) or _holds_null(value))
        )
        lines.append("[[phrases]]")
        lines += [f"{_toml(str(key), key=True)} = {_toml(value)}" for key, value in marked_record(record, marked).items()]  # fmt: skip
        lines.append("")
    return "\n".join(lines).encode()


def _toml(value: Any, *, key: bool = False) -> str:
    if isinstance(value, str):
        if key and _BARE_KEY.fullmatch(value):
            return value
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(str(name), key=True)} = {_toml(item)}" for name, item in value.items()) + "}"  # fmt: skip
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(value)


def _holds_null(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_null(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_null(item) for item in value)
    return value is None
