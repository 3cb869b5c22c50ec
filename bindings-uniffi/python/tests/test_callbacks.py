"""Hosts that throw, call back, answer nonsense, or never answer; calls that are cancelled at every point."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from conftest import Device, Memory, devices, raises
from kitestring import Body, Document, Drive, Entry, ErrorInfo, KiteError, Outcome

METHODS = ["get", "apply", "entries", "uncommitted", "committed"]


class Flagged(Memory):
    """A host that has a flag for what is committed: whether it has one is seen by its class."""

    async def uncommitted(self, after, limit):
        return []

    async def committed(self, changes):
        pass


async def prepared() -> tuple[Device, Device]:
    """A device with an edit to push, and another one with news."""
    [phone] = await devices(1)
    laptop = Device(phone.drive, Flagged())
    await laptop.open()
    await phone.save("milk", "a-1", "1 litre")
    await phone.client.sync()
    laptop.host.docs["tea"] = ("b-1", b"green")
    return phone, laptop


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("fault", ["raises", "answers nonsense", "raises ours", "is not async"])
async def test_a_host_with_a_fault_fails_as_application_and_goes_on_when_it_is_mended(method, fault, capfd):
    _, laptop = await prepared()

    async def raising(*_: object) -> None:
        raise OSError("the disk is on fire")

    async def nonsense(*_: object) -> object:
        return 42

    async def ours(*_: object) -> None:
        raise KiteError.Locked(ErrorInfo(code="locked", operation="x", detail="by the other window", owner="w", until_ms=7))

    def plain(*_: object) -> list[object]:
        return []

    setattr(laptop.host, method, {"raises": raising, "answers nonsense": nonsense, "raises ours": ours, "is not async": plain}[fault])
    code = "locked" if fault == "raises ours" else "application"
    nonsense_is_fine = method == "committed" and fault == "answers nonsense"

    async def work() -> None:
        if method == "uncommitted":
            await laptop.open()
        await laptop.client.queue_put("tea", "b-1")
        await laptop.client.sync()

    if nonsense_is_fine:
        await work()
    else:
        with raises(code) as raised:
            await work()
        assert raised.value.info.code == code
        if fault == "raises":
            assert "the disk is on fire" in raised.value.info.detail
    delattr(laptop.host, method)
    await laptop.client.sync(reconcile=True)
    assert laptop.host.docs == {"milk": ("a-1", b"1 litre"), "tea": ("b-1", b"green")}


@pytest.mark.parametrize("method", ["get", "apply", "entries"])
async def test_a_host_that_never_answers_is_given_up(method):
    phone, _ = await prepared()
    laptop = Device(phone.drive)
    await laptop.open(callback_timeout=timedelta(milliseconds=50))

    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    setattr(laptop.host, method, never)
    with raises("application") as raised:
        await laptop.client.sync(reconcile=True)
    assert method in (raised.value.info.operation, *raised.value.info.detail.split())
    delattr(laptop.host, method)
    assert (await laptop.client.sync()).pulled == 1


@pytest.mark.parametrize("method", ["get", "apply", "entries"])
async def test_a_host_may_call_the_client_from_a_callback(method):
    phone, laptop = await prepared()
    await laptop.client.queue_put("tea", "b-1")
    plain = getattr(laptop.host, method)
    said = []

    async def calling(*given: object) -> object:
        delattr(laptop.host, method)
        await laptop.save("jam", "b-1", "plum")
        said.append((await laptop.client.status()).queued)
        return await plain(*given)

    setattr(laptop.host, method, calling)
    await laptop.client.sync(reconcile=True)
    await laptop.client.sync()
    assert said and said[0] >= 1
    await phone.client.sync()
    assert phone.host.docs == laptop.host.docs and set(phone.host.docs) == {"milk", "tea", "jam"}


async def test_a_sync_from_a_callback_waits_for_itself_until_the_time_limit():
    phone, _ = await prepared()
    laptop = Device(phone.drive)
    await laptop.open(callback_timeout=timedelta(milliseconds=100))
    plain = laptop.host.apply

    async def syncing(changes: object) -> list[Outcome]:
        await laptop.client.sync()
        return await plain(changes)

    laptop.host.apply = syncing
    with raises("application"):
        await laptop.client.sync()
    del laptop.host.apply
    assert (await laptop.client.sync()).pulled == 1


@pytest.mark.parametrize("answer", [[], [Outcome.APPLIED()] * 2, [Outcome.REJECTED(reason="too sweet")], [Outcome.STALE()]])
async def test_answers_are_counted_and_meant(answer):
    _, laptop = await prepared()

    async def apply(_: object) -> list[Outcome]:
        return answer

    laptop.host.apply = apply
    if len(answer) != 1:
        with raises("application"):
            await laptop.client.sync()
    else:
        report = await laptop.client.sync()
        assert report.pulled == 0
        if isinstance(answer[0], Outcome.REJECTED):
            assert [(s.id, "too sweet" in s.why) for s in report.skipped] == [("milk", True)]
    del laptop.host.apply
    await laptop.client.sync()
    assert laptop.host.docs["milk"] == ("a-1", b"1 litre")


async def test_wrong_ids_in_answers_are_the_hosts_fault():
    _, laptop = await prepared()

    async def entries(after: str | None, limit: int) -> list[Entry]:
        return [] if after else [Entry(id="", revision="1")]

    laptop.host.entries = entries
    with raises("application"):
        await laptop.client.reconcile()


async def test_a_large_body_travels_in_parts():
    class Archive(Memory):
        """It does not want to hold a large body in one piece, and says so."""

        def __init__(self) -> None:
            super().__init__()
            self.staged: dict[str, list[bytes]] = {}

        def whole_body_bytes(self) -> int:
            return 1 << 20

        async def get(self, ids):
            found = await super().get(ids)
            return [Document(id=d.id, revision=d.revision, body=self.in_parts(d.body)) for d in found]

        def in_parts(self, body: Body) -> Body:
            return Body.PARTS(len(body.bytes)) if len(body.bytes) > 1 << 20 else body

        async def read_part(self, part):
            revision, value = self.docs.get(part.id, (None, b""))
            return value[part.offset : part.offset + part.length] if revision == part.revision else None

        async def stage_part(self, part):
            parts = [] if part.offset == 0 else self.staged[part.id]
            self.staged[part.id] = [*parts, part.bytes]

        def apply_one(self, change):
            if isinstance(change.body, Body.PARTS):
                change.body = Body.WHOLE(b"".join(self.staged[change.id]))
            return super().apply_one(change)

    [phone] = await devices(1)
    archive = Device(phone.drive, Archive())
    await archive.open()
    await phone.save("log", "a-1", "x" * (5 << 19))
    await phone.client.sync()
    await archive.client.sync()
    assert len(archive.host.staged["log"]) == 3 and archive.host.docs == phone.host.docs
    await archive.save("log", "b-2", "y" * (3 << 20))
    await archive.client.sync()
    await phone.client.sync()
    assert phone.host.docs == archive.host.docs


class Hanging(Memory):
    """Its nth call does not end, and says that it has begun."""

    def __init__(self, docs: dict[str, tuple[str, bytes]], nth: int) -> None:
        super().__init__()
        self.docs, self.nth, self.reached, self.ended = docs, nth, asyncio.Event(), False

    async def called(self, name: str) -> None:
        await super().called(name)
        if self.calls == self.nth:
            self.reached.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.ended = True


async def test_a_host_that_cancels_itself_ends_the_sync():
    [phone] = await devices(1)

    async def cancelled(*_: object) -> None:
        raise asyncio.CancelledError

    setattr(phone.host, "entries", cancelled)
    with raises("application"):
        await asyncio.wait_for(phone.client.sync(reconcile=True), 30)


async def test_a_sync_may_be_cancelled_in_every_callback():
    """The task is cancelled in the first call of the host, then in the second, until a sync gets through."""
    for nth in range(1, 100):
        phone, _ = await devices(2)
        for number in range(30):
            await phone.save(f"n{number}", "1", "text")
        await phone.client.sync()
        laptop = Device(phone.drive, Hanging({f"m{number}": ("1", b"mine") for number in range(30)}, nth))
        await laptop.open()
        task = asyncio.ensure_future(laptop.client.sync(reconcile=True))
        reached = asyncio.ensure_future(laptop.host.reached.wait())
        await asyncio.wait([task, reached], return_when=asyncio.FIRST_COMPLETED)
        if not laptop.host.reached.is_set():
            reached.cancel()
            await task
            break
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        assert laptop.host.ended, f"call {nth} went on"
        await laptop.client.sync(reconcile=True)
        await phone.client.sync()
        assert phone.host.docs == laptop.host.docs and len(phone.host.docs) == 60
    assert nth > 4


async def test_a_sync_may_be_cancelled_after_any_time():
    """Whatever it does just then, nothing is lost."""
    drive = Drive.memory()
    phone, laptop = await devices(2, drive)
    cancelled = 0
    for step in range(60):
        await phone.save(f"n{step % 7}", f"a-{step}", f"text {step}")
        task = asyncio.ensure_future(phone.client.sync())
        for _ in range(step % 23):
            await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            cancelled += 1
        if step % 5 == 0:
            await laptop.client.sync()
    await phone.client.sync()
    await laptop.client.sync()
    assert phone.host.docs == laptop.host.docs and await laptop.client.conflicts() == []
    assert cancelled > 20, cancelled
