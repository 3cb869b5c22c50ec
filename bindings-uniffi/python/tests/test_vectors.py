"""The vaults of spec/vectors, read through every layer down to this language."""

from __future__ import annotations

import hashlib
import json
import shutil

from conftest import ROOT, Device
from kitestring import ClassicOptions, Drive, Encryption, Layout

VECTORS = ROOT / "spec/vectors"


async def read(tmp_path, name: str, **options: object) -> dict[str, tuple[str, bytes]]:
    shutil.copytree(VECTORS / name, tmp_path / "vault")
    device = Device(Drive.folder(str(tmp_path / "vault")))
    await device.open(**options)
    report = await device.client.sync()
    assert report.skipped == []
    return device.host.docs


async def test_a_vault_of_ours_in_the_classic_layout(tmp_path):
    docs = await read(tmp_path, "classic/vault", layout=Layout.CLASSIC(ClassicOptions()))
    bodies = {id: json.loads(body) for id, (_, body) in docs.items()}
    assert bodies == {"milk": {"text": "2 litres"}, "Milk": {"text": "another"}, "lists/Saturday.md": {"text": "bread"}}


async def test_a_vault_of_db_to_cloud(tmp_path):
    docs = await read(tmp_path, "classic/old", layout=Layout.CLASSIC(ClassicOptions()))
    assert {"42", "a b", "note"} == set(docs)
    assert all(json.loads(body) is not None for _, body in docs.values())


async def test_a_sealed_vault(tmp_path):
    expected = json.loads((VECTORS / "sealed/expected.json").read_text())
    shutil.copytree(VECTORS / "sealed/vault", tmp_path / "vault")
    for encryption in (Encryption.passphrase(expected["passphrase"]), Encryption.key(bytes.fromhex(expected["key"]))):
        device = Device(Drive.folder(str(tmp_path / "vault")))
        await device.open(encryption=encryption)
        await device.client.sync()
        assert set(device.host.docs) == set(expected["documents"])
        for id, wanted in expected["documents"].items():
            body = device.host.docs[id][1]
            if "text" in wanted:
                assert body.decode() == wanted["text"]
            else:
                assert (len(body), hashlib.sha256(body).hexdigest()) == (wanted["bytes"], wanted["sha256"])
