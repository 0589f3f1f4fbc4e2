"""What this machine has of what the project needs."""

import shutil
import sys
from dataclasses import dataclass
from importlib import metadata

from analysis import datasets
from analysis.errors import StudyError


@dataclass(frozen=True)
class Finding:
    """One thing looked at: is it `ok`, and is it `needed` (or only useful)?"""

    text: str
    ok: bool
    needed: bool = True


def findings() -> list[Finding]:
    """Python, the locked packages, the datasets by name, the browser."""
    version = ".".join(map(str, sys.version_info[:3]))
    found = [Finding(f"Python {version} (3.11 to 3.13)", (3, 11) <= sys.version_info[:2] <= (3, 13))]
    wrong = _unlike_the_lock()
    found.append(Finding("packages at the versions of requirements.lock" + (f", but not {wrong[0]}" if wrong else ""),
                         not wrong))
    for name in (*datasets.BUILT_IN, *datasets.registered()):
        try:
            held = datasets.find(name).present
            found.append(Finding(f"dataset {name}: {len(held)} tables", True))
        except StudyError as error:
            found.append(Finding(f"dataset {name}: {error}", False, needed=name in datasets.BUILT_IN))
    chromium = shutil.which("chromium")
    found.append(Finding("chromium, for the browser tests", bool(chromium), needed=False))
    return found


def _unlike_the_lock() -> list[str]:
    lock = datasets.ROOT / "requirements.lock"
    pins = [line.split(";")[0].split("\\")[0].strip() for line in lock.read_text().splitlines()
            if line[:1].isalnum() and ";" not in line]
    return [pin for pin in pins if _installed(pin.partition("==")[0]) != pin.partition("==")[2]]


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
