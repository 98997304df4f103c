// Stripe's official Node client against the sandbox: `node stripe_node.mjs http://127.0.0.1:PORT`.
//
// Resets the sandbox it is pointed at. Exits non-zero when a check fails.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import Stripe from "stripe";

const base = new URL(process.argv[2]);
const checks = [];
const check = (name, run) => checks.push([name, run]);

function client(key = "sk_test_sandbox", retries = 0) {
  const at = { host: base.hostname, port: Number(base.port), protocol: "http" };
  return new Stripe(key, { ...at, maxNetworkRetries: retries, telemetry: false });
}

async function control(method, path, body) {
  const answer = await fetch(new URL(`/_sandbox/${path}`, base), { method, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

const fault = (rule) => control("POST", "faults", { provider: "stripe", ...rule });
const stripe = client();
const create = (params, options) => stripe.paymentIntents.create({ amount: 2000, currency: "usd", ...params }, options);
const pay = (method = "pm_card_visa", params = {}) =>
  create({ payment_method: method, confirm: true, return_url: "http://shop.test/done", ...params });

async function refused(call, type, code) {
  try {
    await call();
  } catch (error) {
    assert.equal(error.type, type);
    if (code) assert.equal(error.code, code);
    return error;
  }
  assert.fail(`no ${type}`);
}

/** A webhook endpoint of the shop that answers the given statuses first, then 200. */
async function receiver(statuses = []) {
  const seen = [];
  const waiting = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      response.writeHead(statuses.shift() ?? 200).end();
      const hook = { body: Buffer.concat(parts), signature: request.headers["stripe-signature"] };
      waiting.length ? waiting.shift()(hook) : seen.push(hook);
    });
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const next = () =>
    seen.length ? Promise.resolve(seen.shift()) : new Promise((done, fail) => {
      const late = setTimeout(() => fail(new Error("no webhook within 10 s")), 10_000);
      waiting.push((hook) => { clearTimeout(late); done(hook); });
    });
  const close = () => { server.closeAllConnections(); server.close(); };
  return { url: `http://127.0.0.1:${server.address().port}/hook`, next, close };
}

/** The fields that the package's own type definitions require of an object. */
function required(resource, name) {
  const file = fileURLToPath(import.meta.resolve("stripe")).replace(/stripe\.esm\.node\.js$/, `resources/${resource}.d.ts`);
  const text = readFileSync(file, "utf8");
  const body = text.match(new RegExp(`export (?:declare )?interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`))[1];
  const fields = [...body.matchAll(/^ {4}(\w+):/gm)].map((match) => match[1]);
  assert.ok(fields.length > 5, `${name}: ${fields}`);
  return fields;
}

check("objects have every field that the official types require", async () => {
  const intent = await pay("pm_card_visa", { expand: ["latest_charge", "payment_method"] });
  const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 100 });
  const opened = await control("POST", "stripe/disputes", { payment_intent: intent.id, amount: 500 });
  const endpoint = await stripe.webhookEndpoints.create({ url: "http://127.0.0.1:9/none", enabled_events: ["charge.expired"] });
  for (const [resource, name, object] of [
    ["PaymentIntents", "PaymentIntent", intent],
    ["Charges", "Charge", intent.latest_charge],
    ["PaymentMethods", "PaymentMethod", intent.payment_method],
    ["Refunds", "Refund", refund],
    ["Disputes", "Dispute", await stripe.disputes.retrieve(opened.id)],
    ["WebhookEndpoints", "WebhookEndpoint", endpoint],
    ["Events", "EventBase", (await stripe.events.list({ limit: 1 })).data[0]],
  ]) {
    const missing = required(resource, name).filter((field) => !(field in object));
    assert.deepEqual(missing, [], name);
  }
});

check("an intent is created, read, updated and cancelled", async () => {
  const intent = await create({ metadata: { order_id: "ord_1" }, automatic_payment_methods: { enabled: true } });
  assert.match(intent.id, /^pi_/);
  assert.match(intent.client_secret, new RegExp(`^${intent.id}_secret_`));
  assert.deepEqual([intent.status, intent.metadata.order_id], ["requires_payment_method", "ord_1"]);
  assert.match(intent.lastResponse.requestId, /^req_/);
  assert.equal(intent.lastResponse.apiVersion, Stripe.API_VERSION);
  assert.deepEqual(await stripe.paymentIntents.retrieve(intent.id), intent);
  assert.equal((await stripe.paymentIntents.update(intent.id, { amount: 2500 })).amount, 2500);
  assert.equal((await stripe.paymentIntents.cancel(intent.id)).status, "canceled");
  await refused(() => stripe.paymentIntents.cancel(intent.id), "StripeInvalidRequestError", "payment_intent_unexpected_state");
});

check("a key is replayed, and refused with other parameters", async () => {
  const first = await create({}, { idempotencyKey: "n1" });
  const again = await create({}, { idempotencyKey: "n1" });
  assert.equal(again.id, first.id);
  assert.equal(again.lastResponse.headers["idempotent-replayed"], "true");
  await refused(() => create({ amount: 2100 }, { idempotencyKey: "n1" }), "StripeIdempotencyError");
  await refused(() => create({ amount: 1 }, { idempotencyKey: "n2" }), "StripeInvalidRequestError", "amount_too_small");
  assert.ok((await create({}, { idempotencyKey: "n2" })).id, "a validation failure saves nothing");
});

check("twenty at once with one key are one intent", async () => {
  const before = (await control("GET", "stripe/state")).counts.payment_intents;
  const many = await Promise.all(Array.from({ length: 20 }, () => create({}, { idempotencyKey: "n3" })));
  assert.equal(new Set(many.map((intent) => intent.id)).size, 1);
  assert.equal((await control("GET", "stripe/state")).counts.payment_intents, before + 1);
});

check("the client's own retries survive a lost answer, a 503 and a 429", async () => {
  for (const rule of [{ kind: "answer_lost" }, { kind: "unavailable" }, { kind: "connection_reset" }]) {
    const before = (await control("GET", "stripe/state")).counts.payment_intents;
    await fault({ ...rule, times: 1 });
    const intent = await client("sk_test_sandbox", 2).paymentIntents.create({ amount: 2000, currency: "usd" });
    assert.ok(intent.id);
    assert.equal((await control("GET", "stripe/state")).counts.payment_intents, before + 1, rule.kind);
  }
});

check("faults have the client's error types", async () => {
  for (const [rule, type] of [
    [{ kind: "too_many_requests", retry_after: 2 }, "StripeRateLimitError"],
    [{ kind: "internal_error" }, "StripeAPIError"],
    [{ kind: "unavailable" }, "StripeAPIError"],
    [{ kind: "connection_reset" }, "StripeConnectionError"],
    [{ kind: "answer_lost" }, "StripeConnectionError"],
  ]) {
    // The client tries a closed connection once more, whatever its setting.
    await fault({ ...rule, times: type === "StripeConnectionError" ? 2 : 1 });
    const error = await refused(() => create(), type);
    if (rule.retry_after) assert.equal(error.headers["retry-after"], "2");
  }
});

check("cards pay or are declined as documented", async () => {
  const paid = await pay("pm_card_visa", { expand: ["latest_charge"] });
  assert.deepEqual([paid.status, paid.amount_received, paid.latest_charge.payment_method_details.card.last4], ["succeeded", 2000, "4242"]);
  for (const [method, code, decline] of [
    ["pm_card_visa_chargeDeclined", "card_declined", "generic_decline"],
    ["pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"],
    ["pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error"],
    ["pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc"],
  ]) {
    const error = await refused(() => pay(method), "StripeCardError", code);
    assert.equal(error.decline_code || undefined, decline);
    assert.equal(error.payment_intent.status, "requires_payment_method");
    const again = await stripe.paymentIntents.confirm(error.payment_intent.id, { payment_method: "pm_card_visa", return_url: "http://shop.test" });
    assert.equal(again.status, "succeeded");
  }
});

check("3-D Secure ends on the bank's page, which leads back to the shop", async () => {
  const intent = await pay("pm_card_threeDSecure2Required");
  assert.equal(intent.status, "requires_action");
  const url = intent.next_action.redirect_to_url.url;
  assert.match(await (await fetch(url)).text(), /Complete/);
  const headers = { accept: "text/html", "content-type": "application/x-www-form-urlencoded" };
  const back = await fetch(url, { method: "POST", headers, body: "outcome=success", redirect: "manual" });
  assert.equal(back.status, 303);
  const location = new URL(back.headers.get("location"));
  assert.deepEqual([location.origin, location.searchParams.get("payment_intent"), location.searchParams.get("redirect_status")], ["http://shop.test", intent.id, "succeeded"]);
  assert.equal((await stripe.paymentIntents.retrieve(intent.id)).status, "succeeded");
});

check("a debit is processed and settled later", async () => {
  const params = { currency: "eur", mandate_data: { customer_acceptance: { type: "offline", offline: {} } } };
  await refused(() => pay("pm_sepaDebit_success", { currency: "eur" }), "StripeInvalidRequestError", "parameter_missing");
  const intent = await pay("pm_sepaDebit_success", params);
  assert.equal(intent.status, "processing");
  await control("POST", `stripe/payment_intents/${intent.id}/settle`, { outcome: "success" });
  assert.equal((await stripe.paymentIntents.retrieve(intent.id)).status, "succeeded");
});

check("the browser's key can do what a browser has to, and no more", async () => {
  const intent = await create();
  const browser = client("pk_test_sandbox");
  const params = { client_secret: intent.client_secret, payment_method: "pm_card_visa" };
  const seen = await browser.paymentIntents.confirm(intent.id, params);
  assert.deepEqual([seen.status, "metadata" in seen], ["succeeded", false]);
  await refused(() => browser.paymentIntents.list(), "StripeAuthenticationError");
  await refused(() => browser.paymentIntents.retrieve(intent.id, { client_secret: "wrong" }), "StripeInvalidRequestError");
  await refused(() => client("sk_test_other").paymentIntents.list(), "StripeAuthenticationError");
});

check("lists are paged without gaps or repetitions", async () => {
  const made = [];
  for (let n = 0; n < 12; n += 1) made.unshift((await create()).id);
  const paged = [];
  for await (const intent of stripe.paymentIntents.list({ limit: 5 })) paged.push(intent.id);
  assert.deepEqual(paged.slice(0, 12), made);
  assert.equal(new Set(paged).size, paged.length);
  await refused(() => stripe.paymentIntents.list({ starting_after: "pi_no" }), "StripeInvalidRequestError", "resource_missing");
});

check("refunds, disputes and charges are listed by payment and by time", async () => {
  const payments = [await pay(), await pay(), await pay()];
  const [refunds, disputes] = [[], []];
  for (const { id } of payments) {
    refunds.unshift((await stripe.refunds.create({ payment_intent: id, amount: 100 })).id);
    disputes.unshift((await control("POST", "stripe/disputes", { payment_intent: id })).id);
  }
  const charges = payments.map((payment) => payment.latest_charge).reverse();
  const { created } = payments[0];
  for (const [service, made] of [[stripe.refunds, refunds], [stripe.disputes, disputes], [stripe.charges, charges]]) {
    const ids = async (params) => (await service.list(params)).data.map((found) => found.id);
    const paged = [];
    for await (const found of service.list({ limit: 1 })) paged.push(found.id);
    assert.deepEqual(paged, made);
    assert.deepEqual(await ids({ payment_intent: payments[1].id }), [made[1]]);
    assert.deepEqual(await ids({ created: { gte: created, lt: created + 60 } }), made);
    assert.deepEqual(await ids({ created: { gt: created + 60 } }), []);
    await refused(() => ids({ starting_after: "x_no" }), "StripeInvalidRequestError", "resource_missing");
    await refused(() => ids({ limit: 0 }), "StripeInvalidRequestError", "parameter_invalid_integer");
  }
});

check("events are listed by types and by delivery", async () => {
  const hook = await receiver();
  const endpoint = await stripe.webhookEndpoints.create({ url: hook.url, enabled_events: ["payment_intent.succeeded"] });
  await fault({ kind: "webhook_drop", times: 1 });
  const lost = await pay();
  const told = await pay();
  const first = await hook.next();
  assert.equal(stripe.webhooks.constructEvent(first.body, first.signature, endpoint.secret).data.object.id, told.id);
  const types = ["payment_intent.succeeded", "charge.succeeded"];
  const events = (await stripe.events.list({ types })).data.map((event) => event.type);
  assert.deepEqual(events, ["payment_intent.succeeded", "charge.succeeded", "payment_intent.succeeded", "charge.succeeded"]);
  const missed = (await stripe.events.list({ type: "payment_intent.succeeded", delivery_success: false })).data;
  assert.ok(missed.some((event) => event.data.object.id === lost.id && event.pending_webhooks === 1));
  await stripe.webhookEndpoints.del(endpoint.id);
  hook.close();
});

check("a refund from the dashboard, an inquiry, and money for nobody have the shapes of the others", async () => {
  const { id, latest_charge } = await pay();
  await control("POST", "stripe/refunds", { payment_intent: id, amount: 700 });
  const [refund] = (await stripe.refunds.list({ charge: latest_charge })).data;
  assert.deepEqual([refund.amount, refund.metadata], [700, {}]);
  const opened = await control("POST", "stripe/disputes", { payment_intent: id, inquiry: true });
  const inquiry = await stripe.disputes.retrieve(opened.id);
  assert.deepEqual([inquiry.status, inquiry.is_charge_refundable, inquiry.amount], ["warning_needs_response", true, 1300]);
  await control("POST", `stripe/disputes/${opened.id}/review`, {});
  assert.equal((await stripe.disputes.list({ payment_intent: id })).data[0].status, "warning_under_review");
  const stray = await control("POST", "stripe/payment_intents", { amount: 999, currency: "nok", metadata: { order_id: "?" } });
  const intent = await stripe.paymentIntents.retrieve(stray.id);
  assert.deepEqual([intent.status, intent.amount_received, intent.metadata.order_id], ["succeeded", 999, "?"]);
  for (const [resource, name, object] of [["Refunds", "Refund", refund], ["Disputes", "Dispute", inquiry], ["PaymentIntents", "PaymentIntent", intent]]) {
    assert.deepEqual(required(resource, name).filter((field) => !(field in object)), [], name);
  }
});

check("above the limit is a rate limit error", async () => {
  await control("POST", "stripe/limits", { per_second_and_endpoint: 2 });
  const asking = Promise.all(Array.from({ length: 10 }, () => stripe.charges.list()));
  const error = await refused(() => asking, "StripeRateLimitError", "rate_limit");
  assert.equal(error.headers["stripe-rate-limited-reason"], "endpoint-rate");
  assert.ok((await stripe.refunds.list()).data, "other calls have their own limit");
  await control("POST", "stripe/limits", {});
});

check("refunds stay within the charge", async () => {
  const { id } = await pay();
  const error = await refused(() => stripe.refunds.create({ payment_intent: id, amount: 2001 }), "StripeInvalidRequestError");
  assert.deepEqual([error.code, error.param], [undefined, "amount"]);
  assert.equal((await stripe.refunds.create({ payment_intent: id, amount: 1999 })).status, "succeeded");
  assert.equal((await stripe.refunds.create({ payment_intent: id })).amount, 1);
  await refused(() => stripe.refunds.create({ payment_intent: id }), "StripeInvalidRequestError", "charge_already_refunded");
});

check("capture and its bound", async () => {
  const { id, status } = await pay("pm_card_visa", { capture_method: "manual" });
  assert.equal(status, "requires_capture");
  await refused(() => stripe.paymentIntents.capture(id, { amount_to_capture: 2001 }), "StripeInvalidRequestError");
  assert.equal((await stripe.paymentIntents.capture(id, { amount_to_capture: 700 })).amount_received, 700);
});

check("a webhook that the sandbox signed passes constructEvent", async () => {
  const hook = await receiver([503]);
  const endpoint = await stripe.webhookEndpoints.create({ url: hook.url, enabled_events: ["payment_intent.created"] });
  const intent = await create({ metadata: { order_id: "ord_ü" } });
  const first = await hook.next();
  const event = stripe.webhooks.constructEvent(first.body, first.signature, endpoint.secret);
  assert.deepEqual([event.type, event.data.object.id, event.data.object.metadata.order_id], ["payment_intent.created", intent.id, "ord_ü"]);
  const again = await hook.next();
  assert.ok(again.body.equals(first.body), "tried again with the same bytes");
  stripe.webhooks.constructEvent(again.body, again.signature, endpoint.secret);
  assert.throws(() => stripe.webhooks.constructEvent(Buffer.concat([first.body, Buffer.from(" ")]), first.signature, endpoint.secret));
  assert.throws(() => stripe.webhooks.constructEvent(first.body, first.signature, "whsec_other"));
  assert.throws(() => stripe.webhooks.constructEvent(JSON.stringify(JSON.parse(first.body)), first.signature, endpoint.secret), "not over re-serialised JSON");
  const timestamp = Number(first.signature.match(/t=(\d+)/)[1]);
  const expected = stripe.webhooks.generateTestHeaderString({ payload: first.body.toString(), secret: endpoint.secret, timestamp });
  assert.equal(first.signature, expected, "the very header that the package makes for the same payload");
  await stripe.webhookEndpoints.del(endpoint.id);
  hook.close();
});

check("the package's own test header passes its own check", () => {
  const payload = JSON.stringify({ id: "evt_test", object: "event" }, null, 2);
  const header = stripe.webhooks.generateTestHeaderString({ payload, secret: "whsec_test" });
  assert.equal(stripe.webhooks.constructEvent(payload, header, "whsec_test").id, "evt_test");
});

check("events are listed by type", async () => {
  const { id } = await pay();
  const events = (await stripe.events.list({ type: "payment_intent.succeeded", limit: 100 })).data;
  const mine = events.filter((event) => event.data.object.id === id);
  assert.equal(mine.length, 1);
  assert.deepEqual(await stripe.events.retrieve(mine[0].id), mine[0]);
});

let failed = 0;
for (const [name, run] of checks) {
  await control("POST", "reset");
  try {
    await run();
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}\n  ${error.stack}`);
  }
}
console.log(`stripe for Node ${Stripe.PACKAGE_VERSION}:`);
console.log(`${checks.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
