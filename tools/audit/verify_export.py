#!/usr/bin/env python3
"""Verifies what `npm run gpo -- audit export FOLDER` wrote, with nothing but this file and Python 3.8 or later.

    python3 verify_export.py FOLDER [HEADS_FILE ...]

HEADS_FILE: heads that somebody else kept, one JSON object a line: {"chain": 0, "link": 12, "hash": "..."}, or the
callbacks that held them. Exit code 0: everything fits. 1: something does not; each thing is told. 2: not an export.
The formats are those of docs/audit.md.
"""
import datetime
import hashlib
import json
import os
import struct
import sys
import uuid

EPOCH = datetime.datetime(2000, 1, 1, tzinfo=datetime.timezone.utc)
GENESIS = bytes(32)


def microseconds(text):
    """A timestamptz as PostgreSQL sends it: microseconds since 2000-01-01 UTC."""
    then = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return (then - EPOCH) // datetime.timedelta(microseconds=1)


def as_text(value):
    return value.encode("utf-8")


# Column, the number of its type in PostgreSQL, and its bytes.
COLUMNS = [
    ("history_id", 20, lambda value: struct.pack(">q", int(value))),
    ("disbursement_id", 2950, lambda value: uuid.UUID(value).bytes),
    ("batch_id", 2950, lambda value: uuid.UUID(value).bytes),
    ("event", 25, as_text),
    ("from_state", 25, as_text),
    ("to_state", 25, as_text),
    ("attempt_no", 23, lambda value: struct.pack(">i", int(value))),
    ("reason", 25, as_text),
    ("message", 25, as_text),
    ("cause", 25, as_text),
    ("scenario", 25, as_text),
    ("scenario_version", 25, as_text),
    ("actor", 25, as_text),
    ("at", 1184, lambda value: struct.pack(">q", microseconds(value))),
    ("chain", 21, lambda value: struct.pack(">h", int(value))),
    ("link", 20, lambda value: struct.pack(">q", int(value))),
]


def leaf(row):
    parts = [struct.pack(">i", len(COLUMNS))]
    for name, type_number, bytes_of in COLUMNS:
        value = row[name]
        data = None if value is None else bytes_of(value)
        parts.append(struct.pack(">Ii", type_number, -1 if data is None else len(data)))
        parts.append(data or b"")
    return hashlib.sha256(b"".join(parts)).digest()


def lines(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def link_hash(link, leaves, before):
    fields = [link["chain"], link["link"], link["lines"], leaves, link["at"], before.hex()]
    return hashlib.sha256("\n".join(str(field) for field in fields).encode()).digest()


class Export:
    def __init__(self, folder):
        self.folder = folder
        self.problems = []
        self.rows = 0
        self.unchained = 0
        self.links = {}
        self.purged, self.purges, self.told_purged = {}, {}, {}
        with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
            self.manifest = json.load(file)

    def path(self, name):
        return os.path.join(self.folder, name)

    def check_files(self):
        for file in self.manifest["files"]:
            if sha256_of(self.path(file["name"])) != file["sha256"]:
                self.problems.append("%s is not as the manifest says" % file["name"])

    def check_rows(self):
        """Hashes the leaves of every link as its rows come; links end long before the file does."""
        leaves = {}
        counts = {}
        last_id = 0
        self.read_purged()
        for row in lines(self.path("history.jsonl")):
            self.rows += 1
            if int(row["history_id"]) <= last_id:
                self.problems.append("row %s is not in its place" % row["history_id"])
            last_id = int(row["history_id"])
            if row["link"] is None:
                self.unchained += 1
                if leaves:
                    self.problems.append("row %s was not written with a link" % row["history_id"])
                continue
            if row["event"] == "purged":
                self.told_purged.setdefault(row["disbursement_id"], set()).add(row["reason"])
            key = (int(row["chain"]), int(row["link"]))
            if key in self.purged:
                leaves.setdefault(key, []).append(leaf(row))
            else:
                leaves.setdefault(key, hashlib.sha256()).update(leaf(row))
            counts[key] = counts.get(key, 0) + 1
        return leaves, counts

    def read_purged(self):
        """Places of rows that were purged, and what they add up to for each batch."""
        for one in lines(self.path("purged.jsonl")):
            self.purged.setdefault((one["chain"], one["link"]), set()).update(one["positions"])
            text = "%d %d %s\n" % (one["chain"], one["link"], ",".join(map(str, one["positions"])))
            self.purges.setdefault(one["batch_id"], hashlib.sha256()).update(text.encode())

    def check_purged(self, link, rows, name):
        """The rows that are left are those of the link, in their order, and only purged ones are missing."""
        data = bytes.fromhex(link["leaves"] or "")
        gone = self.purged[(link["chain"], link["link"])]
        at = 0
        for place in range(link["lines"]):
            if at < len(rows) and rows[at] == data[32 * place:32 * place + 32]:
                at += 1
            elif place not in gone:
                self.problems.append("%s lacks a row that was not purged" % name)
        if at < len(rows) or len(data) != 32 * link["lines"]:
            self.problems.append("%s has rows that were not written so" % name)
        return hashlib.sha256(data).hexdigest()

    def check_purges(self):
        """Each purge is told by the history of its batch, which may lie outside of a period."""
        if self.manifest.get("from") is not None or self.manifest.get("to") is not None:
            return
        for batch, digest in self.purges.items():
            if digest.hexdigest() not in self.told_purged.get(batch, set()):
                self.problems.append("what was purged of batch %s is not what its history says" % batch)

    def check_links(self, leaves, counts):
        before = {one["chain"]: (one["link"], bytes.fromhex(one["hash"] or "")) for one in self.manifest["before"]}
        for link in lines(self.path("links.jsonl")):
            chain, number = link["chain"], link["link"]
            name = "link %d of chain %d" % (number, chain)
            last, last_hash = before.get(chain, (0, GENESIS))
            if number != last + 1:
                self.problems.append("link %d of chain %d is missing" % (last + 1, chain))
            rows = counts.pop((chain, number), 0)
            if (chain, number) in self.purged:
                digest = self.check_purged(link, leaves.pop((chain, number), []), name)
            else:
                if rows != link["lines"]:
                    self.problems.append("%s has %d rows instead of %d" % (name, rows, link["lines"]))
                digest = leaves.pop((chain, number), hashlib.sha256()).hexdigest()
            if link_hash(link, digest, last_hash).hex() != link["hash"]:
                self.problems.append("%s does not fit its rows, or the link before it" % name)
            before[chain] = (number, bytes.fromhex(link["hash"]))
            self.links[(chain, number)] = link["hash"]
        for chain, number in counts:
            self.problems.append("rows name link %d of chain %d, which is missing" % (number, chain))

    def check_heads(self, files):
        """Compares heads that lie in the exported period; a cut chain lacks the link of its last head."""
        last = {}
        for chain, number in self.links:
            last[chain] = max(number, last.get(chain, 0))
        first = {one["chain"]: one["link"] + 1 for one in self.manifest["before"]}
        ends = self.manifest.get("to") is not None
        compared = 0
        for file in files:
            for head in lines(file):
                for one in head.get("heads", [head.get("header", {}).get("meta", {}).get("audit", head)]):
                    chain, number = one["chain"], one["link"]
                    if number < first.get(chain, 1) or (number > last.get(chain, 0) and ends):
                        continue
                    compared += 1
                    if self.links.get((chain, number)) != one["hash"]:
                        self.problems.append("link %d of chain %d is not the one that was published" % (number, chain))
        return compared


def main(arguments):
    if len(arguments) < 1:
        print(__doc__)
        return 2
    try:
        export = Export(arguments[0])
    except (OSError, ValueError, KeyError) as error:
        print("not an export: %s" % error)
        return 2
    export.check_files()
    leaves, counts = export.check_rows()
    export.check_links(leaves, counts)
    export.check_purges()
    heads = export.check_heads([export.path("heads.jsonl"), *arguments[1:]])
    for problem in export.problems[:100]:
        print(problem)
    print("%d rows, %d links, %d heads compared, %d rows from before the chain: %s" % (
        export.rows, len(export.links), heads, export.unchained,
        "intact" if not export.problems else "NOT INTACT"))
    return 1 if export.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
