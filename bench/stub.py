#!/usr/bin/env python3
"""An AWS with nothing in it, for measuring: every table is empty, every write succeeds, every secret is a fresh one.

Listens on 127.0.0.1:8123. Answers whatever is not AWS (Stripe, SendGrid, Google) with `{}` as well.
"""

import asyncio
import base64
import json
import subprocess
import time

SNS = (
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId>'
    "</PublishResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></PublishResponse>"
)


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *arguments], input=stdin, check=True, capture_output=True).stdout


def fresh_secrets():
    """Secrets of the right shape that open nothing."""
    rsa = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048").decode()
    ec = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    public = openssl("pkey", "-pubout", "-outform", "DER", stdin=ec)
    x, y = (base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (public[-64:-32], public[-32:]))
    jwk = {"kty": "EC", "crv": "P-256", "kid": "bench", "alg": "ES256", "use": "sig", "x": x, "y": y}
    google = {
        "type": "service_account",
        "client_email": "bench@example.iam.gserviceaccount.com",
        "private_key_id": "bench",
        "private_key": rsa,
        "token_uri": "http://127.0.0.1:8123/token",
    }
    return {
        "stripe": {"api_key": "sk_test_bench"},
        "stripe-webhook": {"signing_secrets": ["whsec_bench"]},
        "sendgrid": {"api_key": "SG.bench"},
        "sendgrid-webhook": {"public_key": base64.b64encode(public).decode()},
        "google": google,
        "token-keys": {"keys": [jwk]},
        "token-signing": {
            "keys": [{"kid": "bench", "private_key": ec.decode(), "active_from": "2026-01-01T00:00:00Z"}]
        },
        "link-keys": {"keys": [base64.b64encode(bytes(32)).decode()]},
        "oauth": {
            "providers": {
                "google": {"issuer": "http://127.0.0.1:8123", "client_id": "bench", "client_secret": "bench"}
            }
        },
        "refresh-keys": {"keys": [base64.b64encode(bytes(32)).decode()]},
    }


def answer(secrets, head, body):
    target = next((line.split(b":")[1].strip() for line in head if line.lower().startswith(b"x-amz-target:")), b"")
    if target == b"secretsmanager.GetSecretValue":
        secret = secrets[json.loads(body)["SecretId"]]
        return json.dumps({"Name": "bench", "SecretString": json.dumps(secret)})
    if target == b"DynamoDB_20120810.UpdateItem" and b'"tat"' in body:
        # A bucket that one request was taken from.
        return json.dumps({"Attributes": {"tat": {"N": str(int(time.time() * 1000) + 2000)}}})
    return SNS if b"Action=Publish" in body else "{}"


async def serve(secrets, reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
            sizes = [int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length:")]
            body = await reader.readexactly(sizes[0]) if sizes else b""
            text = answer(secrets, head, body).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\n")
            writer.write(b"content-length: %d\r\n\r\n" % len(text) + text)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main():
    secrets = fresh_secrets()
    server = await asyncio.start_server(lambda *streams: serve(secrets, *streams), "127.0.0.1", 8123)
    await server.serve_forever()


asyncio.run(main())
