"""Starts MiniStack without two waits that it makes on every call of a warm function (ministack 1.5.33).

It waits up to 50 ms for a first log line after each answer, and its Runtime API server sends answers in small pieces,
which meet delayed acknowledgements of 40 ms. Ours print their lines before they answer, so a short wait gets them all.

MiniStack takes any signature and answers every web page that asks. Before it, and before the Runtime API of each
function, stands the check of the other local servers (sandbox/src/server/local_only.rs): programs on this machine may
call everything, pages nothing but the deployed API.

MiniStack knows no `dynamodb:LeadingKeys`, which the policies of all functions are conditioned on: it is added here, for
tables whose partition key is `pk`.

Its arguments are the origins of pages that may call the API, and its parent's process id: it ends with that, and the
functions too, however the parent ended.
"""

import http.server
import json
import os
import re
import signal
import socketserver
import sys
import threading
import time
import urllib.parse

import ministack.app
from ministack.core import iam_actions, iam_evaluator, lambda_runtime

PARENT, ORIGINS = int(sys.argv.pop()), sys.argv.pop().split(",")

# first_line_wait, idle_confirm, hard_cap, in seconds
lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.004, 0.003, 0.25)
socketserver.StreamRequestHandler.disable_nagle_algorithm = True
socketserver.StreamRequestHandler.wbufsize = 65536


def is_local(host):
    """Whether a Host header names this machine. Browsers resolve names under .localhost themselves."""
    try:
        url = urllib.parse.urlsplit(f"//{host}")
        name, _ = url.hostname or "", url.port
    except ValueError:
        return False
    return url.netloc == host and "@" not in host and (
        name in ("127.0.0.1", "::1", "localhost") or name.endswith(".localhost"))


def refusal(method, path, headers):
    """Why a request is refused, or None. A browser says whose page made it; with DNS rebinding, the host tells."""
    sent = {}
    for name, value in headers:
        sent.setdefault(name.lower(), []).append(value)
    host, origin = sent.get("host", []), sent.get("origin", [])
    if len(host) != 1 or not is_local(host[0]):
        return "the Host header must be 127.0.0.1, localhost or a name under .localhost"
    # What is no call of the deployed API goes to a service of AWS.
    pages = ministack.app._parse_execute_api_url(host[0], path) is not None
    if origin:
        known = len(origin) == 1 and (origin[0] in ORIGINS or origin[0].lower() == f"http://{host[0].lower()}")
        return None if pages and known else "the Origin header names none of this stack's pages"
    site, mode, target = (sent.get(f"sec-fetch-{name}", [""])[0] for name in ("site", "mode", "dest"))
    if site in ("", "none"):
        return None
    follows_link = method == "GET" and mode == "navigate" and target == "document"
    if pages and (site == "same-origin" or follows_link):
        return None
    return "a page of another site made the request"


def message(reason):
    text = f"This server answers programs on this machine and its own pages: {reason}."
    return json.dumps({"message": text}).encode()


def guarded(app):
    """MiniStack's ASGI application behind the check."""

    async def guard(scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            return await app(scope, receive, send)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        reason = refusal(scope.get("method", "GET"), scope["path"], headers)
        if reason is None:
            return await app(scope, receive, without_wildcard(send))
        if scope["type"] == "websocket":
            return await send({"type": "websocket.close", "code": 1008})
        body = message(reason)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 403, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return guard


def without_wildcard(send):
    """Lets no answer say that every page may read it."""

    async def sending(message):
        if message["type"] == "http.response.start":
            wildcard = (b"access-control-allow-origin", b"*")
            kept = [header for header in message["headers"] if (header[0].lower(), header[1]) != wildcard]
            message = {**message, "headers": kept}
        await send(message)

    return sending


LEADING_KEYS = "dynamodb:LeadingKeys"
KEY_CONDITION = re.compile(r"\S+\s*=\s*(:\w+)")


class Action(str):
    """An action within a transaction, with the partition keys that it names."""

    keys = []


def leading_keys(request):
    """The partition keys that a request, or one item of a transaction, names: of an index for a query of one."""
    tables = request.get("RequestItems", {}).values()
    items = [request.get("Key"), request.get("Item"), *(key for table in tables for key in table.get("Keys", []))]
    keys = [item["pk"]["S"] for item in items if item and "pk" in item]
    if condition := KEY_CONDITION.search(request.get("KeyConditionExpression", "")):
        keys.append(request["ExpressionAttributeValues"][condition[1]]["S"])
    return keys


def with_leading_keys(service_context):
    def context(body):
        keys = leading_keys(json.loads(body or b"{}"))
        return service_context(body) | ({LEADING_KEYS: keys} if keys else {})

    return context


def with_keys_of_items(transaction_checks):
    def checks(iam_action, body, region, account_id):
        # One member for each item, as DynamoDB wants it: a check for each item, in their order.
        found = transaction_checks(iam_action, body, region, account_id)
        items = json.loads(body)["TransactItems"] if found else []
        keyed = []
        for (action, arn), item in zip(found, items, strict=True):
            action = Action(action)
            action.keys = leading_keys(next(iter(item.values())))
            keyed.append((action, arn))
        return keyed

    return checks


def by_item(enforce):
    def enforced(access_key_id, iam_action, *arguments, service_context=None, **named):
        if keys := getattr(iam_action, "keys", None):
            service_context = (service_context or {}) | {LEADING_KEYS: keys}
        return enforce(access_key_id, iam_action, *arguments, service_context=service_context, **named)

    return enforced


parse_request = http.server.BaseHTTPRequestHandler.parse_request


def parse_guarded(self):
    """Reads a request to a function's Runtime API, and ends the connection when it is refused."""
    if not parse_request(self):
        return False
    reason = refusal(self.command, self.path, self.headers.items())
    if reason is None:
        return True
    body = message(reason)
    self.send_response(403)
    self.send_header("Content-Type", "application/json")
    self.send_header("Content-Length", str(len(body)))
    self.send_header("Connection", "close")
    self.end_headers()
    self.wfile.write(body)
    return False


def end_with(parent):
    while os.getppid() == parent:
        time.sleep(0.2)
    os.killpg(0, signal.SIGKILL)


iam_actions.dynamodb_service_context = with_leading_keys(iam_actions.dynamodb_service_context)
iam_actions.dynamodb_transaction_checks = with_keys_of_items(iam_actions.dynamodb_transaction_checks)
iam_evaluator.enforce = by_item(iam_evaluator.enforce)
http.server.BaseHTTPRequestHandler.parse_request = parse_guarded
ministack.app.app = guarded(ministack.app.app)
threading.Thread(target=end_with, args=(PARENT,), daemon=True).start()
ministack.app.main()
