"""Puts the library and what was generated into the wheel: `pip wheel .` builds the library for that, as it is shipped.

KITESTRING_PACKAGE names a folder in which `assemble.sh` has put a package together already.
"""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


class PackageHook(BuildHookInterface[Any]):
    """What is in the wheel, and on which systems it runs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        included, package = build_data["force_include"], assembled()
        for made in ("_native.*", "libkitestring_uniffi.*"):
            included.update((str(file), f"kitestring/{file.name}") for file in (package / "kitestring").glob(made))
        for name in ("LICENSE-APACHE", "LICENSE-MIT"):
            included[str(ROOT / name)] = f"kitestring/{name}"
        build_data["pure_python"] = False
        # The library asks for nothing of the interpreter: one wheel serves every version of Python.
        build_data["tag"] = f"py3-none-{platform()}"


def assembled() -> Path:
    """Returns the folder of the package."""
    given = os.environ.get("KITESTRING_PACKAGE")
    if given is not None:
        return Path(given).resolve()
    made = subprocess.run(["sh", HERE / "shipped.sh"], stdout=subprocess.PIPE, text=True, check=True)
    return Path(made.stdout.strip())


def platform() -> str:
    """Names this system as wheels do."""
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
