"""The program of notes in Python; the README says what the words do."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bindings-uniffi/examples"))

from kitestring import Body, Client, Conflict, Document, Drive, Entry, Incoming, KiteError, Outcome, Resolution, State
from notes import Notes


class Ending(Notes):
    """Notes in SQLite, whose process may end at a call."""

    calls = -1

    def called(self) -> None:
        self.calls -= 1
        if self.calls == 0:
            os._exit(9)

    async def get(self, ids: list[str]) -> list[Document]:
        self.called()
        return await super().get(ids)

    async def apply(self, changes: list[Incoming]) -> list[Outcome]:
        self.called()
        return await super().apply(changes)

    async def entries(self, after: str | None, limit: int) -> list[Entry]:
        self.called()
        return await super().entries(after, limit)


async def run(vault: str, database: str, words: list[str]) -> None:
    notes = Ending(database)
    async with Client.open(notes, State.sqlite(f"{database}.kite"), Drive.folder(vault)) as client:
        for word in words:
            verb, _, given = word.partition(":")
            id, _, text = given.partition("=")
            if verb == "put":
                await client.queue_change(notes.put(id, text))
            elif verb == "lose":
                notes.put(id, text)
            elif verb == "delete":
                await client.queue_change(notes.delete(given))
            elif verb == "kill":
                notes.calls = int(given)
            elif verb == "sync":
                await sync(client)
            elif verb == "show":
                for id, text in sorted(notes.shown().items(), key=lambda item: item[0].encode()):
                    print(f"{id}={text}".replace("\n", " + "))
            else:
                sys.exit(f"there is no such word: {word}")


async def sync(client: Client) -> None:
    for _ in range(50):
        try:
            await client.sync()
            conflicts = await client.conflicts()
            for seen in conflicts:
                await client.resolve(seen, await resolution(client, seen))
            if not conflicts:
                return
        except (KiteError.Locked, KiteError.Unavailable, KiteError.Condition):
            await asyncio.sleep(0.1)
    sys.exit("there is always something left to settle")


async def resolution(client: Client, seen: Conflict) -> Resolution:
    versions = await client.versions(seen.id)
    if versions.local is None or versions.remote is None:
        return Resolution.KEEP_LOCAL() if versions.local else Resolution.TAKE_REMOTE()
    bodies = [version.body for version in (versions.local, versions.remote)]
    lines = {line for body in bodies if isinstance(body, Body.WHOLE) for line in body.bytes.decode().splitlines()}
    text = "\n".join(sorted(lines, key=str.encode)).encode()
    return Resolution.MERGED(revision=f"m-{hashlib.sha256(text).hexdigest()[:16]}", body=Body.WHOLE(text))


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2], sys.argv[3:]))
