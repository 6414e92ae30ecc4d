"""Reads answers of the Bridge API with the response models of the original (openg2p-g2p-bridge-models), as its clients in Python do.

Reads a JSON list of {"model", "body"} on standard input and prints a JSON list: what the model says of each, or null.
"""
import json
import sys

from openg2p_g2p_bridge_models import schemas


def said(answer):
    try:
        getattr(schemas, answer["model"]).model_validate_json(answer["body"])
    except ValueError as error:
        return str(error)
    return None


print(json.dumps([said(answer) for answer in json.load(sys.stdin)]))
