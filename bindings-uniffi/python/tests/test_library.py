"""The library itself: a panic in it is contained, and passing documents through this language costs what it may.

Runs on the build for tests, which has a drive that panics.
"""

from __future__ import annotations

import time

from conftest import Device, Memory, raises
from kitestring import Action, Change, Client, Drive, State, _native

DOCUMENTS = 10_000
# Twice is what is to be reached, and is about what a machine with nothing else to do shows. More than this is a fault.
MOST = 3


async def test_a_panic_is_contained_and_a_new_client_goes_on():
    for count in range(50):
        device = Device(_native.Drive.panicking())
        await device.open()
        await device.save("milk", "1", "1 litre")
        with raises("internal") as raised:
            await device.client.sync()
        assert raised.value.info.retry_after is None
        with raises("internal"):
            await device.client.status()
        # The state has what was acknowledged.
        again = Device(Drive.memory(), device.host)
        again.state = device.state
        await again.open()
        assert (await again.client.sync()).pushed == 1, count


def note(number: int) -> bytes:
    words = f"note {number}: " + "some words that say little, as many notes do " * 20
    return f'{{"text":"{words}"}}'.encode()


async def push_in_python(bodies: list[bytes]) -> float:
    host = Memory()
    host.docs = {f"note-{number:05}": ("1", body) for number, body in enumerate(bodies)}
    changes = [Change(id=id, revision="1", action=Action.PUT) for id in host.docs]
    client = await Client.open(host, State.memory(), Drive.memory())
    begun = time.perf_counter()
    await client.queue_changes(changes)
    assert (await client.sync()).pushed == len(bodies)
    return time.perf_counter() - begun


async def test_a_first_push_through_this_language_takes_little_more_than_in_rust_alone():
    bodies = [note(number) for number in range(DOCUMENTS)]
    # The best of several, taken in turns: other programs disturb both alike.
    rust, python = [], []
    for _ in range(9):
        rust.append((await _native.push_in_rust(bodies)).total_seconds())
        python.append(await push_in_python(bodies))
    ratio = min(python) / min(rust)
    print(f"{DOCUMENTS} documents: Rust {min(rust):.3f} s, Python {min(python):.3f} s, ratio {ratio:.2f}")
    assert ratio <= MOST
