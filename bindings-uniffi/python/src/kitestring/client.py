"""The client, with named arguments and as a context manager."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Generator
from datetime import timedelta
from types import TracebackType
from typing import TypedDict, Unpack

from . import _native
from ._native import (
    Action,
    Allow,
    CancelToken,
    Change,
    Conflict,
    Device,
    Diagnosis,
    Drive,
    Encryption,
    HeldLock,
    KeySlot,
    Layout,
    LeftVersion,
    Level,
    Migrated,
    Moved,
    OldVersion,
    Progress,
    Reconciled,
    Report,
    Resolution,
    Revocation,
    State,
    Status,
    Strategy,
    Transferred,
    VaultSink,
    VaultSource,
    Versions,
)
from .ports import Application


class OpenOptions(TypedDict, total=False):
    """What a host chooses when it opens a client; all of it may be left out."""

    device: str
    """A name for this device, shown to people."""
    layout: Layout
    """The layout on the drive: the journal layout by default."""
    encryption: Encryption
    """What opens the vault, and seals it, if this client makes it."""
    callback_timeout: timedelta
    """How long a call of the host may take before the sync fails with `application`: 60 seconds by default."""
    new_incarnation: bool
    """Whether the state and the documents were copied from another device, or brought back from a backup."""
    on_log: Callable[[Level, str], None]
    """Hears the lines of the log, for a developer."""


class SyncOptions(TypedDict, total=False):
    """What a host chooses for one sync; all of it may be left out."""

    cancel: CancelToken
    """Ends the call at once, with `cancelled`, as the cancelling of its task does."""
    deadline: timedelta
    """Ends the sync at the next safe point after this time, with a normal report."""
    on_progress: Callable[[Progress], None]
    """Hears how far it is. It must return quickly."""
    allow: Allow
    """What the user has agreed to."""
    reconcile: bool
    """Whether to compare the host with what was last agreed first."""
    dry_run: bool
    """Whether to only find out what would be done."""
    wait: timedelta
    """How long to wait for another client's lock: 10 seconds by default."""
    pairing: str
    """What another device's `pairing_code` gave."""


class CareOptions(TypedDict, total=False):
    """What a host chooses for one look at a vault, export, import or move; all of it may be left out."""

    cancel: CancelToken
    """Ends the call at once, with `cancelled`, as the cancelling of its task does."""
    on_progress: Callable[[Progress], None]
    """Hears how far it is. It must return quickly."""


class _Listener(_native.Observer):
    def __init__(self, on_progress: Callable[[Progress], None] | None, on_log: Callable[[Level, str], None] | None) -> None:
        self.on_progress, self.on_log = on_progress, on_log

    def progress(self, progress: Progress) -> None:
        if self.on_progress:
            self.on_progress(progress)

    def log(self, level: Level, line: str) -> None:
        if self.on_log:
            self.on_log(level, line)


def _observer(on_progress: Callable[[Progress], None] | None) -> _Listener | None:
    return _Listener(on_progress, None) if on_progress else None


def _transfer(options: CareOptions) -> _native.TransferOptions:
    return _native.TransferOptions(cancel=options.get("cancel"), observer=_observer(options.get("on_progress")))


async def import_vault(drive: Drive, source: VaultSource, **options: Unpack[CareOptions]) -> Transferred:
    """Imports a vault into an empty place, as it was exported. It needs no key, and no client.

    What is interrupted is no vault, and the same call goes on.
    """
    return await _native.import_vault(drive, source, _transfer(options))


def _chosen(options: SyncOptions) -> _native.SyncOptions | None:
    if not options:
        return None
    return _native.SyncOptions(
        cancel=options.get("cancel"),
        deadline=options.get("deadline"),
        observer=_observer(options.get("on_progress")),
        allow=options.get("allow"),
        reconcile=options.get("reconcile", False),
        dry_run=options.get("dry_run", False),
        wait=options.get("wait"),
        pairing=options.get("pairing"),
    )


def _has_no_flag(application: _native.Application) -> bool:
    """Whether the host leaves both questions about its flag to the base class."""
    return all(getattr(getattr(application, name, None), "__func__", None) is getattr(Application, name) for name in ("uncommitted", "committed"))


class Opening:
    """A client that is being opened: `await` it, or open it with `async with`, which also closes it."""

    def __init__(self, application: _native.Application, state: State, drive: Drive, options: _native.Options) -> None:
        self._given = (application, state, drive, options)
        self._client: Client | None = None

    def __await__(self) -> Generator[object, None, Client]:
        return self._open().__await__()

    async def _open(self) -> Client:
        return Client(await _native.Client.open(*self._given))

    async def __aenter__(self) -> Client:
        self._client = await self._open()
        return self._client

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._client:
            self._client.shutdown()


class Client:
    """One device's instance, made by `Client.open`. Its methods may be called from any thread, also in callbacks.

    The task of a call may be cancelled at any await: what was acknowledged is kept, and the next call goes on from there.
    """

    def __init__(self, native: _native.Client) -> None:
        self._native = native

    @staticmethod
    def open(application: _native.Application, state: State, drive: Drive, **options: Unpack[OpenOptions]) -> Opening:
        """Opens a client: loads its state and queues every uncommitted edit again. The drive is not asked."""
        on_log = options.get("on_log")
        chosen = _native.Options(
            device=options.get("device"),
            layout=options.get("layout"),
            encryption=options.get("encryption"),
            callback_timeout=options.get("callback_timeout"),
            new_incarnation=options.get("new_incarnation", False),
            observer=_Listener(None, on_log) if on_log else None,
            has_no_flag=_has_no_flag(application),
        )
        return Opening(application, state, drive, chosen)

    async def queue_change(self, change: Change) -> None:
        """Queues one change, after each save. Durable on return; allowed at any time, also in callbacks."""
        await self._native.queue_change(change)

    async def queue_put(self, id: str, revision: str) -> None:
        """Queues that a document was written."""
        await self.queue_change(Change(id=id, revision=revision, action=Action.PUT))

    async def queue_delete(self, id: str, revision: str) -> None:
        """Queues that a document was deleted. The deletion has a revision of its own."""
        await self.queue_change(Change(id=id, revision=revision, action=Action.DELETE))

    async def queue_changes(self, changes: list[Change]) -> None:
        """Queues all of these changes or none."""
        await self._native.queue_changes(changes)

    async def sync(self, **options: Unpack[SyncOptions]) -> Report:
        """Brings the host and the drive in step: pulls what is new, then pushes the queue.

        A second call waits for the first; a call from inside a callback would wait for itself, so the callback's time limit
        ends it. Raises `Locked` while another client writes; `MassDelete`, `VaultChanged` and `Rollback` until the user
        agrees (`allow`); what the ports raise. Whatever was done is kept.
        """
        return await self._native.sync(_chosen(options))

    async def syncing(self, **options: Unpack[SyncOptions]) -> AsyncIterator[Progress | Report]:
        """Syncs, and yields how far it is, then the report. A loop that is left ends the sync."""
        arrived: asyncio.Queue[Progress | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        heard = options.get("on_progress")

        def arrive(progress: Progress) -> None:
            if heard:
                heard(progress)
            loop.call_soon_threadsafe(arrived.put_nowait, progress)

        options["on_progress"] = arrive
        running = asyncio.ensure_future(self.sync(**options))
        running.add_done_callback(lambda _: loop.call_soon(arrived.put_nowait, None))
        try:
            while (progress := await arrived.get()) is not None:
                yield progress
            yield await running
        finally:
            running.cancel()

    async def reconcile(self, **options: Unpack[SyncOptions]) -> Reconciled:
        """Queues what changed in the host although nobody said so."""
        return await self._native.reconcile(_chosen(options))

    async def compact(self, **options: Unpack[SyncOptions]) -> bool:
        """Syncs and puts the drive in order. False if there was nothing to do, or no time."""
        return await self._native.compact(_chosen(options))

    async def conflicts(self) -> list[Conflict]:
        """Lists the conflicts that wait, with the host's side as it is now."""
        return await self._native.conflicts()

    async def versions(self, id: str) -> Versions:
        """Gives the contents of a conflict; `NotFound` if there is none about this document."""
        return await self._native.versions(id)

    async def resolve(self, seen: Conflict, resolution: Resolution) -> None:
        """Settles a conflict as it was shown; `Condition` if either side has moved since."""
        await self._native.resolve(seen, resolution)

    async def status(self) -> Status:
        """Says what the client knows, without a request."""
        return await self._native.status()

    async def history(self, id: str) -> list[OldVersion]:
        """Lists what a document was and is, the newest first, as long as the vault's history keeps it."""
        return await self._native.history(id)

    async def restore(self, id: str, revision: str) -> None:
        """Makes a document what it was at a revision that `history` lists: a new edit."""
        await self._native.restore(id, revision)

    async def left_versions(self) -> list[LeftVersion]:
        """Lists versions that lost against one made at the same time, and that nobody has decided about."""
        return await self._native.left_versions()

    async def claim(self, left: LeftVersion) -> Conflict:
        """Makes such a version a conflict of this client, which `resolve` settles for everybody."""
        return await self._native.claim(left)

    async def lower(self, strategy: Strategy) -> None:
        """Lowers the strategy of the vault, for every device and for ever."""
        await self._native.lower(strategy)

    async def devices(self) -> list[Device]:
        """Lists the devices that have written to the vault, without a request."""
        return await self._native.devices()

    async def pairing_code(self) -> str:
        """Says which vault this is and how far it was read, for the first sync of a new device. No secret."""
        return await self._native.pairing_code()

    def vault_key(self) -> bytes | None:
        """Gives 32 bytes that open this vault as the passphrase does, for a system's store of keys: never to be shown."""
        return self._native.vault_key()

    async def look_for_keys(self) -> None:
        """Opens the keyring as it is on the drive now, without a sync."""
        await self._native.look_for_keys()

    def keys(self) -> list[KeySlot]:
        """Lists what opens the vault. A sync or `look_for_keys` comes first."""
        return self._native.keys()

    async def add_key(self, label: str, encryption: Encryption) -> KeySlot:
        """Lets another passphrase or key open the vault."""
        return await self._native.add_key(label, encryption)

    async def remove_key(self, id: str) -> None:
        """Lets a passphrase or key open the vault no longer."""
        await self._native.remove_key(id)

    async def rotate_key(self, keep: list[Encryption] | None = None) -> None:
        """Seals with a new key from now on; `keep` is what else opens the vault, as given to `add_key`."""
        await self._native.rotate_key(keep or [])

    async def revoke(self, revocation: Revocation, **options: Unpack[SyncOptions]) -> KeySlot:
        """Revokes a device: what it writes from then on counts for nobody."""
        return await self._native.revoke(revocation, _chosen(options))

    async def doctor(self, repair: bool = False, **options: Unpack[CareOptions]) -> Diagnosis:
        """Reads the whole vault and says what is the matter; with `repair`, repairs what can be repaired safely.

        Nothing is ever deleted.
        """
        cancel, observer = options.get("cancel"), _observer(options.get("on_progress"))
        return await self._native.doctor(_native.DoctorOptions(cancel=cancel, observer=observer, repair=repair))

    async def held_lock(self) -> HeldLock | None:
        """Looks at the lock on the drive; none if there is none."""
        return await self._native.held_lock()

    async def break_lock(self, seen: HeldLock) -> None:
        """Removes a lock as it was shown; `Condition` if there is another one by now."""
        await self._native.break_lock(seen)

    async def export(self, sink: VaultSink, **options: Unpack[CareOptions]) -> Transferred:
        """Hands over every file of the vault as it lies on the drive, and at the end a list of them.

        A sealed vault stays sealed. Edits that wait here are not in it: sync first.
        """
        return await self._native.export(sink, _transfer(options))

    async def move_to(self, drive: Drive, address: str, **options: Unpack[CareOptions]) -> Moved:
        """Moves the vault to an empty place on another drive, for every device; this client works there from then on.

        Others get `Moved` with the address, and follow. The address lies on the old drive: nothing by which somebody signs in
        belongs into it. What is interrupted goes on by the same call, from any device.
        """
        cancel, observer = options.get("cancel"), _observer(options.get("on_progress"))
        return await self._native.move_to(drive, _native.MoveOptions(address=address, cancel=cancel, observer=observer))

    async def migrate(
        self,
        drive: Drive,
        address: str,
        *,
        encryption: Encryption | None = None,
        wait: timedelta | None = None,
        **options: Unpack[CareOptions],
    ) -> Migrated:
        """Brings a vault from the classic layout to the journal layout, in an empty place, and seals it there with `encryption`.

        Programs made for db-to-cloud fail from then on; others get `Moved` with the address, and follow. Open the client anew
        with the same state, that drive and the journal layout. What is interrupted goes on by the same call, from any device.
        """
        cancel, observer = options.get("cancel"), _observer(options.get("on_progress"))
        chosen = _native.MigrateOptions(address=address, encryption=encryption, wait=wait, cancel=cancel, observer=observer)
        return await self._native.migrate(drive, chosen)

    async def follow(self, drive: Drive) -> None:
        """Follows a vault that was moved to this drive, once the user has agreed to the address in the error `Moved`.

        What waits to be pushed comes along.
        """
        await self._native.follow(drive)

    def shutdown(self) -> None:
        """Closes the client: a running sync ends with `Cancelled`, later calls too. A second time is harmless."""
        self._native.shutdown()
