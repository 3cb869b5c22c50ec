#!/usr/bin/env python3
"""Reads a sealed vault and prints its documents as JSON.

Written from `spec/sealed.md` and `spec/journal.md` alone, with other people's cryptography: it shares no line with the
core, and its author had not seen it. That it reads what the core writes shows that the pages say enough. Letters with
numbers are their rules. It is stricter than a client, which would wait, or go on with what else is there: it refuses the
vault. What it does not check is that an index is spelled in the only way (J6).

    read_vault.py FOLDER (--passphrase TEXT | --key HEX)
"""

import argparse, hashlib, json, sys

from cursor import Refused, demand, path_of_record
from journal import Journal


def seq(vector, writer):
    return vector[writer][0] if writer in vector else 0


class Vault(Journal):
    def documents(self):
        """Returns the body of each document."""
        known, heads = self.fold()
        winners = {}
        for (id, *_), version in heads.items():
            winners[id] = max(version, winners.get(id, version), key=lambda v: (v.order, v.writer))
        return {id: self.body(version) for id, version in sorted(winners.items()) if version.size is not None}

    def fold(self):
        """Folds what the vault has (J50, J96); returns what is known and the heads of all documents, by id and dot."""
        last, checkpoints = self.newest()
        known, heads = {}, {}
        for path in checkpoints:
            covered, rows = self.checkpoint(path)
            theirs = {(id, v.writer, v.seq): v for id, v in rows}
            stay = {dot: v for dot, v in heads.items() if dot in theirs or dot[2] > seq(covered, dot[1])}
            come = {dot: v for dot, v in theirs.items() if dot in heads or dot[2] > seq(known, dot[1])}
            heads = stay | come
            known |= {writer: link for writer, link in covered.items() if link[0] > seq(known, writer)}
        greatest = max((order for _, order, _ in known.values()), default=0)
        for order, writer, link, changes in self.beyond(last, known):
            demand(order <= greatest + (1 << 32), "an order is too large")
            for id, dots, version in changes:
                demand(all(n <= seq(known, w) for w, n in dots), "a record replaces what is not there")
                for dot in dots:
                    heads.pop((id, *dot), None)
                if version:
                    heads[id, writer, version.seq] = version
            known[writer], greatest = link, max(order, greatest)
        return known, heads

    def beyond(self, last, known):
        """Follows each chain from its last record back to what is known; returns the records, the first one first."""
        records = []
        for writer, link in last.items():
            while link and link[0] > seq(known, writer):
                before, changes = self.record(path_of_record(link[1], writer, link[0], link[2]), writer, link)
                records.append((link[1], writer, link, changes))
                link = before
            meets = not link or link[0] < seq(known, writer) or link == known[writer] or self.strategy == "listing"
            demand(meets, "a chain does not continue what the checkpoint covers")
        # What a record replaces has a smaller order: its author had folded it (J40, J41).
        return sorted(records, key=lambda record: record[:2])


def shown(body):
    if len(body) < 1000:
        return {"text": body.decode()}
    return {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def main():
    parser = argparse.ArgumentParser(description="Prints the documents of a sealed vault as JSON.")
    parser.add_argument("folder")
    secret = parser.add_mutually_exclusive_group(required=True)
    secret.add_argument("--passphrase")
    secret.add_argument("--key", type=bytes.fromhex)
    given = parser.parse_args()
    try:
        documents = Vault(given.folder, given.passphrase if given.key is None else given.key).documents()
    except (Refused, OSError) as e:
        sys.exit(f"refused: {e}")
    print(json.dumps({id: shown(body) for id, body in documents.items()}, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
