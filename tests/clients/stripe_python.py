"""Stripe's official Python client against the sandbox: `stripe_python.py http://127.0.0.1:PORT`.

Resets the sandbox it is pointed at. Exits non-zero when a check fails.
"""

import http.server
import json
import queue
import sys
import threading
import time
import traceback
import urllib.request

import stripe

BASE = sys.argv[1].rstrip("/")
SECRET, PUBLISHABLE = "sk_test_sandbox", "pk_test_sandbox"
checks = []


def check(function):
    checks.append(function)
    return function


def client(key=SECRET, retries=0):
    return stripe.StripeClient(key, base_addresses={"api": BASE}, max_network_retries=retries).v1


def control(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"{BASE}/_sandbox/{path}", data=data, method=method, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def fault(**rule):
    control("POST", "faults", {"provider": "stripe", **rule})


def refused(kind, call, code=None, param=None):
    """The call fails with this error class, and with this code and parameter."""
    try:
        call()
    except kind as error:
        details = error.error.to_dict() if error.error else {}
        assert code is None or details.get("code") == code, (details, code)
        assert param is None or details.get("param") == param, (details, param)
        return error
    raise AssertionError(f"no {kind.__name__}")


def new(amount=2000, currency="usd", options=None, **params):
    return client().payment_intents.create(
        params={"amount": amount, "currency": currency, **params}, options=options or {}
    )


def paid(method="pm_card_visa", amount=2000, **params):
    return new(amount, payment_method=method, confirm=True, return_url="http://shop.test/done", **params)


def eventually(holds):
    """Waits until it does, five seconds at most. A 429 says that it does not hold yet."""
    for _ in range(100):
        try:
            if holds():
                return
        except stripe.RateLimitError:
            pass
        time.sleep(0.05)
    raise AssertionError("not within five seconds")


class Receiver:
    """A webhook endpoint of the shop; answers the given statuses first, then 200."""

    def __init__(self, statuses=()):
        self.seen, statuses = queue.Queue(), list(statuses)
        seen = self.seen

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                seen.put((body, self.headers["Stripe-Signature"]))
                self.send_response(statuses.pop(0) if statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def next(self):
        return self.seen.get(timeout=10)


@check
def an_intent_is_created_with_what_was_asked():
    intent = new(metadata={"order_id": "ord_1"}, automatic_payment_methods={"enabled": True}, description="two cups")
    assert isinstance(intent, stripe.PaymentIntent) and intent.id.startswith("pi_")
    assert (intent.amount, intent.currency, intent.status) == (2000, "usd", "requires_payment_method")
    assert intent.metadata["order_id"] == "ord_1" and intent.description == "two cups"
    assert intent.client_secret.startswith(f"{intent.id}_secret_") and intent.livemode is False
    assert client().payment_intents.retrieve(intent.id).to_dict() == intent.to_dict()
    headers = intent.last_response.headers
    assert headers["Request-Id"].startswith("req_") and headers["Stripe-Version"] == stripe.api_version


@check
def a_key_is_replayed():
    first = new(options={"idempotency_key": "k1"})
    again = new(options={"idempotency_key": "k1"})
    assert first.id == again.id and again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert new(options={"idempotency_key": "k2"}).id != first.id


@check
def a_key_with_other_parameters_is_refused():
    new(options={"idempotency_key": "k3"})
    refused(stripe.IdempotencyError, lambda: new(2100, options={"idempotency_key": "k3"}))


@check
def a_validation_failure_leaves_the_key_free():
    refused(stripe.InvalidRequestError, lambda: new(1, options={"idempotency_key": "k4"}), "amount_too_small", "amount")
    assert new(options={"idempotency_key": "k4"}).id


@check
def a_saved_500_is_replayed():
    fault(kind="internal_error", times=1)
    refused(stripe.APIError, lambda: new(options={"idempotency_key": "k5"}))
    error = refused(stripe.APIError, lambda: new(options={"idempotency_key": "k5"}))
    assert error.http_status == 500 and error.headers["Idempotent-Replayed"] == "true"
    assert new(options={"idempotency_key": "k6"}).id


@check
def a_slow_request_makes_its_repetition_a_conflict():
    fault(kind="latency", millis=1500, times=1)
    slow = threading.Thread(target=lambda: new(options={"idempotency_key": "k7"}))
    slow.start()
    time.sleep(0.5)
    error = refused(stripe.StripeError, lambda: new(options={"idempotency_key": "k7"}), "idempotency_key_in_use")
    assert error.http_status == 409
    slow.join()
    assert new(options={"idempotency_key": "k7"}).id


@check
def the_clients_own_retry_after_a_lost_answer_makes_one_intent():
    before = control("GET", "stripe/state")["counts"]["payment_intents"]
    fault(kind="answer_lost", times=1)
    intent = client(retries=2).payment_intents.create(params={"amount": 2000, "currency": "usd"})
    assert intent.last_response.headers["Idempotent-Replayed"] == "true"
    assert control("GET", "stripe/state")["counts"]["payment_intents"] == before + 1


@check
def a_reset_connection_is_a_connection_error_and_nothing_happened():
    before = control("GET", "stripe/state")["counts"]["payment_intents"]
    fault(kind="connection_reset", times=1)
    refused(stripe.APIConnectionError, new)
    assert control("GET", "stripe/state")["counts"]["payment_intents"] == before


@check
def too_many_requests_have_their_own_error():
    fault(kind="too_many_requests", retry_after=3, times=1)
    error = refused(stripe.RateLimitError, new)
    assert error.headers["Retry-After"] == "3"


@check
def a_card_pays():
    intent = client().payment_intents.confirm(
        new().id,
        params={"payment_method": "pm_card_visa", "return_url": "http://shop.test", "expand": ["latest_charge"]},
    )
    assert (intent.status, intent.amount_received) == ("succeeded", 2000)
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge) and charge.paid and charge.captured and not charge.refunded
    assert (charge.payment_method_details.card.last4, charge.payment_intent) == ("4242", intent.id)


@check
def a_browser_pays_with_the_publishable_key():
    intent = new(automatic_payment_methods={"enabled": True})
    browser = client(PUBLISHABLE)
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    params = {"client_secret": intent.client_secret, "payment_method_data": {"type": "card", "card": card}}
    seen = browser.payment_intents.confirm(intent.id, params=params)
    assert seen.status == "succeeded" and "metadata" not in seen and "latest_charge" not in seen
    secret = {"client_secret": intent.client_secret}
    assert browser.payment_intents.retrieve(intent.id, params=secret).status == "succeeded"
    refused(stripe.InvalidRequestError, lambda: browser.payment_intents.retrieve(intent.id))
    refused(stripe.AuthenticationError, lambda: browser.payment_intents.list(), "secret_key_required")
    refused(stripe.AuthenticationError, lambda: client("sk_test_other").payment_intents.list())


@check
def declines_are_card_errors_with_their_reason():
    for method, code, reason in [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"),
    ]:
        error = refused(stripe.CardError, lambda: paid(method), code)
        assert error.http_status == 402 and error.error.decline_code == reason, method
        intent = client().payment_intents.retrieve(error.error.payment_intent.id)
        assert intent.status == "requires_payment_method" and intent.last_payment_error.code == code
        assert client().charges.retrieve(intent.latest_charge).status == "failed"


@check
def a_declined_intent_can_be_paid_with_another_card():
    error = refused(stripe.CardError, lambda: paid("pm_card_chargeDeclined"))
    params = {"payment_method": "pm_card_mastercard", "return_url": "http://shop.test"}
    intent = client().payment_intents.confirm(error.error.payment_intent.id, params=params)
    assert intent.status == "succeeded" and intent.last_payment_error is None


@check
def wrong_numbers_are_card_errors():
    intent = new()
    def confirm(number):
        data = {"type": "card", "card": {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}}
        params = {"payment_method_data": data, "return_url": "http://shop.test"}
        return client().payment_intents.confirm(intent.id, params=params)
    refused(stripe.CardError, lambda: confirm("4242424242424241"), "incorrect_number")
    refused(stripe.CardError, lambda: confirm("4000000000000002"), "card_declined")


@check
def three_d_secure_is_passed_or_failed_by_the_customer():
    for method in ["pm_card_threeDSecure2Required", "pm_card_authenticationRequired"]:
        intent = paid(method)
        assert intent.status == "requires_action" and intent.next_action.type == "redirect_to_url"
        assert intent.next_action.redirect_to_url.url.startswith(BASE)
        control("POST", f"stripe/payment_intents/{intent.id}/authenticate", {"outcome": "success"})
        assert client().payment_intents.retrieve(intent.id).status == "succeeded"
    intent = paid("pm_card_threeDSecure2Required")
    control("POST", f"stripe/payment_intents/{intent.id}/authenticate", {"outcome": "fail"})
    intent = client().payment_intents.retrieve(intent.id)
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error.code == "payment_intent_authentication_failure"


@check
def a_debit_settles_or_bounces_later():
    for method, status in [
        ("pm_usBankAccount_success", "succeeded"),
        ("pm_usBankAccount_insufficientFunds", "requires_payment_method"),
    ]:
        intent = paid(method, mandate_data={"customer_acceptance": {"type": "offline", "offline": {}}})
        assert intent.status == "processing"
        control("POST", f"stripe/payment_intents/{intent.id}/settle", {})
        assert client().payment_intents.retrieve(intent.id).status == status


@check
def capture_is_bounded_by_what_was_authorized():
    intent = paid(capture_method="manual")
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 2000)
    too_much = {"amount_to_capture": 2001}
    refused(stripe.InvalidRequestError, lambda: client().payment_intents.capture(intent.id, params=too_much))
    captured = client().payment_intents.capture(intent.id, params={"amount_to_capture": 1200})
    assert (captured.status, captured.amount_received) == ("succeeded", 1200)


@check
def the_state_decides():
    intent = client().payment_intents.cancel(new().id, params={"cancellation_reason": "abandoned"})
    assert (intent.status, intent.cancellation_reason) == ("canceled", "abandoned") and intent.canceled_at
    code = "payment_intent_unexpected_state"
    confirm = {"payment_method": "pm_card_visa", "return_url": "http://shop.test"}
    refused(stripe.InvalidRequestError, lambda: client().payment_intents.confirm(intent.id, params=confirm), code)
    refused(stripe.InvalidRequestError, lambda: client().payment_intents.cancel(intent.id), code)
    done = paid()
    error = refused(stripe.InvalidRequestError, lambda: client().payment_intents.cancel(done.id), code)
    assert error.error.payment_intent.status == "succeeded"


@check
def an_open_intent_is_updated_and_a_paid_one_only_labelled():
    intent = client().payment_intents.update(new().id, params={"amount": 2500, "metadata": {"a": "1"}})
    assert intent.amount == 2500 and intent.metadata.to_dict() == {"a": "1"}
    done = paid(metadata={"a": "1", "b": "2"})
    labelled = client().payment_intents.update(done.id, params={"metadata": {"a": "", "c": "3"}})
    assert labelled.metadata.to_dict() == {"b": "2", "c": "3"}
    refused(stripe.InvalidRequestError, lambda: client().payment_intents.update(done.id, params={"amount": 3000}))


@check
def parameters_are_refused_by_name():
    for params, code, param in [
        ({"currency": "usd"}, "parameter_missing", "amount"),
        ({"amount": 2000}, "parameter_missing", "currency"),
        ({"amount": 2000, "currency": "xxx"}, None, "currency"),
        ({"amount": 49, "currency": "usd"}, "amount_too_small", "amount"),
        ({"amount": 1_000_000_000_000, "currency": "usd"}, "amount_too_large", "amount"),
        ({"amount": 100, "currency": "ghs"}, None, "currency"),
        ({"amount": 2000, "currency": "usd", "colour": "red"}, "parameter_unknown", "colour"),
        ({"amount": 2000, "currency": "usd", "payment_method": "pm_no"}, "resource_missing", "payment_method"),
    ]:
        refused(stripe.InvalidRequestError, lambda: client().payment_intents.create(params=params), code, param)
    error = refused(stripe.InvalidRequestError, lambda: client().payment_intents.retrieve("pi_no"), "resource_missing")
    assert error.http_status == 404
    assert new(100, "jpy").currency == "jpy" and new(1230, "kwd").amount == 1230
    refused(stripe.InvalidRequestError, lambda: new(1234, "kwd"), param="amount")


@check
def lists_are_paged_from_new_to_old():
    made = [new(metadata={"n": str(n)}).id for n in range(23)]
    page = client().payment_intents.list(params={"limit": 5})
    assert [intent.id for intent in page.data] == made[:-6:-1] and page.has_more
    everything = []
    for intent in client().payment_intents.list(params={"limit": 7}).auto_paging_iter():
        everything.append(intent.id)
    assert everything[:23] == made[::-1] and len(everything) == len(set(everything))
    back = client().payment_intents.list(params={"limit": 3, "ending_before": made[10]})
    assert [intent.id for intent in back.data] == [made[13], made[12], made[11]]
    newest = client().payment_intents.retrieve(made[-1]).created
    assert not client().payment_intents.list(params={"created": {"gt": newest}}).data
    assert made[-1] in [intent.id for intent in client().payment_intents.list(params={"created": {"gte": newest}}).data]
    refused(stripe.InvalidRequestError, lambda: client().payment_intents.list(params={"limit": 101}), param="limit")


@check
def refunds_disputes_and_charges_are_listed_by_payment_and_by_time():
    payments = [paid(), paid(), paid()]
    refunds = [client().refunds.create(params={"payment_intent": p.id, "amount": 100}).id for p in payments]
    disputes = [control("POST", "stripe/disputes", {"payment_intent": p.id})["id"] for p in payments]
    charges = [p.latest_charge for p in payments]
    now = client().payment_intents.retrieve(payments[-1].id).created
    for service, made in [(client().refunds, refunds), (client().disputes, disputes), (client().charges, charges)]:
        ids = lambda **params: [found.id for found in service.list(params=params).data]
        assert ids() == made[::-1]
        for payment, its in zip(payments, made):
            assert ids(payment_intent=payment.id) == [its]
        assert ids(limit=1, starting_after=made[2]) == [made[1]] and ids(limit=1, ending_before=made[0]) == [made[1]]
        assert [found.id for found in service.list(params={"limit": 1}).auto_paging_iter()] == made[::-1]
        assert ids(created={"gte": now - 60, "lte": now + 60}) == made[::-1]
        assert ids(created={"lt": now - 60}) == ids(created={"gt": now + 60}) == []
        refused(stripe.InvalidRequestError, lambda: ids(starting_after="x_no"), "resource_missing", "starting_after")
        refused(stripe.InvalidRequestError, lambda: ids(colour="red"), "parameter_unknown", "colour")
        refused(stripe.InvalidRequestError, lambda: ids(created={"since": 1}), "parameter_unknown", "created[since]")
    for service, made in [(client().refunds, refunds), (client().disputes, disputes)]:
        assert [found.id for found in service.list(params={"charge": charges[1]}).data] == [made[1]]


@check
def refunds_stay_within_the_charge():
    intent = paid()
    def refund(**params):
        return client().refunds.create(params={"payment_intent": intent.id, **params})
    over = refused(stripe.InvalidRequestError, lambda: refund(amount=2001), param="amount")
    assert over.code is None, "Stripe gives no code"
    part = refund(amount=500, reason="requested_by_customer", metadata={"refund": "r1"})
    assert isinstance(part, stripe.Refund) and (part.status, part.amount) == ("succeeded", 500)
    refused(stripe.InvalidRequestError, lambda: refund(amount=1501), param="amount")
    assert refund().amount == 1500
    refused(stripe.InvalidRequestError, refund, "charge_already_refunded")
    charge = client().charges.retrieve(intent.latest_charge, params={"expand": ["refunds"]})
    assert charge.refunded and charge.amount_refunded == 2000 and len(charge.refunds.data) == 2
    assert len(client().refunds.list(params={"charge": charge.id}).data) == 2
    assert client().refunds.update(part.id, params={"metadata": {"x": "y"}}).metadata["x"] == "y"


@check
def a_refund_fails_later_and_frees_the_amount():
    intent = paid()
    refund = client().refunds.create(params={"payment_intent": intent.id})
    control("POST", f"stripe/refunds/{refund.id}/fail", {})
    refund = client().refunds.retrieve(refund.id)
    assert (refund.status, refund.failure_reason) == ("failed", "expired_or_canceled_card")
    assert client().refunds.create(params={"payment_intent": intent.id}).amount == 2000


@check
def a_dispute_is_opened_answered_and_decided():
    intent = paid()
    opened = control("POST", "stripe/disputes", {"payment_intent": intent.id, "amount": 1500})
    dispute = client().disputes.retrieve(opened["id"])
    assert isinstance(dispute, stripe.Dispute) and (dispute.status, dispute.amount) == ("needs_response", 1500)
    refused(stripe.InvalidRequestError, lambda: client().refunds.create(params={"payment_intent": intent.id}), "charge_disputed")
    evidence = {"evidence": {"uncategorized_text": "sent"}}
    assert client().disputes.update(dispute.id, params=evidence).status == "under_review"
    control("POST", f"stripe/disputes/{dispute.id}/close", {"outcome": "won"})
    assert client().disputes.list(params={"payment_intent": intent.id}).data[0].status == "won"
    types = [event.type for event in client().events.list(params={"types": ["charge.dispute.closed", "charge.dispute.funds_reinstated"]}).data]
    assert types == ["charge.dispute.funds_reinstated", "charge.dispute.closed"]


@check
def a_refund_from_the_dashboard_has_nothing_of_the_shops():
    intent = paid(metadata={"order_id": "ord_1"})
    made = control("POST", "stripe/refunds", {"payment_intent": intent.id, "amount": 700})
    [refund] = client().refunds.list(params={"payment_intent": intent.id}).data
    assert (refund.id, refund.amount, refund.metadata.to_dict()) == (made["id"], 700, {})
    [event] = client().events.list(params={"type": "refund.created"}).data
    assert event.data.object.id == refund.id and event.request.id is None
    control("POST", f"stripe/refunds/{refund.id}/fail", {"in_seconds": 1})
    assert client().refunds.retrieve(refund.id).status == "succeeded"
    eventually(lambda: client().refunds.retrieve(refund.id).status == "failed")


@check
def an_inquiry_is_no_dispute_yet():
    intent = paid()
    opened = control("POST", "stripe/disputes", {"payment_intent": intent.id, "inquiry": True})
    status = lambda: client().disputes.retrieve(opened["id"]).status
    assert status() == "warning_needs_response" and client().disputes.retrieve(opened["id"]).is_charge_refundable
    assert client().disputes.update(opened["id"], params={"evidence": {"uncategorized_text": "x"}}).status == "warning_under_review"
    assert client().refunds.create(params={"payment_intent": intent.id, "amount": 500}).status == "succeeded"
    control("POST", f"stripe/disputes/{opened['id']}/close", {})
    assert status() == "warning_closed"
    types = [event.type for event in client().events.list(params={"type": "charge.dispute.*"}).data]
    assert types == ["charge.dispute.closed", "charge.dispute.updated", "charge.dispute.created"], "no money moved"
    again = control("POST", "stripe/disputes", {"payment_intent": intent.id, "inquiry": True})
    control("POST", f"stripe/disputes/{again['id']}/escalate", {})
    dispute = client().disputes.retrieve(again["id"])
    assert (dispute.status, dispute.amount, dispute.is_charge_refundable) == ("needs_response", 1500, False)
    assert client().disputes.close(dispute.id).status == "lost"
    refused(stripe.InvalidRequestError, lambda: client().disputes.close(dispute.id), "dispute_already_closed")


@check
def money_comes_that_nobody_asked_for():
    metadata = {"order_id": "ord_unknown"}
    made = control("POST", "stripe/payment_intents", {"amount": 1234, "currency": "sek", "metadata": metadata})
    intent = client().payment_intents.retrieve(made["id"], params={"expand": ["latest_charge"]})
    assert (intent.status, intent.amount_received, intent.currency) == ("succeeded", 1234, "sek")
    assert intent.metadata.to_dict() == metadata and intent.latest_charge.amount_captured == 1234


@check
def a_dropped_webhook_is_still_an_event():
    receiver = Receiver()
    params = {"url": receiver.url, "enabled_events": ["payment_intent.canceled"]}
    endpoint = client().webhook_endpoints.create(params=params)
    listed = lambda success: [event.data.object.id for event in client().events.list(
        params={"type": "payment_intent.canceled", "delivery_success": success}).data]
    fault(kind="webhook_drop", path="payment_intent.canceled", nth=1)
    fault(kind="webhook_drop", path="payment_intent.canceled", nth=2, acknowledged=True)
    lost, acknowledged, told = [client().payment_intents.cancel(new().id).id for _ in range(3)]
    body, signature = receiver.next()
    assert stripe.Webhook.construct_event(body, signature, endpoint.secret).data.object.id == told
    eventually(lambda: (listed(False), listed(True)) == ([lost], [told, acknowledged]))
    [missed] = client().events.list(params={"delivery_success": False, "type": "payment_intent.canceled"}).data
    assert missed.pending_webhooks == 1 and receiver.seen.empty()
    client().webhook_endpoints.delete(endpoint.id)


@check
def above_the_limit_is_a_rate_limit_error():
    control("POST", "stripe/limits", {"per_second": 3})
    statuses = []
    for _ in range(20):
        try:
            client().events.list()
            statuses.append(200)
        except stripe.RateLimitError as error:
            assert error.error.code == "rate_limit" and error.headers["Stripe-Rate-Limited-Reason"] == "global-rate"
            statuses.append(error.http_status)
    assert statuses[:3] == [200] * 3 and 429 in statuses, statuses
    # The client itself tries a 429 again only when Stripe says so.
    eventually(lambda: new(options={"idempotency_key": "limited"}).id)
    control("POST", "stripe/limits", {})
    assert all(client().events.list() for _ in range(20))


@check
def events_tell_what_happened():
    intent = paid(metadata={"order_id": "ord_7"})
    client().refunds.create(params={"payment_intent": intent.id})
    events = client().events.list(params={"limit": 100}).data
    objects = [event.to_dict()["data"]["object"] for event in events]
    mine = [e for e, o in zip(events, objects) if intent.id in (o["id"], o.get("payment_intent"))]
    assert [event.type for event in reversed(mine)] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "refund.created",
        "charge.refunded",
    ]
    assert mine[-1].data.object["status"] != "succeeded", "a snapshot, as it was then"
    assert mine[2].data.object["metadata"]["order_id"] == "ord_7"
    assert client().events.retrieve(mine[0].id).to_dict() == mine[0].to_dict()
    assert {event.type for event in client().events.list(params={"type": "refund.*"}).data} <= {
        "refund.created", "refund.updated", "refund.failed"
    }


@check
def webhooks_are_signed_and_tried_again():
    receiver = Receiver(statuses=[500])
    params = {"url": receiver.url, "enabled_events": ["payment_intent.succeeded"]}
    endpoint = client().webhook_endpoints.create(params=params)
    assert endpoint.secret.startswith("whsec_")
    intent = paid()
    body, signature = receiver.next()
    event = stripe.Webhook.construct_event(body, signature, endpoint.secret)
    assert event.type == "payment_intent.succeeded" and event.data.object.id == intent.id
    again, fresh = receiver.next()
    assert again == body and stripe.Webhook.construct_event(again, fresh, endpoint.secret).id == event.id
    refused(stripe.SignatureVerificationError, lambda: stripe.Webhook.construct_event(body + b" ", signature, endpoint.secret))
    refused(stripe.SignatureVerificationError, lambda: stripe.Webhook.construct_event(body, signature, "whsec_other"))
    assert "secret" not in client().webhook_endpoints.retrieve(endpoint.id)
    client().webhook_endpoints.delete(endpoint.id)
    refused(stripe.InvalidRequestError, lambda: client().webhook_endpoints.retrieve(endpoint.id), "resource_missing")


@check
def a_rolled_secret_signs_beside_the_old_one():
    receiver = Receiver()
    params = {"url": receiver.url, "enabled_events": ["payment_intent.canceled"]}
    endpoint = client().webhook_endpoints.create(params=params)
    rolled = control("POST", f"stripe/webhook_endpoints/{endpoint.id}/roll_secret", {"expires_in": 3600})
    client().payment_intents.cancel(new().id)
    body, signature = receiver.next()
    for secret in [endpoint.secret, rolled["secret"]]:
        assert stripe.Webhook.construct_event(body, signature, secret).type == "payment_intent.canceled"
    client().webhook_endpoints.delete(endpoint.id)


@check
def webhooks_can_be_doubled():
    receiver = Receiver()
    params = {"url": receiver.url, "enabled_events": ["payment_intent.canceled"]}
    endpoint = client().webhook_endpoints.create(params=params)
    fault(kind="webhook_duplicate", path="payment_intent.canceled", times=1)
    client().payment_intents.cancel(new().id)
    (first, _), (second, _) = receiver.next(), receiver.next()
    assert json.loads(first)["id"] == json.loads(second)["id"]
    client().webhook_endpoints.delete(endpoint.id)


def main():
    failed = 0
    for function in checks:
        control("POST", "reset", {})
        try:
            function()
        except Exception:
            failed += 1
            print(f"FAILED {function.__name__}")
            traceback.print_exc(limit=4, file=sys.stdout)
    print(f"stripe for Python {stripe.VERSION}:")
    print(f"{len(checks) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
