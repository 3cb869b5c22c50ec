"""rclone bisync over WebDAV, asked as `node/steps.mjs` says: rclone.py FOLDER url URL MS RCLONE. A document is a file."""

import filecmp
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

folder, _, url, _, program = sys.argv[1:]
home = Path(folder)


def read(name):
    return [json.loads(line) for line in (home / name).read_text().splitlines()]


documents, edits = read("documents.ndjson"), read("edits.ndjson")
A, B = home / "a", home / "b"
for device in (A, B):
    device.mkdir()
(home / "rclone.conf").touch()


def save(device, notes):
    for note in notes:
        (device / f"{note['_id']}.json").write_text(json.dumps(note, ensure_ascii=False, separators=(",", ":")))


def used():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (usage.ru_utime + usage.ru_stime) * 1000


def sync(device, *options):
    words = [program, "--config", home / "rclone.conf", "bisync", device, f":webdav,url='{url}',vendor=rclone:"]
    words += ["--workdir", home / f"work-{device.name}", "--create-empty-src-dirs=false", *options]
    begun, cpu = time.monotonic(), used()
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"rclone: {done.stderr[-2000:]}")
    return {"wall_ms": (time.monotonic() - begun) * 1000, "cpu_ms": used() - cpu}


def edited(device, notes, *options):
    save(device, notes)
    return sync(device, *options)


def fork():
    save(B, edits[101:201])
    return edited(A, edits[1:101])


def same():
    # rclone keeps both sides of a conflict, under names of its own.
    names = sorted(os.listdir(A))
    if names != sorted(os.listdir(B)) or filecmp.cmpfiles(A, B, names, shallow=False)[1:] != ([], []):
        sys.exit("A and B do not have the same documents")
    return {"peak_kib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}


save(A, documents)
STEPS = {
    "w1": lambda: sync(A, "--resync"),
    "w2": lambda: sync(B, "--resync"),
    "w3_push": lambda: edited(A, edits[:1]),
    "w3_pull": lambda: sync(B),
    "w4_first": fork,
    "w4_second": lambda: sync(B),
    "w4_third": lambda: sync(A),
    "w5": lambda: sync(A),
    # Nothing of it is told what is saved, and it finds the last of a hundred versions.
    "w6_save": lambda: {"wall_ms": 0, "cpu_ms": 0},
    "w6_push": lambda: edited(A, edits[201:301]),
    "w6_pull": lambda: sync(B),
    "end": same,
}
for line in sys.stdin:
    print(json.dumps(STEPS[line.strip()]()), flush=True)
