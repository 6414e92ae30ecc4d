"""Writes a copy of an auditor's pack that differs in one thing: forge_pack.py PACK OUT FAULT. The manifest is made anew, unsigned, unless FAULT is `bytes`."""
import hashlib
import json
import sys
import zipfile

source, target, fault = sys.argv[1:]
with zipfile.ZipFile(source) as pack:
    files = {name: pack.read(name) for name in pack.namelist()}
lines = next(name for name in files if name.startswith("lines/"))


def edit(name, change, which=lambda row: True):
    """Changes the first row for which `which` holds."""
    rows = [json.loads(line) for line in files[name].splitlines()]
    row = next(row for row in rows if which(row))
    change(row)
    files[name] = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows).encode()


def drop(name, which=lambda row: True):
    rows = files[name].splitlines(keepends=True)
    rows.remove(next(row for row in rows if which(json.loads(row))))
    files[name] = b"".join(rows)


FAULTS = {
    "bytes": lambda: files.update({lines: files[lines] + b"\n"}),
    "amount": lambda: edit(lines, lambda row: row.update(amount_minor="1")),
    "state": lambda: edit(lines, lambda row: row.update(state="succeeded"), lambda row: row["state"] == "failed"),
    "line": lambda: drop(lines),
    "attempt": lambda: drop("attempts.jsonl", lambda row: row["state"] == "settled"),
    "booking": lambda: drop("bookings.jsonl", lambda row: row["disbursement_id"] is not None),
    "booked": lambda: edit("bookings.jsonl", lambda row: row.update(amount_minor="1"), lambda row: row["direction"] == "debit"),
    "break": lambda: files.update({"breaks.jsonl": b""}),
    "statement": lambda: files.update({next(n for n in files if n.startswith("statements/")): b"<Document/>"}),
    "position": lambda: files.update({"summary.json": files["summary.json"].replace(b'"paid": "', b'"paid": "1', 1)}),
    "row": lambda: edit("chain/history.jsonl", lambda row: row.update(at="2020-01-01T00:00:00.000000Z")),
    "leaves": lambda: edit("chain/links.jsonl", lambda row: row.update(leaves="00" * 32 * row["lines"]), lambda row: row["leaves"]),
    "link": lambda: drop("chain/links.jsonl"),
    "head": lambda: edit("chain/heads.jsonl", lambda row: row.update(hash="00" * 32)),
    "close-out": lambda: edit("close-outs.jsonl", lambda row: row.update(document=row["document"].replace("March", "April"))),
    "none": lambda: None,
}
FAULTS[fault]()
if fault != "bytes":
    manifest = json.loads(files["manifest.json"])
    for file in manifest["files"]:
        file.update(bytes=len(files[file["name"]]), sha256=hashlib.sha256(files[file["name"]]).hexdigest())
    files["manifest.json"] = json.dumps(manifest).encode()
    del files["manifest.jws"]
with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as pack:
    for name, data in files.items():
        pack.writestr(name, data)
