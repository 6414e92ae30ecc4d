"""Writes disburse requests to Kafka and waits for the fate of each one. Needs kafka-python (pip install kafka-python).

    KAFKA_BROKERS=127.0.0.1:3006 python3 disburse_direct.py requests.jsonl

One JSON line for each request's final word; exit code 0 when every request has one.
OUTCOME_GROUP names the consumer group; security settings of your cluster go into CONNECTION.
"""

import json
import os
import sys
import time

from kafka import KafkaConsumer, KafkaProducer

PREFIX = os.environ.get("KAFKA_TOPIC_PREFIX", "")
OUTCOMES = [PREFIX + name for name in ("g2p.success", "g2p.failure", "g2p.malformed-input")]
CONNECTION = {"bootstrap_servers": os.environ.get("KAFKA_BROKERS", "127.0.0.1:3006").split(",")}


def name_of(message):
    return tuple(message.get(field, "") for field in ("sender_id", "transaction_id", "reference_id"))


def send(requests):
    """Returns when the cluster has every request; after an error all may be sent again: ids make it safe."""
    producer = KafkaProducer(acks="all", **CONNECTION)
    # The same reference always has the same key, so that a repeat stays behind the first.
    sent = [
        producer.send(PREFIX + "g2p.request", key=request["reference_id"].encode(), value=json.dumps(request).encode())
        for request in requests
    ]
    for one in sent:
        one.get(timeout=60)
    producer.close()


def await_outcomes(waiting):
    consumer = KafkaConsumer(
        *OUTCOMES,
        group_id=PREFIX + os.environ.get("OUTCOME_GROUP", "ministry-outcomes"),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **CONNECTION,
    )
    end = time.monotonic() + int(os.environ.get("WAIT_SECONDS", "600"))
    while waiting and time.monotonic() < end:
        for records in consumer.poll(timeout_ms=500).values():
            for record in records:
                outcome = json.loads(record.value)
                # A record may come twice; only the first word of each kind is news.
                if name_of(outcome) in waiting:
                    waiting.remove(name_of(outcome))
                    tell(record.topic[len(PREFIX):], outcome)
        # Here a real system stores what it learnt, and only then moves on.
        consumer.commit()
    consumer.close()


def tell(topic, outcome):
    fields = ("outcome", "reason", "errors", "rail_reference")
    line = {"reference_id": outcome["reference_id"], "topic": topic}
    print(json.dumps({**line, **{field: outcome[field] for field in fields if field in outcome}}), flush=True)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        requests = [json.loads(line) for line in file if line.strip()]
    send(requests)
    waiting = {name_of(request) for request in requests}
    await_outcomes(waiting)
    if waiting:
        print(f"No final word yet for {sorted(waiting)}", file=sys.stderr)
    return 1 if waiting else 0


if __name__ == "__main__":
    sys.exit(main())
