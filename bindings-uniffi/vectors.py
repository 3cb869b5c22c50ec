"""Flattens what the golden sealed vaults hold, for tests in languages without a reader of JSON at hand.

A line is a folder, a word (`document`, `key`, `passphrase`, `removed`, `revoked`) and its values, parted by tabs. A document has
its id and the SHA-256 of its body.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import sys


def lines(folder: pathlib.Path) -> list[list[str]]:
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    documents = expected.pop("documents")
    return [["document", id, digest(body)] for id, body in documents.items()] + [[word, value] for word, value in expected.items()]


def digest(body: dict[str, str]) -> str:
    return body["sha256"] if "sha256" in body else hashlib.sha256(body["text"].encode()).hexdigest()


def main() -> None:
    for folder in sorted(pathlib.Path(sys.argv[1]).glob("sealed*")):
        for line in lines(folder):
            print(folder.name, *line, sep="\t")


if __name__ == "__main__":
    main()
