"""The wheel, in an environment in which there is nothing else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import kitestring
import pytest
from conftest import ROOT

FOLDER = ROOT / "bindings-uniffi/python"
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """A wheel of the package under test, installed in an environment of its own: the interpreter there."""
    package = tmp_path / "package"
    shutil.copytree(Path(kitestring.__file__).parent, package / "kitestring")
    for library in (package / "kitestring").glob("libkitestring_uniffi.*"):
        subprocess.run(["strip", "-x", library], check=True)
    wheels = tmp_path / "wheels"
    build = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", wheels, FOLDER]
    subprocess.run(build, env={**os.environ, "KITESTRING_PACKAGE": str(package)}, check=True)
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    interpreter = home / "bin/python"
    [wheel] = wheels.iterdir()
    subprocess.run([*PIP, "--python", interpreter, "install", "--no-index", "--no-deps", wheel], check=True)
    return interpreter


def test_the_readme_runs_from_the_wheel(python: Path, tmp_path: Path) -> None:
    [code] = re.findall(r"```python\n(.*?)```", (FOLDER / "README.md").read_text(), re.DOTALL)
    elsewhere = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60, cwd=tmp_path, env=elsewhere)
    assert (done.returncode, done.stdout) == (0, "1 pushed\n"), done.stderr
    [installed] = tmp_path.glob("venv/lib/python*/site-packages/kitestring")
    there = {file.name for file in installed.iterdir()}
    assert {"py.typed", "_native.pyi", "LICENSE-APACHE", "LICENSE-MIT"} <= there
