"""What the tests need around them: a host in memory, and devices."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import servers
from kitestring import Application, Body, Client, Document, Drive, Entry, Incoming, KiteError, Outcome, State

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "bindings-uniffi/examples"))


class Memory(Application):
    """A host whose documents are in memory, and which counts the calls that it gets."""

    def __init__(self) -> None:
        self.docs: dict[str, tuple[str, bytes]] = {}
        self.calls = 0

    async def called(self, name: str) -> None:
        self.calls += 1

    async def get(self, ids: list[str]) -> list[Document]:
        await self.called("get")
        found = [(id, self.docs[id]) for id in ids if id in self.docs]
        return [Document(id=id, revision=revision, body=Body.WHOLE(body)) for id, (revision, body) in found]

    async def apply(self, changes: list[Incoming]) -> list[Outcome]:
        await self.called("apply")
        return [self.apply_one(change) for change in changes]

    def apply_one(self, change: Incoming) -> Outcome:
        if self.docs.get(change.id, (None,))[0] != change.expected:
            return Outcome.STALE()
        if change.body is None:
            self.docs.pop(change.id, None)
        else:
            assert isinstance(change.body, Body.WHOLE)
            self.docs[change.id] = (change.revision, change.body.bytes)
        return Outcome.APPLIED()

    async def entries(self, after: str | None, limit: int) -> list[Entry]:
        await self.called("entries")
        ids = [id for id in sorted(self.docs) if after is None or id > after][:limit]
        return [Entry(id=id, revision=self.docs[id][0]) for id in ids]

    async def save(self, client: Client, id: str, revision: str, text: str) -> None:
        self.docs[id] = (revision, text.encode())
        await client.queue_put(id, revision)


class Device:
    """A host with its client and its state, which outlives the client."""

    def __init__(self, drive: Drive, host: Memory | None = None) -> None:
        self.host, self.state, self.drive = host or Memory(), State.memory(), drive

    async def open(self, **options: object) -> Client:
        self.client = await Client.open(self.host, self.state, self.drive, **options)  # type: ignore[arg-type]
        return self.client

    async def save(self, id: str, revision: str, text: str) -> None:
        await self.host.save(self.client, id, revision, text)


async def devices(count: int, drive: Drive | None = None) -> list[Device]:
    drive = drive or Drive.memory()
    made = [Device(drive) for _ in range(count)]
    for device in made:
        await device.open()
    return made


def raises(code: str) -> "pytest.RaisesExc[BaseException]":
    kind = getattr(KiteError, "".join(word.capitalize() for word in code.split("_")))
    raised: "pytest.RaisesExc[BaseException]" = pytest.raises(kind)
    return raised


@pytest.fixture
def wsgidav(tmp_path: Path) -> Iterator[str]:
    root = tmp_path / "dav"
    root.mkdir()
    with servers.webdav(root) as address:
        yield address


@pytest.fixture
def moto() -> Iterator[str]:
    with servers.s3() as address:
        yield address


@pytest.fixture
def emulator() -> Iterator[Callable[[str], str]]:
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(servers.emulator(name))


@pytest.fixture
def sign_in_service() -> Iterator[servers.SignInService]:
    service = servers.SignInService()
    yield service
    service.server.shutdown()
    service.server.server_close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many passed and failed, as Node's tests do: whoever runs all stages adds that up."""
    stats = terminalreporter.stats
    passed, failed = len(stats.get("passed", [])), sum(len(stats.get(kind, [])) for kind in ("failed", "error", "skipped", "xfailed"))
    terminalreporter.write_line(f"# pass {passed}")
    terminalreporter.write_line(f"# fail {failed}")
