#!/usr/bin/env python3
"""Checks an auditor's pack and recomputes every total of it, with nothing but the files beside this one and Python 3.8 or later.

    python3 verify_pack.py PACK.zip [HEADS_FILE ...]

HEADS_FILE: heads of the audit chain that somebody else kept, one JSON object a line; callbacks may stand there as they came.
Exit code 0: everything fits. 1: something does not; each thing is told. 2: not a pack. The formats are those of docs/audit.md.
"""
import base64
import collections
import hashlib
import json
import sys
import zipfile

import ed25519
from pack_books import Books, found, told
from verify_export import leaf, link_hash

PROBLEMS_MAX = 100


class Pack(Books):
    def __init__(self, path):
        self.zip = zipfile.ZipFile(path)
        self.problems = []
        self.attempts = {}
        self.manifest = json.loads(self.zip.read("manifest.json"))
        self.summary = json.loads(self.zip.read("summary.json"))
        self.keys = {key["kid"]: key for key in json.loads(self.zip.read("keys.json"))["keys"]}
        self.totals = self.summary["totals"]

    def find(self, problem):
        self.problems.append(problem)

    def rows(self, name):
        with self.zip.open(name) as file:
            for line in file:
                yield json.loads(line)

    def names(self, folder):
        return [file["name"] for file in self.manifest["files"] if file["name"].startswith(folder)]

    def same(self, what, told, found):
        if told != found:
            self.find("%s: the summary says %s, the lists say %s" % (what, told, found))

    def check_files(self):
        listed = {file["name"]: file for file in self.manifest["files"]}
        present = set(self.zip.namelist()) - {"manifest.json", "manifest.jws"}
        for name in sorted(present ^ set(listed)):
            self.find("%s is %s" % (name, "not in the manifest" if name in present else "missing"))
        for name in sorted(present & set(listed)):
            digest, size = hashlib.sha256(), 0
            with self.zip.open(name) as file:
                for block in iter(lambda: file.read(1 << 20), b""):
                    digest.update(block)
                    size += len(block)
            if digest.hexdigest() != listed[name]["sha256"] or size != listed[name]["bytes"]:
                self.find("%s is not as the manifest says" % name)
        if "manifest.jws" in self.zip.namelist():
            self.check_signature("manifest.json", self.zip.read("manifest.json"), self.zip.read("manifest.jws").decode())
        elif self.keys:
            self.find("the manifest is not signed, though the installation has a key")

    def check_signature(self, what, data, jws):
        head, _, signature = jws.split(".")
        header = json.loads(unbase64(head))
        key = self.keys.get(header.get("kid"))
        if key is None or header.get("alg") != "EdDSA":
            return self.find("%s is signed with a key that keys.json does not hold" % what)
        signed = ("%s.%s" % (head, base64.urlsafe_b64encode(data).decode().rstrip("="))).encode()
        if not ed25519.fits(unbase64(key["x"]), signed, unbase64(signature)):
            self.find("the signature of %s does not fit" % what)

    def read_lines(self):
        """Lines by disbursement, and what they add up to."""
        self.lines = {}
        self.batch_totals = collections.defaultdict(lambda: collections.defaultdict(lambda: [0, 0]))
        states = collections.defaultdict(lambda: [0, 0])
        counts = {}
        for name in self.names("lines/"):
            batch = name[len("lines/"):-len(".jsonl")]
            last = 0
            counts[batch] = 0
            for line in self.rows(name):
                if line["line_no"] <= last:
                    self.find("line %d of batch %s is not in its place" % (line["line_no"], batch))
                last = line["line_no"]
                counts[batch] += 1
                refused = "disbursement_id" not in line
                currency, minor = ("", 0) if refused else (line["currency_code"], int(line["amount_minor"] or 0))
                for total in (states[(line["state"], currency)], self.batch_totals[batch][(line["state"], currency)]):
                    total[0] += 1
                    total[1] += minor
                if not refused:
                    self.lines[line["disbursement_id"]] = line
        for batch in self.rows("batches.jsonl"):
            if batch["total_count"] != counts.get(batch["batch_id"], 0):
                self.find("batch %s has %d lines, and %d are here" % (batch["batch_id"], batch["total_count"], counts.get(batch["batch_id"], 0)))
        self.same("batches", self.totals["batches"], sum(1 for _ in self.rows("batches.jsonl")))
        self.same("lines", self.totals["lines"], sum(counts.values()))
        self.same("by state", told(self.totals["by_state"], "state"), found(states))

    def check_close_outs(self):
        last = {}
        for event in self.rows("close-outs.jsonl"):
            last[event["batch_id"]] = event
            if event["event"] == "closed":
                self.check_signature("close-out %d of batch %s" % (event["nth"], event["batch_id"]), event["document"].encode(), event["signature"])
        closed = {batch: json.loads(event["document"]) for batch, event in last.items() if event["event"] == "closed"}
        self.same("closed", self.totals["closed"], len(closed))
        for batch, document in closed.items():
            digest = hashlib.sha256(self.zip.read("lines/%s.jsonl" % batch)).hexdigest()
            if document["batch_id"] != batch or document["lines_sha256"] != digest:
                self.find("the lines of batch %s are not those that were closed" % batch)
            totals = {key: total for key, total in found(self.batch_totals[batch]).items() if key[1] != ""}
            if told([row for row in document["totals"] if row["currency_code"] != ""], "state") != totals:
                self.find("the totals of batch %s are not those that were closed" % batch)

    def check_chain(self, heads_files):
        """Every row of history is among the leaves of its link, the links stand on each other, and reach what was published."""
        leaves = collections.defaultdict(list)
        states, rows = {}, 0
        for row in self.rows("chain/history.jsonl"):
            rows += 1
            states[row["disbursement_id"]] = row["to_state"]
            if row["link"] is not None:
                leaves[(int(row["chain"]), int(row["link"]))].append(leaf(row))
        for id, state in states.items():
            if id not in self.lines or self.lines[id]["state"] != state:
                self.find("disbursement %s is not as its history says" % id)
        hashes, before = {}, {}
        for link in self.rows("chain/links.jsonl"):
            key = (link["chain"], link["link"])
            self.check_link(link, leaves.pop(key, []), before)
            hashes[key] = link["hash"]
        for chain, number in leaves:
            self.find("link %d of chain %d is missing" % (number, chain))
        return rows, len(hashes), self.check_heads(heads_files, hashes)

    def check_link(self, link, leaves, before):
        name = "link %d of chain %d" % (link["link"], link["chain"])
        if link["before"] is not None:
            before[link["chain"]] = (link["link"] - 1, bytes.fromhex(link["before"]))
        last, last_hash = before.get(link["chain"], (None, b""))
        if link["link"] - 1 != last:
            self.find("the link before %s is missing" % name)
        if link["leaves"] is not None:
            data = bytes.fromhex(link["leaves"])
            known = collections.Counter(data[at:at + 32] for at in range(0, len(data), 32))
            if hashlib.sha256(data).hexdigest() != link["leaves_sha256"] or len(data) != 32 * link["lines"]:
                self.find("the leaves of %s are not those that it hashes" % name)
            for one in leaves:
                if known[one] == 0:
                    self.find("a row of %s was not written so" % name)
                known[one] -= 1
        elif leaves:
            self.find("%s lacks its leaves" % name)
        if link_hash(link, link["leaves_sha256"], last_hash).hex() != link["hash"]:
            self.find("%s does not fit its leaves, or the link before it" % name)
        before[link["chain"]] = (link["link"], bytes.fromhex(link["hash"]))

    def check_heads(self, files, hashes):
        compared = 0
        texts = [self.rows("chain/heads.jsonl")]
        for path in files:
            texts.append(json.loads(line) for line in open(path, encoding="utf-8") if line.strip())
        for some in texts:
            for head in some:
                for one in head.get("heads", [head.get("header", {}).get("meta", {}).get("audit", head)]):
                    told_hash = hashes.get((one["chain"], one["link"]))
                    if told_hash is None:
                        continue
                    compared += 1
                    if told_hash != one["hash"]:
                        self.find("link %d of chain %d is not the one that was published" % (one["link"], one["chain"]))
        return compared


def unbase64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def main(arguments):
    if len(arguments) < 1:
        print(__doc__)
        return 2
    try:
        pack = Pack(arguments[0])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        print("not a pack: %s" % error)
        return 2
    rows = links = heads = 0
    try:
        pack.check_files()
        pack.read_lines()
        pack.read_attempts()
        pack.read_books()
        pack.check_positions()
        pack.check_close_outs()
        rows, links, heads = pack.check_chain(arguments[1:])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        pack.find("the rest cannot be read: %r" % error)
    for problem in pack.problems[:PROBLEMS_MAX]:
        print(problem)
    print("%d lines, %d attempts, %d rows of history in %d links, %d published heads compared: %s" % (
        pack.totals["lines"], len(pack.attempts), rows, links, heads, "everything fits" if not pack.problems else "IT DOES NOT FIT"))
    return 1 if pack.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
