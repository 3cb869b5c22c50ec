"""Eight threads, and many openings: nothing is left behind."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from conftest import Device, Memory
from kitestring import Client, Drive, State, _native


def test_eight_threads_use_one_client():
    """Each has an event loop of its own, saves documents of its own, and syncs."""
    device, failures = Device(Drive.memory()), []

    async def work(thread: int) -> None:
        for number in range(20):
            await device.save(f"{thread}-{number}", "1", "text")
            if number % 5 == thread % 5:
                await device.client.sync()

    def run(thread: int) -> None:
        try:
            asyncio.run(work(thread))
        except BaseException as error:
            failures.append(error)

    asyncio.run(device.open())
    threads = [threading.Thread(target=run, args=(thread,)) for thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    assert failures == []
    asyncio.run(device.client.sync())
    other = Device(device.drive)

    async def pull() -> None:
        await (await other.open()).sync()

    asyncio.run(pull())
    assert len(other.host.docs) == 160 and other.host.docs == device.host.docs


def handles() -> int:
    """How many objects and calls the two sides hold for each other."""
    maps = [found for found in vars(_native).values() if isinstance(found, _native._UniffiHandleMap)]
    maps += [c._handle_map for c in vars(_native).values() if isinstance(getattr(c, "_handle_map", None), _native._UniffiHandleMap)]
    return sum(len(each) for each in {id(each): each for each in maps}.values())


class MallInfo(ctypes.Structure):
    """What glibc's `mallinfo2` answers."""

    _fields_ = [(name, ctypes.c_size_t) for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]


def held_bytes() -> tuple[int, int]:
    """What the process has of the system, and what is allocated in it: megabytes of the former may be free."""
    with open("/proc/self/statm") as statm:
        resident = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = MallInfo
    info = mallinfo()
    return resident, info.uordblks + info.hblkhd


async def cycle(number: int) -> None:
    notes = Memory()
    notes.docs["milk"] = ("1", b"1 litre")
    client = await Client.open(notes, State.memory(), Drive.memory())
    await client.queue_put("milk", "1")
    if number % 10 == 9:
        task = asyncio.ensure_future(client.sync())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    else:
        assert (await client.sync()).pushed == 1
    client.shutdown()


class Slow(Memory):
    """A host that, once it is told to, does not say what it has."""

    is_slow = False

    async def entries(self, after, limit):
        answer = await super().entries(after, limit)
        if self.is_slow:
            await asyncio.sleep(3600)
        return answer


async def cancelled_inside(device: Device, number: int) -> None:
    """Cancels a sync while the host thinks, or, every other time, when it is about to be asked."""
    asked = device.host.calls
    sync = asyncio.ensure_future(device.client.sync(reconcile=True))
    await asyncio.sleep(0)
    while number % 2 == 0 and device.host.calls == asked:
        await asyncio.sleep(0)
    sync.cancel()
    await asyncio.gather(sync, return_exceptions=True)


def test_opening_and_closing_leaves_nothing_behind():
    async def run(count: int) -> None:
        for number in range(count):
            await cycle(number)

    leaves_nothing(run)


def test_cancelling_inside_a_callback_leaves_nothing_behind():
    device = Device(Drive.memory(), Slow())

    async def run(count: int) -> None:
        if not device.host.is_slow:
            await (await device.open()).sync()
            device.host.is_slow = True
        for number in range(count):
            await cancelled_inside(device, number)

    leaves_nothing(run)


def leaves_nothing(run: Callable[[int], Coroutine[Any, Any, None]]) -> None:
    """Runs it 10,000 times; 100,000 with KITE_FULL=1. The first tenth settles what allocators keep."""
    times = 100_000 if os.environ.get("KITE_FULL") == "1" else 10_000
    asyncio.run(run(times // 10))
    gc.collect()
    before, held = held_bytes(), handles()
    asyncio.run(run(times))
    gc.collect()
    grown = [now - then for now, then in zip(held_bytes(), before)]
    print(f"{times} cycles: {grown[0] >> 10} KiB more of the system, {grown[1] >> 10} KiB more allocated, {handles()} handles")
    assert handles() <= held
    assert max(grown) < 1 << 20, f"{grown} bytes more"
