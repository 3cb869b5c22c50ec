"""Notes in an SQLite table, synced: what a program has anyway, and the few lines that Kitestring adds to it.

    notes.py DATABASE VAULT_FOLDER put ID TEXT | delete ID | sync | list
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path

from kitestring import (
    Action,
    Application,
    Body,
    Change,
    Client,
    Conflict,
    Document,
    Drive,
    Entry,
    Incoming,
    Outcome,
    Report,
    Resolution,
    State,
)

TABLE = """
CREATE TABLE IF NOT EXISTS notes (
    id TEXT PRIMARY KEY,
    revision TEXT NOT NULL,
    text TEXT, -- NULL in a note that was deleted, until that is committed
    change_committed INTEGER NOT NULL DEFAULT 0
)"""


class Notes(Application):
    """The table, and its answers to the client's questions."""

    def __init__(self, path: str | Path) -> None:
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.execute(TABLE)

    # What the program does when its user saves: one statement, in which the change is marked as not committed yet.
    def put(self, id: str, text: str) -> Change:
        return self.write(id, text, Action.PUT)

    def delete(self, id: str) -> Change:
        return self.write(id, None, Action.DELETE)

    def write(self, id: str, text: str | None, action: Action) -> Change:
        revision = uuid.uuid4().hex
        self.db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?, 0)", (id, revision, text))
        return Change(id=id, revision=revision, action=action)

    def shown(self) -> dict[str, str]:
        return dict(self.db.execute("SELECT id, text FROM notes WHERE text IS NOT NULL ORDER BY id"))

    # The three questions.
    async def get(self, ids: list[str]) -> list[Document]:
        rows = [row for id in ids for row in self.rows("WHERE id = ? AND text IS NOT NULL", (id,))]
        return [Document(id=id, revision=revision, body=Body.WHOLE(text.encode())) for id, revision, text in rows]

    async def apply(self, changes: list[Incoming]) -> list[Outcome]:
        # One transaction: all of it is durable before the answer, and nothing comes in between.
        self.db.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [self.apply_one(change) for change in changes]
            self.db.execute("COMMIT")
            return outcomes
        except BaseException:
            self.db.execute("ROLLBACK")
            raise

    def apply_one(self, change: Incoming) -> Outcome:
        found = self.rows("WHERE id = ? AND text IS NOT NULL", (change.id,))
        if (found[0][1] if found else None) != change.expected:
            return Outcome.STALE()
        if change.body is None:
            self.db.execute("DELETE FROM notes WHERE id = ?", (change.id,))
        else:
            assert isinstance(change.body, Body.WHOLE)
            text = change.body.bytes.decode()
            self.db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?, 1)", (change.id, change.revision, text))
        return Outcome.APPLIED()

    async def entries(self, after: str | None, limit: int) -> list[Entry]:
        rows = self.rows("WHERE text IS NOT NULL AND id > ? ORDER BY id LIMIT ?", (after or "", limit))
        return [Entry(id=id, revision=revision) for id, revision, _ in rows]

    # What a crash between the statement and `queue_change` leaves is found here.
    async def uncommitted(self, after: str | None, limit: int) -> list[Change]:
        rows = self.rows("WHERE change_committed = 0 AND id > ? ORDER BY id LIMIT ?", (after or "", limit))
        return [Change(id=id, revision=revision, action=Action.DELETE if text is None else Action.PUT) for id, revision, text in rows]

    async def committed(self, changes: list[Change]) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        for change in changes:
            self.db.execute("DELETE FROM notes WHERE id = ? AND revision = ? AND text IS NULL", (change.id, change.revision))
            self.db.execute("UPDATE notes SET change_committed = 1 WHERE id = ? AND revision = ?", (change.id, change.revision))
        self.db.execute("COMMIT")

    def rows(self, where: str, values: Iterable[object]) -> list[tuple[str, str, str]]:
        return self.db.execute(f"SELECT id, revision, text FROM notes {where}", tuple(values)).fetchall()


async def settle(client: Client) -> Report:
    """Syncs, and joins what was written on both sides."""
    report = await client.sync()
    for seen in await client.conflicts():
        await client.resolve(seen, await joined(client, seen))
    return await client.sync() if report.conflicts else report


async def joined(client: Client, seen: Conflict) -> Resolution:
    versions = await client.versions(seen.id)
    if versions.local is None or versions.remote is None:
        return Resolution.KEEP_LOCAL() if versions.local else Resolution.TAKE_REMOTE()
    bodies = [version.body for version in (versions.local, versions.remote)]
    lines = {line for body in bodies if isinstance(body, Body.WHOLE) for line in body.bytes.decode().splitlines()}
    return Resolution.MERGED(revision=uuid.uuid4().hex, body=Body.WHOLE("\n".join(sorted(lines)).encode()))


async def main(database: str, vault: str, command: str, *words: str) -> None:
    notes = Notes(database)
    async with Client.open(notes, State.sqlite(f"{database}.kite"), Drive.folder(vault)) as client:
        match command, words:
            case "put", (id, text):
                await client.queue_change(notes.put(id, text))
            case "delete", (id,):
                await client.queue_change(notes.delete(id))
            case "sync", ():
                report = await settle(client)
                print(f"pushed {report.pushed}, pulled {report.pulled}, deleted {report.deleted}")
            case "list", ():
                for id, text in notes.shown().items():
                    print(f"{id}: {text}")
            case _:
                sys.exit(__doc__)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    asyncio.run(main(*sys.argv[1:]))
