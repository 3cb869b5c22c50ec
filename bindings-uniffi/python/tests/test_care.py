"""Care for a vault: looks at it, breaks its lock, keeps a copy of it, moves it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from conftest import Device, devices, raises
from kitestring import (
    CancelToken,
    ClassicOptions,
    Drive,
    Encryption,
    Layout,
    Progress,
    Repair,
    Severity,
    Stopped,
    VaultFile,
    VaultSink,
    VaultSource,
    import_vault,
)

MANIFEST = "kitestring-export.json"


class Copy(VaultSink, VaultSource):
    """A vault in a list."""

    def __init__(self) -> None:
        self.files: list[VaultFile] = []
        self.place = 0

    async def take(self, file: VaultFile) -> None:
        self.files.append(file)

    async def rewind(self) -> None:
        self.place = 0

    async def next(self) -> VaultFile | None:
        self.place += 1
        return self.files[self.place - 1] if self.place <= len(self.files) else None


async def in_folder(path: Path, **options: object) -> Device:
    """A device with three notes in a vault in this folder."""
    device = Device(Drive.folder(str(path)))
    await device.open(**options)
    for name in ("bread", "milk", "tea"):
        await device.save(name, "1", f"some {name}")
    await device.client.sync()
    return device


def sealed(text: str) -> Encryption:
    return Encryption.passphrase(text).with_cost(19456, 2, 1)


async def test_a_look_finds_a_lost_head_and_repairs_it(tmp_path):
    device = await in_folder(tmp_path / "vault")
    well = await device.client.doctor()
    assert (well.worst, well.documents, well.sealed, well.lock) == (None, 3, False, None)
    assert well.files > 3 and well.vault == (await device.client.status()).vault
    (tmp_path / "vault/head").unlink()
    seen = await device.client.doctor()
    [lost] = [found for found in seen.findings if found.code == "head_missing"]
    assert (lost.severity, lost.repair, lost.path, seen.worst) == (Severity.DAMAGE, Repair.POSSIBLE, "head", Severity.DAMAGE)
    assert not (tmp_path / "vault/head").exists()
    steps: list[Progress] = []
    mended = await device.client.doctor(repair=True, on_progress=steps.append)
    assert [found.repair for found in mended.findings if found.code == "head_missing"] == [Repair.DONE]
    assert mended.worst is None and steps
    assert (tmp_path / "vault/head").is_file()
    newcomer = Device(device.drive)
    await newcomer.open()
    assert (await newcomer.client.sync()).pulled == 3


async def test_a_look_can_be_cancelled(tmp_path):
    device = await in_folder(tmp_path / "vault")
    token = CancelToken()
    token.cancel()
    with raises("cancelled"):
        await device.client.doctor(cancel=token)


async def test_a_lock_is_shown_and_broken_as_it_was_shown(tmp_path):
    device = await in_folder(tmp_path / "vault")
    lease = tmp_path / "vault/lease"
    assert await device.client.held_lock() is None
    lease.write_text('{"owner":"aa","nonce":"1"}')
    held = await device.client.held_lock()
    assert held and (held.path, held.owner, held.is_ours) == ("lease", "aa", False)
    with raises("locked"):
        await device.client.compact(wait=timedelta(0))
    lease.write_text('{"owner":"aa","nonce":"2"}')
    with raises("condition"):
        await device.client.break_lock(held)
    held = await device.client.held_lock()
    assert held
    await device.client.break_lock(held)
    assert not lease.exists()
    with raises("not_found"):
        await device.client.break_lock(held)


@pytest.mark.parametrize("encryption", [None, "correct horse"])
async def test_a_vault_is_exported_and_imported(tmp_path, encryption):
    given = {"encryption": sealed(encryption)} if encryption else {}
    device = await in_folder(tmp_path / "vault", **given)
    copy, steps = Copy(), []
    kept = await device.client.export(copy, on_progress=steps.append)
    assert (kept.vault, kept.resumed) == ((await device.client.status()).vault, 0)
    assert copy.files[-1].path == MANIFEST and steps
    assert kept.bytes == sum(len(file.bytes) for file in {file.path: file for file in copy.files[:-1]}.values())
    assert not encryption or not any(b"milk" in file.bytes for file in copy.files)
    drive = Drive.memory()
    assert await import_vault(drive, copy) == kept
    with raises("invalid_input"):
        await import_vault(drive, copy)
    newcomer = Device(drive)
    if encryption:
        await newcomer.open()
        with raises("wrong_key"):
            await newcomer.client.sync()
    await newcomer.open(**given)
    assert (await newcomer.client.sync()).pulled == 3
    assert newcomer.host.docs == device.host.docs


async def test_what_is_no_whole_export_is_not_imported(tmp_path):
    device = await in_folder(tmp_path / "vault")
    copy = Copy()
    await device.client.export(copy)
    del copy.files[-1]
    with raises("corrupt"):
        await import_vault(Drive.memory(), copy)

    class Full(Copy):
        async def take(self, file: VaultFile) -> None:
            raise OSError("no space")

    with raises("application") as raised:
        await device.client.export(Full())
    assert "no space" in raised.value.info.detail


async def test_a_vault_moves_and_another_device_follows_with_its_edit():
    phone, laptop = await devices(2)
    await phone.save("milk", "1", "1 litre")
    await phone.client.sync()
    await laptop.client.sync()
    await laptop.save("bread", "1", "rye")
    other, steps = Drive.memory(), []
    with raises("invalid_input"):
        await phone.client.move_to(other, "https://ann:secret@example.org/notes")
    with raises("invalid_input"):
        await laptop.client.follow(other)
    moved = await phone.client.move_to(other, "dropbox:/notes", on_progress=steps.append)
    assert moved.files > 0 and moved.bytes > 0 and moved.resumed == 0 and steps
    with raises("moved") as raised:
        await laptop.client.sync()
    assert (raised.value.info.to, raised.value.info.retry_after) == ("dropbox:/notes", None)
    await laptop.client.follow(other)
    assert (await laptop.client.sync()).pushed == 1
    assert (await phone.client.sync()).pulled == 1
    assert phone.host.docs == laptop.host.docs == {"milk": ("1", b"1 litre"), "bread": ("1", b"rye")}
    newcomer = Device(other)
    await newcomer.open()
    assert (await newcomer.client.sync()).pulled == 2


async def test_a_classic_vault_migrates_and_another_device_follows_with_its_edit():
    drive, other, classic = Drive.memory(), Drive.memory(), Layout.CLASSIC(ClassicOptions())
    phone, laptop = Device(drive), Device(drive)
    for device in (phone, laptop):
        await device.open(layout=classic)
    await phone.save("milk", "1", '{"litres":1}')
    await phone.client.sync()
    await laptop.client.sync()
    await laptop.save("bread", "1", '{"of":"rye"}')
    key, steps = Encryption.key(bytes(32)), []
    with raises("invalid_input"):
        await phone.client.migrate(other, "https://ann:secret@example.org/notes")
    migrated = await phone.client.migrate(other, "dropbox:/notes", encryption=key, on_progress=steps.append)
    assert migrated.documents == 1 and steps
    with raises("moved") as raised:
        await laptop.client.sync()
    assert raised.value.info.to == "dropbox:/notes"
    await laptop.client.follow(other)
    for device, pushed in ((phone, 0), (laptop, 1), (phone, 0)):
        device.drive = other
        await device.open(encryption=key)
        assert (await device.client.sync()).pushed == pushed
    assert phone.host.docs == laptop.host.docs and set(phone.host.docs) == {"milk", "bread"}


async def test_a_report_says_when_the_next_sync_is_worth_it():
    [device] = await devices(1)
    await device.save("milk", "1", "1 litre")
    report = await device.client.sync(deadline=timedelta(0))
    assert (report.stopped, report.next_sync_after) == (Stopped.DEADLINE, timedelta(0))
    report = await device.client.sync()
    assert (report.stopped, report.next_sync_after) == (None, None)
