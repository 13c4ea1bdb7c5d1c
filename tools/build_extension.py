"""Pack `extension/` into `dist/miaohui-extension-VERSION.zip`, the same bytes from the same files wherever it is done.

    python tools/build_extension.py [FOLDER]

VERSION is the one of `pyproject.toml`; the manifest in the package bears it. Only the standard library is used.
"""

from __future__ import annotations

import json
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

REPO: Final = Path(__file__).resolve().parents[1]
EXTENSION: Final = REPO / "extension"
SUFFIXES: Final = {".js", ".css", ".html", ".json", ".png"}
"""What a package may hold. Anything else in the folder stops the build, rather than being shipped or left out unseen."""
MOMENT: Final = (1980, 1, 1, 0, 0, 0)
MODE: Final = 0o100644 << 16


def version() -> str:
    with (REPO / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def contents() -> Iterator[tuple[str, bytes]]:
    """The files of the package by name, sorted. Raises `ValueError` for a file that does not belong there."""
    for path in sorted(EXTENSION.rglob("*"), key=lambda path: path.relative_to(EXTENSION).as_posix()):
        if path.is_dir():
            continue
        name = path.relative_to(EXTENSION).as_posix()
        if path.suffix not in SUFFIXES or any(
            part.startswith(".") for part in path.parts[len(EXTENSION.parts) :]
        ):
            raise ValueError(f"extension/{name} 不该进安装包 / does not belong in the package")
        yield name, with_version(path.read_bytes()) if name == "manifest.json" else path.read_bytes()


def with_version(manifest: bytes) -> bytes:
    record = json.loads(manifest) | {"version": version()}
    return (json.dumps(record, ensure_ascii=False, indent=2) + "\n").encode()


def build(folder: Path) -> Path:
    """Write the package into the folder; its path. Nothing is compressed, since compressors differ in their bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"miaohui-extension-{version()}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as package:
        for name, body in contents():
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.create_system = 3
            entry.external_attr = MODE
            package.writestr(entry, body)
    return target


def main() -> None:
    try:
        target = build(Path(sys.argv[1]) if len(sys.argv) > 1 else REPO / "dist")
    except ValueError as error:
        raise SystemExit(f"build_extension: {error}") from None
    print(target)


if __name__ == "__main__":
    main()
