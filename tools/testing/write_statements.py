"""Writes bank statements with libraries of others: camt.053 by mock-bank, MT940 by mt940-writer.

Reads a JSON list of statements on standard input and prints the texts as a JSON list:
{"form", "account", "currency", "day", "number", "opening", "closing", "bookings": [{"side", "minor", "currency", "id", "reference"}]}
"""
import datetime
import json
import sys
from decimal import Decimal


def camt053(statement):
    from mockbank import messages

    day = datetime.date.fromisoformat(statement["day"])
    made = datetime.datetime.combine(day, datetime.time(23, 59, 59), tzinfo=datetime.timezone.utc)
    account = {"iban": statement["account"], "currency": statement["currency"], "name": "TREASURY"}
    rows = [
        {
            "id": booking["reference"], "amount": booking["minor"], "currency": booking["currency"],
            "credit": booking["side"] == "credit", "return_reason": "AC04", "msg_id": "M-%d" % statement["number"],
            "end_to_end_id": booking["id"] or "NOTPROVIDED", "pmt_inf_id": None, "instruction_id": None,
            "creditor_name": "Payee", "creditor_iban": "", "creditor_bic": "",
        }
        for booking in statement["bookings"]
    ]
    name = "%s-%d" % (statement["account"], statement["number"])
    return messages.write_camt053(account, day, statement["number"], statement["opening"], statement["closing"],
                                  rows, name, made, datetime.timezone.utc).decode()


def mt940(statement):
    from mt940_writer import Account, Balance, Statement, Transaction, TransactionAdditionalInfo, TransactionType

    day = datetime.date.fromisoformat(statement["day"])
    money = lambda minor: Decimal(minor) / 100
    rows = [
        Transaction(
            day, money(booking["minor"] if booking["side"] == "credit" else -booking["minor"]),
            TransactionType.returned_item if booking["side"] == "credit" else TransactionType.transfer,
            "NONREF//%d" % booking["reference"],
            TransactionAdditionalInfo("/EREF/%s" % booking["id"] if booking["id"] else "SERVICE FEE"))
        for booking in statement["bookings"]
    ]
    balances = [Balance(money(statement["opening"]), day - datetime.timedelta(1), statement["currency"]),
                Balance(money(statement["closing"]), day, statement["currency"])]
    return str(Statement(str(statement["number"]), Account(statement["account"], ""), "%d/1" % statement["number"], *balances, rows))


json.dump([{"camt053": camt053, "mt940": mt940}[one["form"]](one) for one in json.load(sys.stdin)], sys.stdout)
