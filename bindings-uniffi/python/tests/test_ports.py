"""The ports that a host may implement, and the objects that are ready to use."""

from __future__ import annotations

import asyncio
import json
import sqlite3

import pytest
from conftest import Device, devices, raises
from kitestring import (
    Capabilities,
    Client,
    Credentials,
    Drive,
    ErrorInfo,
    GitHubPlace,
    KiteError,
    OAuth,
    S3Keys,
    S3Place,
    State,
    Tokens,
    TokenSource,
    TokenStore,
    TokenStorePort,
)
from ports import Files, Records, Requests

FULL = Capabilities(create=True, replace=True, versions=True, exact=True, consistent=True)


async def both(drive: Drive) -> None:
    """Syncs there and back."""
    phone, laptop = await devices(2, drive)
    for number in range(5):
        await phone.save(f"n{number}", "1", "text")
    assert (await phone.client.sync()).pushed == 5
    assert (await laptop.client.sync()).pulled == 5
    await laptop.save("n1", "2", "more")
    await laptop.client.sync()
    await phone.client.sync()
    assert phone.host.docs == laptop.host.docs and phone.host.docs["n1"] == ("2", b"more")


@pytest.mark.parametrize("claims", [Capabilities(), FULL])
async def test_a_drive_in_python(claims):
    files = Files(claims)
    await both(Drive.custom(files))
    assert "vault" in files.files


async def test_a_state_in_python(tmp_path):
    records, drive = Records(), Drive.folder(str(tmp_path / "vault"))
    device = Device(drive)
    device.state = State.custom(records)
    await device.open()
    await device.save("milk", "1", "1 litre")
    await device.client.sync()
    device.client.shutdown()
    await device.open()
    assert (await device.client.status()).documents == 1
    assert any(key.startswith("base/") for key in records.records)


async def test_what_ports_raise_is_theirs():
    class Burning(Files):
        async def get(self, path, options):
            raise OSError("the disk is on fire")

    class Full(Records):
        async def write(self, batch):
            raise OSError("no space")

    class Short(Records):
        async def read(self, keys):
            return []

    class Signed(Files):
        async def get(self, path, options):
            raise KiteError.Unauthorized(ErrorInfo(code="unauthorized", operation="get", detail="sign in"))

    device = Device(Drive.custom(Burning()))
    await device.open()
    with raises("unavailable") as raised:
        await device.client.sync()
    assert "the disk is on fire" in raised.value.info.detail and raised.value.info.retry_after
    with raises("unauthorized") as raised:
        await (await Device(Drive.custom(Signed())).open()).sync()
    assert raised.value.info.detail == "sign in"
    for state in (Full(), Short()):
        device = Device(Drive.memory())
        device.state = State.custom(state)
        with raises("state"):
            await device.open()


@pytest.mark.parametrize("kind", ["sqlite", "file"])
async def test_states_in_files(tmp_path, kind):
    path, drive = str(tmp_path / "state"), Drive.memory()
    device = Device(drive)
    device.state = getattr(State, kind)(path)
    await device.open()
    await device.save("milk", "1", "1 litre")
    device.client.shutdown()
    del device.client, device.state
    if kind == "sqlite":
        assert sqlite3.connect(path).execute("PRAGMA quick_check").fetchone() == ("ok",)
    again = Device(drive, device.host)
    again.state = getattr(State, kind)(path)
    await again.open()
    assert (await again.client.sync()).pushed == 1


async def test_folders_of_a_drive(tmp_path):
    with raises("not_found"):
        Drive.folder(str(tmp_path / "no/such/folder"))
    drive = Drive.folder(str(tmp_path / "vault"))
    await drive.make_root()
    await both(drive.within("a/b"))
    await both(drive.collection("photos"))
    assert (tmp_path / "vault/a/b/vault").is_file() and (tmp_path / "vault/photos/vault").is_file()
    with raises("invalid_input"):
        drive.within("../up")
    with raises("invalid_input"):
        drive.collection("Photos")


async def test_webdav(wsgidav):
    await both_with_root(Drive.webdav(f"{wsgidav}/one"))
    requests = Requests()
    await both_with_root(Drive.webdav(f"{wsgidav}/two", Credentials.basic("ann", "secret"), requests))
    assert {"GET", "PUT", "MKCOL"} <= set(requests.sent)
    with raises("unavailable"):
        await Drive.webdav("http://127.0.0.1:9/nobody").make_root()


async def both_with_root(drive: Drive) -> None:
    await drive.make_root()
    await both(drive)


async def test_s3(moto):
    def drive(folder: str, http: Requests | None = None, bucket: str = "notes") -> Drive:
        return Drive.s3(S3Place(bucket=bucket, folder=folder, endpoint=moto), S3Keys("kite-tests", "secret-of-tests"), http)

    await both_with_root(drive("one"))
    requests = Requests()
    await both_with_root(drive("two", requests))
    assert {"GET", "PUT"} <= set(requests.sent)
    with raises("not_found"):
        await drive("one", bucket="no-such-bucket").make_root()
    with raises("invalid_input"):
        drive("../up")
    assert "secret-of-tests" not in repr(S3Keys("kite-tests", "secret-of-tests"))


class Counted(TokenSource):
    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.refused = tokens, []

    async def token(self, refused: str | None) -> str:
        if refused is not None:
            self.refused.append(refused)
            self.tokens.pop(0)
        return self.tokens[0]


@pytest.mark.parametrize("service", ["dropbox", "gdrive", "onedrive", "github"])
async def test_drives_of_services(emulator, service):
    address = emulator(service)

    def drive(tokens: Tokens, http: Requests | None = None) -> Drive:
        if service == "dropbox":
            return Drive.dropbox("/notes", tokens, http, service=address)
        if service == "onedrive":
            return Drive.onedrive(tokens, "/notes", http, service=address)
        if service == "github":
            return Drive.github(GitHubPlace(owner="ann", repository="notes", folder="vault"), tokens, http, service=address)
        return Drive.gdrive(tokens, "notes", http, service=address)

    await both_with_root(drive(Tokens.fixed("a-token")))
    requests = Requests()
    await both_with_root(drive(Tokens.custom(Counted(["a-token"])), requests).collection("other"))
    assert {"POST", "PUT"} & set(requests.sent)


class Kept(TokenStorePort):
    def __init__(self) -> None:
        self.kept: bytes | None = None

    async def load(self) -> bytes | None:
        return self.kept

    async def replace(self, known: bytes | None, new: bytes | None) -> bool:
        if self.kept != known:
            return False
        self.kept = new
        return True


@pytest.mark.parametrize("kind", ["memory", "custom", "file"])
async def test_signing_in_and_out(sign_in_service, tmp_path, kind):
    service, port = sign_in_service, Kept()
    store = {
        "memory": TokenStore.memory,
        "custom": lambda: TokenStore.custom(port),
        "file": lambda: TokenStore.file(str(tmp_path / "tokens")),
    }[kind]()
    oauth = OAuth.dropbox("app-1", service=service.address)

    def drive() -> Drive:
        return Drive.webdav(f"{service.address}/notes", Credentials.bearer(oauth.tokens(store, "open the settings")))

    with raises("unauthorized"):
        await drive().make_root()
    sign_in = oauth.begin()
    with raises("invalid_input"):
        await sign_in.finish("two words", store)
    await sign_in.finish(service.code_for(sign_in.url()), store)
    with raises("invalid_input"):
        await sign_in.finish("again", store)
    await drive().make_root()
    service.access = "another"
    await drive().make_root()
    assert service.refreshed == 1
    if kind == "custom":
        assert json.loads(port.kept or b"")["access_token"] == service.access
    await oauth.sign_out(store)
    assert service.revoked
    with raises("unauthorized"):
        await drive().make_root()


async def test_signing_in_on_a_page_of_this_machine(sign_in_service):
    store = TokenStore.memory()
    sign_in = OAuth.dropbox("app-1", service=sign_in_service.address).begin_here(0)
    waiting = asyncio.ensure_future(sign_in.wait(store))
    await asyncio.to_thread(sign_in_service.send_the_browser_back, sign_in.url())
    await waiting


async def test_tokens_in_python(sign_in_service):
    source = Counted(["stale", sign_in_service.access])
    await Drive.webdav(f"{sign_in_service.address}/notes", Credentials.bearer(Tokens.custom(source))).make_root()
    assert source.refused == ["stale"]
    with raises("unauthorized"):
        await Drive.webdav(f"{sign_in_service.address}/notes", Credentials.bearer(Tokens.fixed("wrong"))).make_root()


async def test_a_host_that_is_no_application_is_refused():
    with pytest.raises((TypeError, AttributeError)):
        await Client.open(object(), State.memory(), Drive.memory())
