"""Files that a command writes: checked before the work begins, whole or not at all, never over another by accident."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from app.cli.output import cannot
from app.gateways.spreadsheets import WRITERS, Value


def checked_target(path: str, *, force: bool) -> Path:
    """A file that a table may be written to, known before the work is begun. Ends the program if it is none."""
    target = Path(path)
    if target.suffix.lower() not in WRITERS:
        cannot(f"--output 要写 .csv 或 .xlsx 文件，不是 {path} / --output takes a csv or xlsx file")
    refuse_to_replace(target, force=force)
    return target


def refuse_to_replace(target: Path, *, force: bool) -> None:
    """End the program if a file is there that nobody allowed us to replace."""
    if not target.parent.is_dir():
        cannot(f"没有文件夹 {target.parent}，请先建好 / no such folder")
    if target.exists() and not force:
        cannot(f"{target} 已存在，没有动它；要覆盖请加 --force / the file exists; --force replaces it")


def write_table(
    target: Path, title: str, headers: Sequence[str], rows: Iterable[Sequence[Value]], *, force: bool
) -> None:
    """Write a table whole, of the kind that the extension names; a file that is there is replaced only with `force`."""
    replace_whole(target, WRITERS[target.suffix.lower()](title, headers, rows), force=force)


def replace_whole(target: Path, content: bytes, *, force: bool) -> None:
    """Write a file whole or not at all. Ends the program if it cannot, or if one is there and `force` is not set."""
    part = target.with_name(f".{target.name}.part")
    try:
        part.write_bytes(content)
        if force:
            part.replace(target)
        else:
            # Looked at before, but another program may have been quicker: a link is made only where nothing is.
            target.hardlink_to(part)
    except FileExistsError:
        cannot(f"{target} 已存在，没有动它；要覆盖请加 --force / the file exists; --force replaces it")
    except OSError as error:
        cannot(f"写不了 {target}：{error.strerror} / cannot write {target}")
    finally:
        part.unlink(missing_ok=True)
