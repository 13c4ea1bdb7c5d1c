"""Fetch the browser libraries that the pages carry, and write `VENDORED.md` beside them.

Run from anywhere; needs the `npm` client (used as it is set up on this machine) and nothing else:

    python tools/vendor_assets.py            # fetch, copy, write both VENDORED.md files
    python tools/vendor_assets.py --check    # no network: do the files still have the digests written down?

The files are copied byte for byte, so that their digests can be compared with the published package.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STATIC = ROOT / "app" / "web" / "static"
TEST_TOOLS = ROOT / "tests" / "dashboard"


@dataclass(frozen=True, slots=True)
class Package:
    """An npm package, its licence (SPDX), and which of its files go where: (path in the package, our name)."""

    name: str
    version: str
    licence: str
    files: tuple[tuple[str, str], ...]
    note: str = ""


SHIPPED = (
    Package(
        "htmx.org",
        "4.0.1",
        "0BSD",
        (
            ("dist/htmx.min.js", "htmx.min.js"),
            ("dist/ext/hx-sse.min.js", "hx-sse.min.js"),
            ("LICENSE", "LICENSE-htmx.txt"),
        ),
        "`hx-sse.min.js` is the server-sent-events extension that ships inside htmx 4.",
    ),
    Package(
        "uplot",
        "1.6.32",
        "MIT",
        (
            ("dist/uPlot.iife.min.js", "uPlot.iife.min.js"),
            ("dist/uPlot.min.css", "uPlot.min.css"),
            ("LICENSE", "LICENSE-uPlot.txt"),
        ),
    ),
)
FOR_TESTS = (
    Package(
        "axe-core",
        "4.14.1",
        "MPL-2.0",
        (
            ("axe.min.js", "axe.min.js"),
            ("LICENSE", "LICENSE-axe-core.txt"),
            ("LICENSE-3RD-PARTY.txt", "LICENSE-axe-core-3RD-PARTY.txt"),
        ),
        "A test tool, never part of the installed package. Its source form (`axe.js` and the project it is "
        "built from) is in the npm package of the same name and version, under the Mozilla Public License 2.0.",
    ),
)
PLACES = ((STATIC, SHIPPED), (TEST_TOOLS, FOR_TESTS))


def fetch(package: Package, into: Path) -> None:
    """Copy the chosen files of `package` into the folder `into`."""
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["npm", "pack", "--json", f"{package.name}@{package.version}"],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        )
        archive = Path(folder) / json.loads(packed.stdout)[0]["filename"]
        with tarfile.open(archive) as tar:
            for source, name in package.files:
                member = tar.extractfile(f"package/{source}")
                if member is None:
                    sys.exit(f"{package.name}@{package.version} has no file {source}")
                with member, (into / name).open("wb") as target:
                    shutil.copyfileobj(member, target)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def document(place: Path, packages: tuple[Package, ...]) -> str:
    lines = [
        "# Vendored files",
        "",
        "Other people's work, copied byte for byte. Written by `python tools/vendor_assets.py`; do not edit by hand.",
        "`python tools/vendor_assets.py --check` compares the digests, and a test does so too.",
        "",
        "| file | package (npm) | version | licence | sha256 |",
        "|---|---|---|---|---|",
    ]
    for package in packages:
        for _, name in package.files:
            path = place / "vendor" / name
            lines.append(
                f"| `vendor/{name}` | {package.name} | {package.version} | {package.licence} | `{digest(path)}` |"
            )
    notes = [f"- {package.name}: {package.note}" for package in packages if package.note]
    return "\n".join([*lines, "", *notes, ""]).rstrip("\n") + "\n"


def mismatches(place: Path) -> list[str]:
    """The files listed in `place`/VENDORED.md that are missing or have another digest, and files not listed."""
    listed = dict(
        re.findall(r"^\| `(vendor/[^`]+)` .* `([0-9a-f]{64})` \|$", (place / "VENDORED.md").read_text(), re.M)
    )
    found = {f"vendor/{path.name}": digest(path) for path in (place / "vendor").iterdir()}
    return sorted(name for name in listed.keys() | found.keys() if listed.get(name) != found.get(name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare digests only; no network")
    if parser.parse_args().check:
        wrong = [f"{place.relative_to(ROOT)}/{name}" for place, _ in PLACES for name in mismatches(place)]
        sys.exit("differs from VENDORED.md: " + ", ".join(wrong) if wrong else 0)
    for place, packages in PLACES:
        (place / "vendor").mkdir(parents=True, exist_ok=True)
        for package in packages:
            fetch(package, place / "vendor")
            print(f"{package.name} {package.version} -> {place.relative_to(ROOT)}/vendor")
        (place / "VENDORED.md").write_text(document(place, packages), encoding="utf-8")


if __name__ == "__main__":
    main()
