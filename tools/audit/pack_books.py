"""What an auditor's pack says of payments, beside what it says of the bank: part of verify_pack.py."""
import collections
import hashlib


def told(rows, *names_of):
    return {tuple(row[name] for name in names_of) + (row["currency_code"],): (int(row["lines"]), int(row["amount"].replace(".", ""))) for row in rows}


def found(totals):
    return {key: (count, minor) for key, (count, minor) in totals.items()}


def is_of(booking, attempt):
    return booking["lane"] == attempt["lane"] and (
        booking["rail_id"] == attempt["rail_id"] or booking["reference"] == attempt["rail_reference"] is not None)


AMOUNT_BREAKS = ("over", "under", "wrong_currency")


class Books:
    """A pack whose lines were read: attempts, bookings, breaks and positions."""

    def read_attempts(self):
        self.attempts = {}
        lanes = collections.defaultdict(lambda: [0, 0])
        for attempt in self.rows("attempts.jsonl"):
            line = self.lines.get(attempt["disbursement_id"])
            if line is None:
                self.find("an attempt of disbursement %s has no line" % attempt["disbursement_id"])
                continue
            self.attempts[(attempt["disbursement_id"], attempt["attempt_no"])] = attempt
            if attempt["state"] in ("settled", "returned"):
                total = lanes[(attempt["lane"], attempt["state"], line["currency_code"])]
                total[0] += 1
                total[1] += int(line["amount_minor"])
        paid = {id for (id, _), attempt in self.attempts.items() if attempt["state"] == "settled"}
        for id, line in self.lines.items():
            if (line["state"] == "succeeded") != (id in paid):
                self.find("disbursement %s is %s, and its attempts say otherwise" % (id, line["state"]))
        self.same("attempts", self.totals["attempts"], len(self.attempts))
        self.same("by lane", told(self.totals["by_lane"], "lane", "state"), found(lanes))

    def read_books(self):
        """Bookings are of the payments that they are said to be; what differs is a break."""
        statements = {one["statement_id"]: one for one in self.rows("statements.jsonl")}
        for one in statements.values():
            if "statements/" + one["file_sha256"] not in self.names("statements/"):
                self.find("the file of statement %s is missing" % one["statement_id"])
        for name in self.names("statements/"):
            if hashlib.sha256(self.zip.read(name)).hexdigest() != name[len("statements/"):]:
                self.find("%s is another file" % name)
        breaks = list(self.rows("breaks.jsonl"))
        broken = {one["booking_id"]: one for one in breaks if one["kind"] in AMOUNT_BREAKS}
        groups = collections.defaultdict(set)
        for item in self.rows("bank-file-items.jsonl"):
            for group in (item["group_id"], item["message_id"]):
                groups[(item["lane"], group)].add(item["rail_id"])
        sides, grouped, count = collections.Counter(), set(), 0
        for booking in self.rows("bookings.jsonl"):
            count += 1
            if booking["statement_id"] not in statements:
                self.find("booking %s is of no statement" % booking["booking_id"])
            if booking["disbursement_id"] is None:
                grouped |= {(booking["lane"], rail) for rail in groups[(booking["lane"], booking["group_name"])]}
                continue
            key = (booking["disbursement_id"], booking["attempt_no"])
            attempt = self.attempts.get(key)
            if attempt is None or not is_of(booking, attempt):
                self.find("booking %s is not of the payment that it is said to be of" % booking["booking_id"])
                continue
            sides[(key, booking["direction"])] += 1
            self.check_amount(booking, broken, first=sides[(key, booking["direction"])] == 1)
        self.same("bookings", self.totals["bookings"], count)
        self.same("unmatched", self.totals["unmatched"], self.count_unmatched(sides, grouped))
        kinds = collections.Counter((one["kind"], one["state"]) for one in breaks)
        self.same("breaks", {(one["kind"], one["state"]): one["count"] for one in self.totals["breaks"]}, dict(kinds))

    def check_amount(self, booking, broken, first):
        line = self.lines[booking["disbursement_id"]]
        differs = booking["amount_minor"] != line["amount_minor"] or booking["currency_code"] != line["currency_code"]
        told_so = broken.get(booking["booking_id"])
        explained = told_so and told_so["expected_minor"] == line["amount_minor"] and told_so["actual_minor"] == booking["amount_minor"]
        if booking["direction"] == "debit" and first and differs and not explained:
            self.find("booking %s has another amount than its disbursement, and no break tells it" % booking["booking_id"])

    def count_unmatched(self, sides, grouped):
        unmatched = 0
        for key, attempt in self.attempts.items():
            if attempt["state"] == "settled" and not sides[(key, "debit")] and (attempt["lane"], attempt["rail_id"]) not in grouped:
                unmatched += 1
            if attempt["state"] == "returned" and not sides[(key, "credit")]:
                unmatched += 1
        return unmatched

    def check_positions(self):
        for one in self.summary["positions"]:
            if one["opening"] is None:
                continue
            number = lambda name: int(one[name].replace(".", ""))
            closing = number("opening") - number("paid") + number("returned") - number("other_debits") + number("other_credits")
            if closing != number("closing") or (one["bank"] is not None and number("bank") - closing != number("difference")):
                self.find("the position of %s on %s does not add up" % (one["account"], one["day"]))
