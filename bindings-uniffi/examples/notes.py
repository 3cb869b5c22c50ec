"""Two devices, one drive: a put, an edit on both sides, the conflict, its resolution. Run it with `../test.sh`."""

from __future__ import annotations

import asyncio
import json
import sys
import traceback
from datetime import timedelta

from kitestring import (
    Action, Application, Body, Change, Client, Conflict, ConflictKind, Document, Drive, Entry, Incoming, KiteError, Outcome, PartRequest,
    Resolution, Side, StagedPart, State,
)
from kitestring_application import BaseApplication


class Notes(BaseApplication):
    """What a program has anyway: its documents by id, each with a revision."""

    def __init__(self) -> None:
        self.docs: dict[str, tuple[str, bytes]] = {}

    # The three questions.
    async def get(self, ids: list[str]) -> list[Document]:
        return [Document(id=i, revision=self.docs[i][0], body=Body.WHOLE(self.docs[i][1])) for i in ids if i in self.docs]

    async def apply(self, changes: list[Incoming]) -> list[Outcome]:
        return [self.apply_one(change) for change in changes]

    def apply_one(self, change: Incoming) -> Outcome:
        if self.docs.get(change.id, (None,))[0] != change.expected:
            return Outcome.STALE()
        if change.body is None:
            self.docs.pop(change.id, None)
        else:
            self.docs[change.id] = (change.revision, change.body.bytes)
        return Outcome.APPLIED()

    async def entries(self, after: str | None, limit: int) -> list[Entry]:
        return [] if after is not None else [Entry(id=i, revision=r) for i, (r, _) in self.docs.items()]

    # What the program does when its user saves.
    async def save(self, client: Client, id: str, revision: str, text: str) -> None:
        self.docs[id] = (revision, body(text))
        await client.queue_change(Change(id=id, revision=revision, action=Action.PUT))

    def shown(self) -> dict[str, tuple[str, str]]:
        return {i: (revision, json.loads(value)["text"]) for i, (revision, value) in sorted(self.docs.items())}


class Archive(Notes):
    """A program that does not want to hold a large body in one piece: it says so, and passes parts."""

    def __init__(self) -> None:
        super().__init__()
        self.staged: dict[str, list[bytes]] = {}

    def whole_body_bytes(self) -> int | None:
        return 1 << 20

    async def get(self, ids: list[str]) -> list[Document]:
        whole = await super().get(ids)
        return [Document(id=d.id, revision=d.revision, body=self.in_parts(d.body)) for d in whole]

    def in_parts(self, body: Body) -> Body:
        return Body.PARTS(len(body.bytes)) if len(body.bytes) > 1 << 20 else body

    async def read_part(self, part: PartRequest) -> bytes | None:
        revision, value = self.docs.get(part.id, (None, b""))
        return value[part.offset : part.offset + part.length] if revision == part.revision else None

    async def stage_part(self, part: StagedPart) -> None:
        parts = [] if part.offset == 0 else self.staged[part.id]
        self.staged[part.id] = [*parts, part.bytes]

    def apply_one(self, change: Incoming) -> Outcome:
        if isinstance(change.body, Body.PARTS):
            change.body = Body.WHOLE(b"".join(self.staged[change.id]))
        return super().apply_one(change)


def body(text: str) -> bytes:
    return json.dumps({"text": text}).encode()


class Scenario:
    """Each method is a check; they run in this order, on the same two devices."""

    def __init__(self) -> None:
        self.drive = Drive.memory()
        self.phone, self.laptop = Notes(), Notes()

    async def open(self, notes: Application) -> Client:
        return await Client.open(notes, State.memory(), self.drive)

    async def what_is_put_on_one_device_arrives_on_the_other(self) -> None:
        self.on_phone, self.on_laptop = await asyncio.gather(self.open(self.phone), self.open(self.laptop))
        await self.phone.save(self.on_phone, "milk", "a-1", "1 litre")
        await self.phone.save(self.on_phone, "7", "1700000000000", "seven")
        equal((await self.on_phone.sync()).pushed, 2)
        equal((await self.on_laptop.sync()).pulled, 2)
        equal(self.laptop.shown(), {"7": ("1700000000000", "seven"), "milk": ("a-1", "1 litre")})

    async def an_edit_on_both_sides_is_a_conflict_and_the_local_document_stays(self) -> None:
        await self.phone.save(self.on_phone, "milk", "a-2", "2 litres")
        await self.laptop.save(self.on_laptop, "milk", "b-2", "oat milk")
        await self.on_phone.sync()
        equal(len((await self.on_laptop.sync()).conflicts), 1)
        [seen] = await self.on_laptop.conflicts()
        equal((seen.id, seen.kind, seen.local.revision, seen.remote.revision), ("milk", ConflictKind.EDIT_EDIT, "b-2", "a-2"))
        equal(self.laptop.shown()["milk"], ("b-2", "oat milk"))

    async def a_conflict_that_moved_since_it_was_shown_is_refused(self) -> None:
        [seen] = await self.on_laptop.conflicts()
        moved = Side(revision="b-1", digest="0" * 64)
        changed = Conflict(id=seen.id, kind=seen.kind, base=seen.base, local=moved, remote=seen.remote)
        error = await raised(KiteError.Condition, self.on_laptop.resolve(changed, Resolution.KEEP_LOCAL()))
        equal((error.info.code, error.info.retry_after), ("condition", timedelta(0)))

    async def a_merged_document_settles_it_on_both_devices(self) -> None:
        [seen] = await self.on_laptop.conflicts()
        merged = Resolution.MERGED(revision="b-3", body=Body.WHOLE(body("2 litres of oat milk")))
        await self.on_laptop.resolve(seen, merged)
        equal(await self.on_laptop.conflicts(), [])
        await self.on_laptop.sync()
        await self.on_phone.sync()
        equal(self.phone.shown(), self.laptop.shown())
        equal(self.phone.shown()["milk"], ("b-3", "2 litres of oat milk"))

    async def a_deletion_arrives(self) -> None:
        del self.phone.docs["7"]
        await self.on_phone.queue_change(Change(id="7", revision="1700000000001", action=Action.DELETE))
        await self.on_phone.sync()
        equal((await self.on_laptop.sync()).deleted, 1)
        equal(list(self.laptop.docs), ["milk"])

    async def an_edit_between_the_question_and_the_apply_is_not_overwritten(self) -> None:
        await self.phone.save(self.on_phone, "milk", "a-4", "3 litres")
        await self.on_phone.sync()

        async def apply(changes: list[Incoming]) -> list[Outcome]:
            del self.laptop.apply
            await self.laptop.save(self.on_laptop, "milk", "b-4", "soy milk")
            return await self.laptop.apply(changes)

        self.laptop.apply = apply
        await self.on_laptop.sync()
        await self.on_laptop.sync()
        equal(self.laptop.shown()["milk"], ("b-4", "soy milk"))
        [seen] = await self.on_laptop.conflicts()
        await self.on_laptop.resolve(seen, Resolution.TAKE_REMOTE())
        equal(self.laptop.shown(), self.phone.shown())
        await self.on_laptop.sync()
        equal(await self.on_laptop.conflicts(), [])

    async def a_large_body_travels_in_parts_to_and_from_a_host_that_asks_for_it(self) -> None:
        archive = Archive()
        on_archive = await self.open(archive)
        await self.phone.save(self.on_phone, "log", "a-5", "x" * (5 << 19))
        await self.on_phone.sync()
        await on_archive.sync()
        equal(len(archive.staged["log"]), 3)
        equal(archive.docs, self.phone.docs)
        await archive.save(on_archive, "log", "c-5", "y" * (3 << 20))
        await on_archive.sync()
        await self.on_phone.sync()
        equal(self.phone.docs, archive.docs)
        await self.on_laptop.sync()

    async def what_the_host_raises_is_application(self) -> None:
        async def get(ids: list[str]) -> list[Document]:
            raise OSError("the disk is on fire")

        self.laptop.get = get
        self.laptop.docs["tea"] = ("b-6", body("green"))

        async def queue_and_sync() -> None:
            await self.on_laptop.queue_change(Change(id="tea", revision="b-6", action=Action.PUT))
            await self.on_laptop.sync()

        error = await raised(KiteError.Application, queue_and_sync())
        equal((error.info.code, error.info.retry_after), ("application", None))
        assert "the disk is on fire" in error.info.detail, error.info.detail

    async def an_error_of_ours_that_the_host_passes_on_keeps_its_code(self) -> None:
        async def get(ids: list[str]) -> list[Document]:
            return await self.other_client_fails()

        self.laptop.get = get
        await raised(KiteError.InvalidInput, self.on_laptop.sync())
        del self.laptop.get
        await self.on_laptop.sync()
        await self.on_phone.sync()
        equal(self.phone.shown(), self.laptop.shown())

    async def other_client_fails(self) -> list[Document]:
        await self.on_phone.queue_change(Change(id="", revision="1", action=Action.PUT))
        return []

    async def a_host_without_the_base_class_fails_as_application(self) -> None:
        await raised(KiteError.Application, self.open(Application()))

    async def a_closed_client_says_cancelled(self) -> None:
        self.on_phone.shutdown()
        self.on_phone.shutdown()
        await raised(KiteError.Cancelled, self.on_phone.sync())


def equal(found: object, wanted: object) -> None:
    assert found == wanted, f"{found!r} is not {wanted!r}"


async def raised(kind: type, work) -> KiteError:
    try:
        await work
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} must be raised")


async def main() -> int:
    scenario, passed, failed = Scenario(), 0, 0
    for name, check in vars(Scenario).items():
        if name.startswith(("_", "open", "other_")):
            continue
        try:
            await check(scenario)
            passed += 1
            print(f"ok      {name.replace('_', ' ')}")
        except Exception:
            failed += 1
            print(f"FAILED  {name.replace('_', ' ')}")
            traceback.print_exc(file=sys.stdout)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
