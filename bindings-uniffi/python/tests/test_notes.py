"""The example: notes in SQLite tables, in this process, in killed ones, and in two at once."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT
from kitestring import Client, Drive, State
from notes import Notes, settle

EXAMPLE = ROOT / "bindings-uniffi/examples/notes.py"


def run(*words: object, **more: object) -> str:
    done = subprocess.run([sys.executable, EXAMPLE, *map(str, words)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_syncs_two_devices_and_joins_a_conflict(tmp_path):
    phone, laptop, vault = tmp_path / "phone", tmp_path / "laptop", tmp_path / "vault"
    run(phone, vault, "put", "milk", "1 litre")
    assert run(phone, vault, "sync") == "pushed 1, pulled 0, deleted 0\n"
    run(laptop, vault, "sync")
    run(phone, vault, "put", "milk", "2 litres")
    run(laptop, vault, "put", "milk", "oat milk")
    for device in (phone, laptop, phone):
        run(device, vault, "sync")
    assert run(phone, vault, "list") == run(laptop, vault, "list") == "milk: 2 litres\noat milk\n"
    run(phone, vault, "delete", "milk")
    run(phone, vault, "sync")
    run(laptop, vault, "sync")
    assert run(laptop, vault, "list") == ""


async def test_an_edit_that_was_not_committed_is_queued_by_the_next_opening(tmp_path):
    """The program dies between its own write and `queue_change`."""
    drive = Drive.folder(str(tmp_path / "vault"))
    notes = Notes(tmp_path / "notes")
    notes.put("milk", "1 litre")
    notes.put("tea", "green")
    notes.delete("tea")
    async with Client.open(notes, State.sqlite(str(tmp_path / "state")), drive) as client:
        assert (await client.status()).queued == 2
        assert await notes.uncommitted(None, 10) == []
        assert (await settle(client)).pushed == 1
    other = Notes(tmp_path / "other")
    async with Client.open(other, State.memory(), drive) as client:
        await settle(client)
    assert other.shown() == {"milk": "1 litre"}


KILLED = """
import asyncio, os, sys
from kitestring import *
from notes import Notes

async def main(database, vault, calls):
    class Dying(Notes):
        left = int(calls)
        def rows(self, *given):
            Dying.left -= 1
            if Dying.left == 0:
                os._exit(9)
            return super().rows(*given)
    notes = Dying(database)
    for number in range(20):
        notes.put(f"n{number}", f"text {number}")
    client = await Client.open(notes, State.sqlite(database + ".kite"), Drive.folder(vault))
    await client.sync(reconcile=True)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("calls", [1, 2, 3, 5, 9, 17, 23])
def test_a_killed_process_loses_nothing(tmp_path, calls):
    database, vault = tmp_path / "phone", tmp_path / "vault"
    command = [sys.executable, "-c", KILLED, database, vault, str(calls)]
    done = subprocess.run(command, cwd=EXAMPLE.parent, capture_output=True, text=True, timeout=120)
    assert done.returncode == 9, done.stderr
    run(database, vault, "sync")
    run(tmp_path / "laptop", vault, "sync")
    shown = run(tmp_path / "laptop", vault, "list")
    assert shown == run(database, vault, "list") and len(shown.splitlines()) == 20


BUSY = """
import asyncio, sqlite3, sys
from kitestring import *
from notes import Notes, settle

async def main(database, vault, name):
    notes = Notes(database)
    notes.db.execute("PRAGMA busy_timeout = 20000")
    for number in range(15):
        change = notes.put(f"{name}-{number}", f"text {number}")
        try:
            # What is not queued is found by the next opening: the table says that it is not committed.
            async with Client.open(notes, State.sqlite(database + ".kite"), Drive.folder(vault)) as client:
                await client.queue_change(change)
                await client.sync()
        except KiteError as error:
            print(error.info.code)

asyncio.run(main(*sys.argv[1:]))
"""


def test_two_processes_on_one_state_take_turns_and_lose_nothing(tmp_path):
    """A state is for one client at a time: the other one is told so, and what it wrote is found by the next opening."""
    database, vault = tmp_path / "phone", tmp_path / "vault"
    run(database, vault, "sync")
    command = [sys.executable, "-c", BUSY, database, vault]
    both = [subprocess.Popen([*command, name], cwd=EXAMPLE.parent, stdout=subprocess.PIPE, text=True) for name in "ab"]
    said = [process.communicate(timeout=240)[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert {code for codes in said for code in codes} <= {"locked"}, said
    wanted = sorted(f"{name}-{number}: text {number}" for name in "ab" for number in range(15))
    assert sorted(run(database, vault, "list").splitlines()) == wanted
    run(database, vault, "sync")
    run(tmp_path / "laptop", vault, "sync")
    assert sorted(run(tmp_path / "laptop", vault, "list").splitlines()) == wanted


def test_the_readme_runs(tmp_path):
    text = (ROOT / "bindings-uniffi/python/README.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(code.splitlines()) <= 36
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "1 pushed\n"), done.stderr
