"""What is sealed: the keyring, the names and the files of a vault (`spec/sealed.md`)."""

import functools, hmac, json, re, unicodedata
from pathlib import Path

import nacl.exceptions
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt

from cursor import MIB, Cursor, Refused, demand, path_of_checkpoint

# What a packed name begins with (E20): its folder, what stands before the digits, how many there are (J1).
SHAPES = {
    1: ("j", "", (10, 28, 6, 16)),
    2: ("j", "c-", (8, 16, 16)),
    3: ("c", "", (8, 16, 4, 16)),
    4: ("p", "", (28, 16)),
    5: ("h", "", (12,)),
}


def hkdf(salt, secret, info, length):
    return HKDF(SHA256(), length, salt, info).derive(secret)


def key_id(data_key):
    return hkdf(b"", data_key, b"kitestring key id", 8)


def unseal(key, nonce, sealed, associated, why):
    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, associated, nonce, key)
    except (nacl.exceptions.CryptoError, ValueError):
        raise Refused(why) from None


class Keyring:
    """The newest keyring of a vault (section 4). The secret is a passphrase, as text, or a key of 32 bytes."""

    def __init__(self, folder, vault, secret):
        shape = re.compile("[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{16}")
        name = max((f.name for f in folder.glob("*") if shape.fullmatch(f.name)), default=None)
        demand(name, "there is no keyring")
        file = Cursor((folder / name).read_bytes())
        demand(len(file.data) <= MIB, "the keyring is too large")
        file.begin(b"k")
        demand(file.take(16) == vault, "the keyring is another vault's")
        epoch, revision = file.numbers(2)
        demand(name.startswith(f"{epoch:08x}-{revision:08x}-"), "the keyring is not what its name says")
        wrapped, count = file.take(8), file.number()
        demand(1 <= count <= 64, "the keyring has an impossible number of slots")
        opened = [self.slot(file, vault + epoch.to_bytes(4, "big"), secret) for _ in range(count)]
        data_key = next((key for key in opened if key), None)
        demand(data_key and key_id(data_key) == wrapped, "wrong_key")
        before, nonce, sealed = file.data[: file.at], file.take(24), file.take(len(file.data) - file.at)
        body = Cursor(unseal(hkdf(b"", data_key, b"kitestring keyring 1", 32), nonce, sealed, before, "wrong_key"))
        self.secret = body.take(32)
        keys = body.each(body.number(), lambda: body.take(32))
        demand(1 <= len(keys) <= 4096 and keys[-1] == data_key, "the keyring has other keys than its slots")
        self.keys = {key_id(key): key for key in keys}
        body.each(body.number(), lambda: body.take(8))
        closed = body.number()
        demand(closed < len(keys), "the keyring closes all its keys")
        self.closed = {key_id(key) for key in keys[:closed]}
        counts = closed and body.take(1)[0]
        demand(counts <= 1, "it makes no sense whether a checkpoint counts")
        self.root = path_of_checkpoint(*body.checkpoint_name()) if counts else None
        body.end()

    def counts(self, path, key):
        """Says whether a record or a root counts that is sealed under this key (E43)."""
        return key not in self.closed or path == self.root

    @staticmethod
    def slot(file, bound, secret):
        """Reads a slot; returns the data key if the secret opens it (E32)."""
        start = file.at
        file.take(8), file.name(64)
        kind = file.take(1)[0]
        demand(kind <= 1, "a slot is of no known kind")
        if kind == 0:
            memory, passes, lanes = file.numbers(3)
            possible = 19 << 10 <= memory <= 1 << 20 and 2 <= passes <= 64 and 1 <= lanes <= 16
            demand(possible, "a slot asks for too little or too much of Argon2id")
        salt, commitment = file.take(16), file.take(32)
        before, nonce, wrapped = file.data[start : file.at], file.take(24), file.take(48)
        if isinstance(secret, str) != (kind == 0):
            return None
        if kind == 0:
            text = unicodedata.normalize("NFC", secret).encode()
            secret = hash_secret_raw(text, salt, passes, memory, lanes, 32, Type.ID, 19)
        derived = hkdf(salt, secret, b"kitestring slot 1", 64)
        if not hmac.compare_digest(derived[32:], commitment):
            return None
        return unseal(derived[:32], nonce, wrapped, bound + before, "wrong_key")


class Sealed:
    """The files of a sealed vault under the paths that journal.md gives them."""

    def __init__(self, folder, secret):
        self.folder = Path(folder)
        self.id, self.strategy, self.epoch, _ = self.marker("vault")
        self.keyring = Keyring(self.folder / "k", self.id, secret)
        ids = [f.name for f in (self.folder / "v").glob("*")]
        demand(ids == [self.id.hex()], "the vault has not one id")
        key = hkdf(b"", self.keyring.secret, b"kitestring marker", 32)
        for id, strategy, epoch, mac in (self.marker("vault"), self.marker("v/" + ids[0])):
            said = self.id + epoch.to_bytes(8, "big") + strategy.encode()
            genuine = id == self.id and hmac.compare_digest(hmac.digest(key, said, "sha256").hex(), mac)
            demand(genuine, "a marker is not this vault's")
        self.files = dict(self.names())

    def marker(self, path):
        """Reads a marker (J26 to J28, E30)."""
        data = (self.folder / path).read_bytes()
        try:
            marker = json.loads(data) if len(data) <= 64 << 10 else None
            id, strategy, epoch = marker["vault"], marker["strategy"], marker["epoch"]
            demand(marker["kitestring"] == "journal" and marker["format"] == 1, "the vault is of another layout or format")
            demand(strategy in ("compare-and-swap", "slots", "listing"), "the strategy is not known")
            demand(re.fullmatch("[0-9a-f]{32}", id) and re.fullmatch("[0-9a-f]{64}", marker["sealed"]), "an id is none")
            demand(type(epoch) is int and 0 <= epoch < 1 << 64, "an epoch is none")
            return bytes.fromhex(id), strategy, epoch, marker["sealed"]
        except (ValueError, TypeError, KeyError) as e:
            raise Refused(f"the marker makes no sense, or the vault is not sealed: {e!r}") from None

    def names(self):
        """Yields each path with the file that has it (section 3). What does not decrypt is foreign (E21)."""
        siv = AESSIV(hkdf(b"", self.keyring.secret, b"kitestring names", 32))
        for folder in "hjpc":
            for file in (self.folder / folder).glob("*"):
                try:
                    packed = siv.decrypt(bytes.fromhex(file.name), [folder.encode()])
                except (ValueError, InvalidTag):
                    continue
                of, before, widths = SHAPES.get(packed[0] if packed else 0, ("", "", ()))
                digits = packed[1:].hex()
                if of == folder and len(digits) == sum(widths) and file.name == file.name.lower():
                    ends = [sum(widths[: i + 1]) for i in range(len(widths))]
                    yield f"{folder}/{before}" + "-".join(digits[e - w : e] for e, w in zip(ends, widths)), file
        yield "head", self.folder / "head"

    @functools.lru_cache(8)
    def read(self, path):
        """Opens a file; returns its content and the id of its key (section 2)."""
        demand(path in self.files and self.files[path].exists(), f"{path} is not there")
        file = Cursor(self.files[path].read_bytes())
        file.begin(b"s")
        id, salt, length = file.take(8), file.take(32), file.take(8)
        size = int.from_bytes(length, "big")
        pieces = -(-size // 65536)
        demand(8 <= size <= 1 << 40 and len(file.data) == 54 + size + 16 * pieces, f"{path} has another length")
        demand(id in self.keyring.keys, f"{path} is sealed under a key that is not known")
        info = b"kitestring file 1|" + self.id + length + path.encode()
        derived, text = hkdf(salt, self.keyring.keys[id], info, 51), b""
        for n in range(pieces):
            nonce = derived[32:] + n.to_bytes(4, "big") + bytes([n == pieces - 1])
            piece = file.take(min(65552, len(file.data) - file.at))
            text += unseal(derived[:32], nonce, piece, None, f"{path} does not open")
        end = 8 + int.from_bytes(text[:8], "big")
        demand(end <= size and not any(text[end:]), f"{path} is not padded with zeros")
        return text[8:end], id
