#!/usr/bin/env python3
"""Writes lambench's configuration for the suite's functions: `bench/lambench.py BINARIES [PEER…] > lambench.json`.

BINARIES is the folder with the release binaries (`target/release`), each PEER a program to compare with. Each function
gets a sample event from `events/`, and an environment in which AWS and every provider is `stub.py`, which has nothing
in it: the first call then runs against an empty world, the same for all.
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
STUB = "http://127.0.0.1:8123"

ENVIRONMENT = {
    "AWS_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_SESSION_TOKEN": "local",
    "AWS_ENDPOINT_URL": STUB,
    "AWS_ENDPOINT_URL_DYNAMODB": STUB,
    "LOG_LEVEL": "info",
    "PIN_PEM": str(ROOT / "shared/aws/src/roots.pem"),
    "STAGE": "bench",
    "PUBLIC_URL": "https://shop.example",
    "ORDERS_TABLE": "orders",
    "CATALOGUE_TABLE": "catalogue",
    "EFFECTS_TABLE": "effects",
    "IDENTITY_TABLE": "identity",
    "GUARDS_TABLE": "guards",
    "ORDER_EVENTS_TOPIC_ARN": "arn:aws:sns:eu-central-1:000000000000:order-events",
    "STREAM_DLQ_URL": STUB + "/000000000000/order-stream-dlq",
    "QUEUE_URL": STUB + "/000000000000/queue",
    "STRIPE_API_URL": STUB,
    "SENDGRID_API_URL": STUB,
    "SHEETS_API_URL": STUB,
    "STRIPE_SECRET_ID": "stripe",
    "STRIPE_WEBHOOK_SECRET_ID": "stripe-webhook",
    "SENDGRID_SECRET_ID": "sendgrid",
    "SENDGRID_WEBHOOK_SECRET_ID": "sendgrid-webhook",
    "LINK_KEYS_SECRET_ID": "link-keys",
    "TOKEN_SIGNING_SECRET_ID": "token-signing",
    "REFRESH_KEYS_SECRET_ID": "refresh-keys",
    "OAUTH_SECRET_ID": "oauth",
    "ALLOWED_ORIGINS": "https://shop.example",
    "GOOGLE_SECRET_ID": "google",
    "TOKEN_KEYS_SECRET_ID": "token-keys",
    "RESERVATION_SECONDS": "3600",
    "MAX_UNPAID_ORDERS": "10",
    "MAX_UNPAID_PIECES": "100",
    "INVOICE_DUE_DAYS": "30",
    "MAIL_FROM": "shop@example.com",
    "ALERT_EMAIL": "alerts@example.com",
    "MAIL_EVIDENCE_WAIT_SECONDS": "60",
    "RECONCILE_WINDOW_DAYS": "7",
    "SPREADSHEET_ID": "sheet",
    "SHEET_TAB": "Orders",
}


# The sample event that does the most before it finds the world empty, where it is not the first by name.
SAMPLES = {
    "account-stream": "registered",
    "authorizer": "no-bearer",
    "cancel-order": "open",
    "confirm-payment": "paid",
    "create-order": "placed",
    "create-payment-intent": "pending",
    "erase-me": "good",
    "fulfil-order": "paid-by-staff",
    "get-health": "check",
    "get-order": "own",
    "get-order-history": "own",
    "list-orders": "own",
    "login": "good",
    "mark-invoice-paid": "by-staff",
    "oauth-start": "google",
    "put-product": "new",
    "refund-order": "part",
    "reset-password": "good",
    "send-email": "order-paid",
    "stripe-webhook": "payment-succeeded",
    "sync-sheet": "order-paid-twice",
    "unknown-route": "other-method",
    "update-order": "lines",
}


def event_of(function):
    samples = ROOT / "events" / function
    name = SAMPLES.get(function) or min(sample.stem for sample in samples.iterdir())
    return json.loads((samples / f"{name}.json").read_text())


def target(name, binary, event):
    return {"name": name, "cmd": [str(binary)], "event": event}


def main():
    binaries = pathlib.Path(sys.argv[1]).resolve()
    peers = [pathlib.Path(peer).resolve() for peer in sys.argv[2:]]
    # A peer takes any event.
    targets = [target(peer.name, peer, event_of("get-order")) for peer in peers]
    functions = sorted(passport.stem for passport in ROOT.glob("functions/*/*.yaml"))
    targets += [target(name, binaries / name, event_of(name)) for name in functions if (binaries / name).exists()]
    json.dump({"env": ENVIRONMENT, "event": {}, "cpu": 1, "harness_cpu": 0, "targets": targets}, sys.stdout, indent=1)


main()
