"""Eight threads, and many openings: nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import threading

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


def resident_bytes() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


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


def test_opening_and_closing_leaves_nothing_behind():
    """10,000 times; 100,000 with KITE_FULL=1. The first tenth settles what allocators keep."""
    times = 100_000 if os.environ.get("KITE_FULL") == "1" else 10_000

    async def run(count: int) -> None:
        for number in range(count):
            await cycle(number)

    asyncio.run(run(times // 10))
    gc.collect()
    before, held = resident_bytes(), handles()
    asyncio.run(run(times))
    gc.collect()
    grown = resident_bytes() - before
    print(f"{times} cycles: {grown / 1024:.0f} KiB more, {handles()} handles")
    assert handles() <= held
    assert grown < 1 << 20, f"{grown} bytes more"
