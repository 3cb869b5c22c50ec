"""Every call once, as the JavaScript face is tried."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import kitestring
import pytest
from conftest import Device, Memory, devices, raises
from ports import Files
from kitestring import (
    Allow,
    Body,
    CancelToken,
    Change,
    Action,
    ClassicOptions,
    Client,
    ConflictKind,
    Drive,
    Encryption,
    JournalOptions,
    Layout,
    Level,
    Phase,
    Progress,
    Report,
    Resolution,
    Revocation,
    State,
    Strategy,
)


async def test_what_is_put_on_one_device_arrives_on_the_other():
    phone, laptop = await devices(2)
    await phone.save("milk", "a-1", "1 litre")
    await phone.save("7", "1700000000000", "seven")
    report = await phone.client.sync()
    assert (report.pushed, report.stopped) == (2, None)
    assert report.bytes_sent > 0 and report.requests > 0
    assert (await laptop.client.sync()).pulled == 2
    assert laptop.host.docs == {"7": ("1700000000000", b"seven"), "milk": ("a-1", b"1 litre")}
    del phone.host.docs["7"]
    await phone.client.queue_delete("7", "2")
    assert (await phone.client.sync()).deleted == 1
    assert (await laptop.client.sync()).deleted == 1
    assert list(laptop.host.docs) == ["milk"]


async def test_changes_are_queued_all_or_none():
    [device] = await devices(1)
    with raises("invalid_input"):
        await device.client.queue_changes([Change(id="a", revision="1", action=Action.PUT), Change(id="", revision="1", action=Action.PUT)])
    assert (await device.client.status()).queued == 0
    await device.client.queue_changes([Change(id=id, revision="1", action=Action.PUT) for id in "ab"])
    assert (await device.client.status()).queued == 2


async def conflict() -> tuple[Device, Device]:
    phone, laptop = await devices(2)
    await phone.save("milk", "a-1", "1 litre")
    await phone.client.sync()
    await laptop.client.sync()
    await phone.save("milk", "a-2", "2 litres")
    await laptop.save("milk", "b-2", "oat milk")
    await phone.client.sync()
    assert len((await laptop.client.sync()).conflicts) == 1
    return phone, laptop


@pytest.mark.parametrize("side", ["local", "remote", "merged"])
async def test_a_conflict_is_shown_and_settled(side):
    phone, laptop = await conflict()
    [seen] = await laptop.client.conflicts()
    assert (seen.id, seen.kind, seen.local.revision, seen.remote.revision) == ("milk", ConflictKind.EDIT_EDIT, "b-2", "a-2")
    versions = await laptop.client.versions("milk")
    assert [v.body.bytes for v in (versions.base, versions.local, versions.remote)] == [b"1 litre", b"oat milk", b"2 litres"]
    merged = Resolution.MERGED(revision="b-3", body=Body.WHOLE(b"both"))
    await laptop.client.resolve(seen, {"local": Resolution.KEEP_LOCAL(), "remote": Resolution.TAKE_REMOTE(), "merged": merged}[side])
    assert await laptop.client.conflicts() == []
    await laptop.client.sync()
    await phone.client.sync()
    assert phone.host.docs == laptop.host.docs
    assert phone.host.docs["milk"] == {"local": ("b-2", b"oat milk"), "remote": ("a-2", b"2 litres"), "merged": ("b-3", b"both")}[side]


async def test_a_conflict_that_moved_since_it_was_shown_is_refused():
    _, laptop = await conflict()
    [seen] = await laptop.client.conflicts()
    await laptop.save("milk", "b-3", "soy milk")
    with raises("condition") as raised:
        await laptop.client.resolve(seen, Resolution.KEEP_LOCAL())
    assert raised.value.info.retry_after == timedelta(0)
    with raises("not_found"):
        await laptop.client.versions("tea")


async def test_history_and_restore():
    [device] = await devices(1)
    for number in "123":
        await device.save("milk", number, f"{number} litres")
        await device.client.sync()
    history = await device.client.history("milk")
    assert [(old.revision, old.deleted, old.size) for old in history] == [(n, False, 8) for n in "321"]
    assert history[0].replaced_ms is None and history[1].replaced_ms >= history[1].written_ms > 1_600_000_000_000
    await device.client.restore("milk", "1")
    assert device.host.docs["milk"] == ("1", b"1 litres")
    with raises("not_found"):
        await device.client.restore("milk", "9")


async def test_status_devices_pairing_and_order():
    phone, laptop = await devices(2)
    with raises("invalid_input"):
        await phone.client.pairing_code()
    await phone.save("milk", "1", "1 litre")
    assert (await phone.client.status()).vault is None
    await phone.client.sync()
    status = await phone.client.status()
    assert (status.documents, status.queued, status.strategy) == (1, 0, Strategy.COMPARE_AND_SWAP)
    assert status.vault and status.last_sync_ms
    await laptop.client.sync(pairing=await phone.client.pairing_code())
    [known] = await laptop.client.devices()
    assert (known.is_ours, known.is_revoked) == (False, False) and known.written_ms
    other = await Device(Drive.memory()).open()
    await other.queue_change(Change(id="x", revision="1", action=Action.DELETE))
    with raises("vault_changed"):
        elsewhere = Device(Drive.memory())
        await elsewhere.open()
        await elsewhere.save("tea", "1", "green")
        await elsewhere.client.sync()
        stranger = await Device(elsewhere.drive).open()
        await stranger.sync(pairing=await phone.client.pairing_code())
    await phone.client.lower(Strategy.LISTING)
    await laptop.client.sync()
    assert (await laptop.client.status()).strategy == Strategy.LISTING
    assert await phone.client.compact() in (True, False)


async def test_what_changed_without_a_word_is_found_and_a_dry_run_changes_nothing():
    phone, laptop = await devices(2)
    phone.host.docs = {"milk": ("1", b"1 litre"), "tea": ("1", b"green")}
    dry = await phone.client.sync(dry_run=True)
    assert dry.pushed == 2 and (await laptop.client.sync()).pulled == 0
    await phone.client.sync()
    phone.host.docs["milk"] = ("2", b"2 litres")
    del phone.host.docs["tea"]
    found = await phone.client.reconcile()
    assert (found.put, found.deleted) == (1, 1)
    phone.host.docs["milk"] = ("3", b"3 litres")
    await phone.client.sync(reconcile=True)
    await laptop.client.sync()
    assert laptop.host.docs == {"milk": ("3", b"3 litres")}


async def test_many_deletions_wait_for_a_word():
    phone, laptop = await devices(2)
    for number in range(40):
        await phone.save(f"n{number:02}", "1", "text")
    await phone.client.sync()
    await laptop.client.sync()
    phone.host.docs.clear()
    await phone.client.queue_changes([Change(id=f"n{n:02}", revision="2", action=Action.DELETE) for n in range(40)])
    await phone.client.sync(allow=Allow(mass_delete=True))
    with raises("mass_delete") as raised:
        await laptop.client.sync()
    assert (raised.value.info.deletes, raised.value.info.of) == (40, 40)
    assert (await laptop.client.sync(allow=Allow(mass_delete=True))).deleted == 40


async def test_a_version_that_its_author_has_left_is_taken_up_by_another_device():
    files = Files()
    phone, laptop, desk = await devices(3, Drive.custom(files))
    await phone.save("milk", "a-1", "1 litre")
    for device in (phone, laptop, desk):
        await device.client.sync()
    # Both have looked before either writes: the drive keeps nobody apart.
    await phone.save("milk", "a-2", "2 litres")
    await laptop.save("milk", "b-2", "oat milk")
    await asyncio.gather(phone.client.sync(), laptop.client.sync())
    await desk.client.sync()
    [left] = await desk.client.left_versions()
    assert {left.revision, left.valid} == {"a-2", "b-2"}
    conflict = await desk.client.claim(left)
    await desk.client.resolve(conflict, Resolution.TAKE_REMOTE())
    await desk.client.sync()
    assert await desk.client.left_versions() == []
    with raises("not_found"):
        await desk.client.claim(left)


async def test_progress_is_heard_and_a_sync_is_a_stream():
    phone, _ = await devices(2)
    for number in range(50):
        await phone.save(f"n{number}", "1", "text")
    heard: list[Progress] = []
    await phone.client.sync(on_progress=heard.append)
    assert heard[-1].phase == Phase.PUSH and heard[-1].done == 50
    laptop = Device(phone.drive)
    client = await laptop.open()
    steps = [step async for step in client.syncing()]
    assert isinstance(steps[-1], Report) and steps[-1].pulled == 50
    assert any(isinstance(step, Progress) and step.phase == Phase.PULL for step in steps)


async def test_an_observer_that_raises_is_nobodys_failure(capfd):
    [device] = await devices(1)
    await device.save("milk", "1", "1 litre")

    def fail(_: Progress) -> None:
        raise OSError("no screen")

    assert (await device.client.sync(on_progress=fail)).pushed == 1


async def test_lines_of_the_log_are_heard():
    lines: list[tuple[Level, str]] = []
    device = Device(Drive.memory())
    await device.open(on_log=lambda level, line: lines.append((level, line)))
    await device.save("milk", "1", "secret text")
    await device.client.sync()
    assert lines and not any("secret text" in line for _, line in lines)


async def test_a_deadline_ends_with_a_report_and_a_token_with_cancelled():
    [device] = await devices(1)
    await device.save("milk", "1", "1 litre")
    report = await device.client.sync(deadline=timedelta(0))
    assert report.stopped is not None
    token = CancelToken()
    token.cancel()
    assert token.is_cancelled()
    with raises("cancelled"):
        await device.client.sync(cancel=token)
    assert (await device.client.sync()).pushed == 1


async def test_a_closed_client_says_cancelled():
    async with Client.open(Memory(), State.memory(), Drive.memory()) as client:
        await client.sync()
    client.shutdown()
    with raises("cancelled"):
        await client.sync()
    with raises("cancelled"):
        await client.queue_put("a", "1")


async def test_the_classic_layout_spells_numbers(tmp_path):
    device = Device(Drive.folder(str(tmp_path / "vault")))
    await device.open(layout=Layout.CLASSIC(ClassicOptions(numbers=True)))
    await device.save("42", "7", '{"text":"milk"}')
    await device.client.sync()
    assert '"_id":42' in (tmp_path / "vault/docs/42.json").read_text().replace(" ", "") or '42' in (tmp_path / "vault/docs/42.json").read_text()
    with raises("invalid_input"):
        await Device(device.drive).open(layout=Layout.CLASSIC(ClassicOptions()), encryption=Encryption.passphrase("x"))


async def test_history_may_be_refused():
    device = Device(Drive.memory())
    await device.open(layout=Layout.JOURNAL(JournalOptions(history_days=0, strategy=Strategy.SLOTS)))
    for number in "12":
        await device.save("milk", number, number)
        await device.client.sync()
    assert [old.revision for old in await device.client.history("milk")] == ["2"]
    assert (await device.client.status()).strategy == Strategy.SLOTS


def cheap(word: str) -> Encryption:
    return Encryption.passphrase(word).with_cost(19 << 10, 2, 1)


async def test_a_sealed_vault_and_its_keys():
    drive = Drive.memory()
    phone = Device(drive)
    await phone.open(encryption=cheap("correct horse").padded(), device="phone")
    await phone.save("milk", "1", "1 litre")
    await phone.client.sync()
    [slot] = phone.client.keys()
    assert (slot.is_ours, slot.is_passphrase) == (True, True)
    with raises("wrong_key"):
        await (await Device(drive).open(encryption=cheap("wrong"))).sync()
    with raises("wrong_key"):
        await (await Device(drive).open()).sync()
    key = phone.client.vault_key()
    assert key is not None and len(key) == 32
    laptop = Device(drive)
    await laptop.open(encryption=Encryption.key(key), device="laptop")
    await laptop.client.look_for_keys()
    await laptop.client.sync()
    assert laptop.host.docs == phone.host.docs
    with raises("invalid_input"):
        Encryption.key(b"short")
    with raises("invalid_input"):
        Encryption.passphrase("")
    added = await phone.client.add_key("second", cheap("second word"))
    assert added.label == "second" and len(phone.client.keys()) == 2
    await phone.client.rotate_key([cheap("second word")])
    await phone.client.remove_key(added.id)
    assert len(phone.client.keys()) == 1
    await laptop.save("tea", "1", "green")
    await laptop.client.sync()
    await phone.client.sync()
    [lost] = [device for device in await phone.client.devices() if not device.is_ours]
    new = await phone.client.revoke(Revocation(label="after", encryption=cheap("after"), device=lost.id))
    assert new.label == "after"
    with raises("wrong_key"):
        await laptop.client.sync()


async def test_an_open_vault_is_not_sealed_and_has_no_keys():
    phone, _ = await devices(2)
    await phone.save("milk", "1", "1 litre")
    await phone.client.sync()
    with raises("invalid_input"):
        await (await Device(phone.drive).open(encryption=cheap("word"))).sync()
    with raises("invalid_input"):
        phone.client.keys()
    assert phone.client.vault_key() is None


def test_no_secret_is_in_what_is_printed():
    shown = [Encryption.passphrase("hunter2"), kitestring.Tokens.fixed("hunter2"), kitestring.Credentials.basic("ann", "hunter2")]
    shown += [Revocation(label="l", encryption=shown[0]), kitestring.HttpResponse(200, {"x": "hunter2"}, b"hunter2")]
    assert "hunter2" not in repr(shown) + "".join(map(str, shown))
