"""Find the settings file of `miaohui lint`, read it, and join it with what the command line says."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.cli.output import cannot
from lint.config import ConfigError, Settings, read_settings

_PROJECT: Final = ("tool", "miaohui", "lint")
_OWN: Final = ("lint",)
# In one folder the file that is only ours comes first.
_NAMES: Final = ((".miaohui.toml", _OWN), ("pyproject.toml", _PROJECT))


@dataclass(frozen=True, slots=True)
class Config:
    """Settings, and the folder that their paths are relative to."""

    settings: Settings = field(default_factory=Settings)
    base: Path = field(default_factory=Path.cwd)
    file: Path | None = None

    def path(self, written: str) -> Path:
        """A path of the settings file, from the working directory where that is shorter."""
        return _from_here(self.base / written)


def load_config(named: str | None, *, look: bool) -> Config:
    """The named file, or with `look` the nearest upward from the working directory. Ends with exit 2 if it is broken."""
    if named is not None:
        path = Path(named)
        sections = (_PROJECT,) if path.name == "pyproject.toml" else (_OWN,)
        for section in sections:
            settings = _read(path, named, section)
            if settings is not None:
                return Config(settings, path.absolute().parent, path)
        cannot(
            f"{named} 里没有 [{'.'.join(sections[0])}] 一节，请加上 / no such section in the settings file"
        )
    if look:
        for folder in (Path.cwd(), *Path.cwd().parents):
            for name, section in _NAMES:
                path = folder / name
                if path.is_file():
                    settings = _read(path, str(_from_here(path)), section)
                    if settings is not None:
                        return Config(settings, folder, path)
    return Config()


def _read(path: Path, shown: str, section: tuple[str, ...]) -> Settings | None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        cannot(
            f"读不了设置文件 {shown}：{error.strerror}，请检查路径和权限，或用 --no-config / cannot read it"
        )
    except UnicodeDecodeError:
        cannot(f"设置文件 {shown} 不是 UTF-8，请另存为 UTF-8，或用 --no-config / not UTF-8")
    try:
        return read_settings(shown, text.replace("\r\n", "\n"), section)
    except ConfigError as error:
        cannot(str(error))


def _from_here(path: Path) -> Path:
    """A path from the working directory where it lies below it, else as it is."""
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
