"""The reader reads the golden vault, and nothing that was tampered with."""

import hmac, json, shutil, sys, tempfile, unittest
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt

from cursor import Cursor, Refused
from journal import Journal, Version
from read_vault import Vault, shown
from sealing import hkdf

VECTORS = Path(__file__).parents[3] / "spec" / "vectors"
GOLDEN = VECTORS / "sealed" / "vault"
SECOND = VECTORS / "sealed-2" / "vault"
EXPECTED = json.loads((VECTORS / "sealed" / "expected.json").read_text())
KEY = bytes.fromhex(EXPECTED["key"])
SECOND_EXPECTED = json.loads((VECTORS / "sealed-2" / "expected.json").read_text())


def documents(folder, secret):
    return {id: shown(body) for id, body in Vault(folder, secret).documents().items()}


def seal(vault, key, path, content, padding=0):
    """Seals a content as E10 to E13 have it, with a salt of zeros."""
    text = len(content).to_bytes(8, "big") + content + bytes(padding)
    pieces, length = range(0, len(text), 65536), len(text).to_bytes(8, "big")
    derived = hkdf(bytes(32), vault.keyring.keys[key], b"kitestring file 1|" + vault.id + length + path.encode(), 51)
    sealed = b"kites\1" + key + bytes(32) + length
    for n, at in enumerate(pieces):
        nonce = derived[32:] + n.to_bytes(4, "big") + bytes([n == len(pieces) - 1])
        sealed += crypto_aead_xchacha20poly1305_ietf_encrypt(text[at : at + 65536], None, nonce, derived[:32])
    return sealed


class Golden(unittest.TestCase):
    def test_the_passphrase_opens_it(self):
        self.assertEqual(documents(GOLDEN, EXPECTED["passphrase"]), EXPECTED["documents"])

    def test_the_key_opens_it(self):
        self.assertEqual(documents(GOLDEN, KEY), EXPECTED["documents"])

    def test_another_passphrase_or_key_is_wrong(self):
        for secret in (EXPECTED["passphrase"] + " ", "", KEY[:-1] + b"\0", KEY[:-1], EXPECTED["key"]):
            with self.subTest(secret=secret), self.assertRaisesRegex(Refused, "^wrong_key$"):
                Vault(GOLDEN, secret)


class Second(unittest.TestCase):
    """The second golden vault: found by listings, and in part compressed by Deflate."""

    def setUp(self):
        self.vault = Vault(SECOND, bytes.fromhex(SECOND_EXPECTED["key"]))

    def test_the_passphrase_and_the_key_open_it(self):
        for secret in (SECOND_EXPECTED["passphrase"], bytes.fromhex(SECOND_EXPECTED["key"])):
            self.assertEqual(documents(SECOND, secret), SECOND_EXPECTED["documents"])

    def test_a_key_that_was_removed_opens_nothing(self):
        with self.assertRaisesRegex(Refused, "^wrong_key$"):
            Vault(SECOND, bytes.fromhex(SECOND_EXPECTED["removed"]))

    def test_it_has_an_index_of_every_codec(self):
        listed = [p for p in self.vault.files if p.startswith("j/")]
        self.assertEqual({self.vault.read(p)[0][6] for p in listed}, {0, 1, 2})


def places(length):
    """Every byte of a small file; of a large one both ends, both sides of a piece's end, and a sample."""
    if length < 4000:
        return range(length)
    end = 54 + 65536 + 16
    near = [*range(512), *range(end - 32, end + 32), *range(length - 512, length), *range(0, length, 997)]
    return sorted({at for at in near if at < length})


class Damaged(unittest.TestCase):
    """One file of a copy is changed, and put back."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.vault = Path(shutil.copytree(GOLDEN, Path(folder.name) / "vault"))
        self.files = sorted(f for f in self.vault.rglob("*") if f.is_file())

    def refused(self, file, secret=KEY):
        with self.assertRaises((Refused, OSError), msg=file):
            Vault(self.vault, secret).documents()

    def test_a_flipped_byte_is_refused(self):
        self.assertGreater(len(self.files), 8)
        for file in self.files:
            good = file.read_bytes()
            for at in places(len(good)):
                file.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
                self.refused(f"{file.relative_to(self.vault)}, byte {at}")
            file.write_bytes(good)

    def test_a_keyring_that_was_changed_opens_with_no_passphrase(self):
        [file] = (self.vault / "k").iterdir()
        good = file.read_bytes()
        for at in range(6, len(good), 40):
            file.write_bytes(good[:at] + bytes([good[at] ^ 128]) + good[at + 1 :])
            self.refused(f"byte {at}", EXPECTED["passphrase"])

    def test_a_file_that_is_cut_or_longer_is_refused(self):
        for file in self.files:
            good = file.read_bytes()
            for other in (good[:-1], good[: len(good) // 2], b"", good + b"\0"):
                file.write_bytes(other)
                self.refused(f"{file.relative_to(self.vault)}, {len(other)} bytes")
            file.write_bytes(good)

    def test_a_file_that_is_missing_or_another_is_refused(self):
        for file, next in zip(self.files, self.files[1:] + self.files[:1]):
            good = file.read_bytes()
            file.write_bytes(next.read_bytes())
            if file.read_bytes() != good:
                self.refused(f"{file.relative_to(self.vault)}, exchanged")
            file.unlink()
            self.refused(f"{file.relative_to(self.vault)}, missing")
            file.write_bytes(good)

    def test_what_is_foreign_is_ignored(self):
        for folder in "jpc":
            (self.vault / folder / "notes (1).txt").write_text("?")
            (self.vault / folder / ("ab" * 47)).write_text("?")
        (self.vault / "k" / "ffffffff").write_text("?")
        self.assertEqual(documents(self.vault, KEY), EXPECTED["documents"])


class Pieces(unittest.TestCase):
    """No file of the golden vault has more than one piece."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.vault, self.file = Vault(GOLDEN, KEY), Path(folder.name) / "head"
        self.vault.files["head"], self.key = self.file, next(iter(self.vault.keyring.keys))

    def read(self, sealed):
        self.file.write_bytes(sealed)
        self.vault.read.cache_clear()
        return self.vault.read("head")

    def test_pieces_are_read_in_their_order_only(self):
        content, piece = bytes(range(250)) * 800, 65552
        good = seal(self.vault, self.key, "head", content)
        self.assertEqual(self.read(good), (content, self.key))
        first, second, third = (good[54 + n * piece : 54 + (n + 1) * piece] for n in range(3))
        for other in (second + first + third, first + first + third, first + second, first + second + third + third):
            self.assertRaises(Refused, self.read, good[:54] + other + good[54 + 3 * piece :])

    def test_lengths_and_padding(self):
        for length, padding in ((0, 0), (1, 99), (65528, 0), (65529, 0), (65528, 65536), (131064, 1)):
            content = b"a" * length
            self.assertEqual(self.read(seal(self.vault, self.key, "head", content, padding))[0], content)

    def test_another_path_is_refused(self):
        self.assertRaisesRegex(Refused, "does not open", self.read, seal(self.vault, self.key, "lease", b"?"))


class Strategies(unittest.TestCase):
    """The golden vault finds its records by `head`. A copy is made one that finds them otherwise, with its own keys."""

    def copy(self, strategy):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        vault, path = Vault(GOLDEN, KEY), Path(shutil.copytree(GOLDEN, Path(folder.name) / "vault"))
        said = vault.id + bytes(8) + strategy.encode()
        mac = hmac.digest(hkdf(b"", vault.keyring.secret, b"kitestring marker", 32), said, "sha256").hex()
        marker = json.loads((path / "vault").read_text()) | {"strategy": strategy, "sealed": mac}
        (path / "vault").write_text(json.dumps(marker))
        (path / "head").unlink()
        return vault, path

    def test_listing(self):
        _, path = self.copy("listing")
        self.assertEqual(documents(path, KEY), EXPECTED["documents"])

    def test_slots(self):
        vault, path = self.copy("slots")
        (path / "h").mkdir()
        siv = AESSIV(hkdf(b"", vault.keyring.secret, b"kitestring names", 32))
        content, key = vault.read("head")
        vault.keyring.keys[bytes(8)] = bytes(32)
        for n, of in {8: bytes(8), 9: key}.items():
            name = siv.encrypt(b"\5" + n.to_bytes(6, "big"), [b"h"]).hex()
            (path / "h" / name).write_bytes(seal(vault, of, f"h/{n:012x}", content))
        self.assertEqual(documents(path, KEY), EXPECTED["documents"])
        (path / "h" / name).rename(path / "h" / siv.encrypt(b"\5" + (10).to_bytes(6, "big"), [b"h"]).hex())
        self.assertRaisesRegex(Refused, "does not open", documents, path, KEY)

    def test_of_a_closed_key_one_checkpoint_counts(self):
        vault = Vault(GOLDEN, KEY)
        older, newer = vault.keyring.keys
        root = next(p for p in vault.files if p.startswith("j/c-"))
        for closed, counts, why in (
            ({older}, root, None),
            ({older}, None, "c-.* is sealed under a closed key"),
            ({newer}, root, "the head is sealed under a closed key"),
        ):
            vault.keyring.closed, vault.keyring.root = closed, counts
            if why:
                self.assertRaisesRegex(Refused, why, vault.documents)
            else:
                self.assertEqual(len(vault.documents()), len(EXPECTED["documents"]))


class Revoked(unittest.TestCase):
    """The golden vault in which a device was revoked that went on writing."""

    def test_what_was_revoked_counts_for_nothing(self):
        told = json.loads((VECTORS / "sealed-revoked" / "expected.json").read_text())
        path = VECTORS / "sealed-revoked" / "vault"
        self.assertEqual(documents(path, bytes.fromhex(told["key"])), told["documents"])
        vault = Vault(path, bytes.fromhex(told["key"]))
        late = [p for p in vault.files if p.startswith("j/") and not vault.keyring.counts(p, vault.read(p)[1])]
        self.assertTrue(any(p[2] == "c" for p in late) and any(p[2] != "c" for p in late))
        with self.assertRaisesRegex(Refused, "^wrong_key$"):
            Vault(path, bytes.fromhex(told["revoked"]))


class Told(Vault):
    """A vault of records that are told: by writer and `seq`, the order and the changes."""

    def __init__(self, records):
        self.records, self.strategy = records, "compare-and-swap"

    def newest(self):
        return {w: self.link(w, max(n for of, n in self.records if of == w)) for w, _ in self.records}, []

    def link(self, writer, seq):
        return (seq, self.records[writer, seq][0], bytes(16)) if seq else None

    def record(self, path, writer, link):
        seq, order = link[:2]
        versions = {"put": Version(order, writer, seq, 1), "delete": Version(order, writer, seq), "withdraw": None}
        changes = [(id, dots, versions[action]) for action, id, *dots in self.records[writer, seq][1]]
        return self.link(writer, seq - 1), changes

    def body(self, version):
        return version.writer + bytes([version.seq])


class Fold(unittest.TestCase):
    def told(self, records):
        return Told(records).documents()

    def test_the_winner_has_the_greatest_order_and_then_writer(self):
        both = {(b"a", 1): (1, [("put", "x")]), (b"b", 1): (1, [("put", "x")])}
        self.assertEqual(self.told(both), {"x": b"b\1"})
        self.assertEqual(self.told(both | {(b"a", 2): (2, [("put", "x", (b"a", 1))])}), {"x": b"a\2"})

    def test_what_is_replaced_is_no_head(self):
        records = {(b"a", 1): (1, [("put", "x")]), (b"b", 1): (1, [("put", "x"), ("put", "y")])}
        self.assertEqual(self.told(records | {(b"b", 2): (2, [("withdraw", "x", (b"b", 1))])}), {"x": b"a\1", "y": b"b\1"})
        self.assertEqual(self.told(records | {(b"a", 2): (2, [("delete", "y", (b"b", 1))])}), {"x": b"b\1"})

    def test_what_replaces_the_unknown_is_not_folded(self):
        for dot in ((b"a", 2), (b"c", 1)):
            records = {(b"a", 1): (1, [("put", "x")]), (b"b", 1): (2, [("put", "x", dot)])}
            self.assertRaisesRegex(Refused, "not there", self.told, records)

    def test_an_order_that_leaps_is_refused(self):
        self.assertEqual(self.told({(b"a", 1): (1 << 32, [("put", "x")])}), {"x": b"a\1"})
        self.assertRaisesRegex(Refused, "order", self.told, {(b"a", 1): ((1 << 32) + 1, [("put", "x")])})


class Plain(Journal):
    """The vectors of the journal, which are not sealed: bodies in other files, records with every codec."""

    def __init__(self):
        self.id, self.strategy, self.keyring = bytes([0x5A] * 16), "compare-and-swap", self
        self.closed, self.files, self.head = set(), {}, "head"

    def read(self, path):
        return (VECTORS / "journal" / (self.head if path == "head" else path)).read_bytes(), b""

    def counts(self, path, key):
        return True


class JournalVectors(unittest.TestCase):
    expected = json.loads((VECTORS / "journal" / "vectors.json").read_text())

    def test_records(self):
        for record in self.expected["records"]:
            vault, link = Plain(), record["link"]
            link = link["seq"], link["order"], bytes.fromhex(link["hash"])
            _, changes = vault.record(record["file"], bytes.fromhex(record["writer"]), link)
            self.assertEqual([id for id, *_ in changes], [str(c["id"]) for c in record["changes"]])
            for (_, dots, version), change in zip(changes, record["changes"], strict=True):
                named = [(bytes.fromhex(r["writer"]), r["seq"]) for r in change["replaces"]]
                self.assertEqual(dots, named)
                if "body" in change:
                    self.assertEqual(vault.body(version).decode(), change["body"])
                self.assertEqual(version is None, change["action"] == "withdraw")

    def test_a_record_that_is_not_the_named_one_is_refused(self):
        record = self.expected["records"][0]
        vault, writer, seq, order = Plain(), bytes.fromhex(record["writer"]), record["link"]["seq"], record["link"]["order"]
        content = vault.read(record["file"])
        vault.read = lambda path: content
        hash = bytes.fromhex(record["link"]["hash"])
        vault.record(record["file"], writer, (seq, order, hash))
        for path, writer_of, link, why in (
            (record["file"][:-1] + "x", writer, (seq, order, hash), "what its name says"),
            (record["file"], bytes(14), (seq, order, hash), "the record that is named"),
            (record["file"], writer, (seq + 1, order, hash), "the record that is named"),
            (record["file"], writer, (seq, order + 1, hash), "the record that is named"),
            (record["file"], writer, (seq, order, hash[:15] + b"?"), "the record that is named"),
        ):
            self.assertRaisesRegex(Refused, why, vault.record, path, writer_of, link)

    def test_checkpoints(self):
        root = self.expected["checkpoints"][0]
        vault = Plain()
        covered, rows = vault.checkpoint(root["file"])
        self.assertEqual([w.hex() for w in covered], [v["writer"] for v in root["about"]["vector"]])
        named = [(d["id"], v) for d in root["documents"] for v in d["versions"]]
        for (id, version), (expected_id, expected) in zip(rows, named, strict=True):
            self.assertEqual((id, version.seq, version.order), (expected_id, expected["seq"], expected["order"]))
            if expected["body"]:
                self.assertEqual((version.place[0][0], version.place[1]), (expected["body"]["file"], expected["body"]["offset"]))
                self.assertEqual(len(vault.body(version)), expected["body"]["size"])

    def test_heads(self):
        for head in self.expected["heads"]:
            vault = Plain()
            vault.head, vault.epoch = head["file"], head["epoch"]
            if head["closed"]:
                self.assertRaisesRegex(Refused, "closed", vault.newest)
                continue
            last, roots = vault.newest()
            self.assertEqual([w.hex() for w in last], [v["writer"] for v in head["vector"]])
            self.assertEqual(roots, [head["checkpoint"]["root"]] if head["checkpoint"] else [])

    def test_numbers(self):
        for number in self.expected["numbers"]:
            self.assertEqual(Cursor(bytes.fromhex(number["hex"])).number(), int(number["value"]))
        for refused in (r for r in self.expected["refused"] if r["what"] == "number"):
            self.assertRaises(Refused, Cursor(bytes.fromhex(refused["hex"])).number)


def main():
    """Runs every test, and ends with two lines that `cargo xtask test` counts."""
    tests = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)
    # One that fails in several subtests is one.
    failed = len({getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors})
    print(f"# pass {result.testsRun - failed}\n# fail {failed}")
    sys.exit(not result.wasSuccessful())


if __name__ == "__main__":
    main()
