// The generated client against a stack that is up: somebody signs up, places an order, pays it at the sandbox, and sees
// it paid. Usage: npm run scenario -- API SANDBOX. Ends with `N passed, M failed`.

import assert from "node:assert/strict";
import { setTimeout as wait } from "node:timers/promises";
import { type Api, createApi, data, idempotencyKey, ProblemError } from "../src/api/client.js";

const [apiUrl, sandboxUrl] = process.argv.slice(2);
assert(apiUrl && sandboxUrl, "usage: scenario API SANDBOX");

const email = `web-${crypto.randomUUID()}@example.com`;
const password = crypto.randomUUID();
/** Of the customer who signed up first. */
let token = "";

const cart = {
  lines: [{ sku: "mug-blue", quantity: 2 }],
  currency: "eur",
  email,
  shipping_address: { name: "Ada Lovelace", line1: "Weg 1", city: "Ulm", postal_code: "89073", country: "DE" },
};

/** The token of the link in the mail that asks to verify the address. */
async function mailedToken(): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await fetch(`${sandboxUrl}/_sandbox/mail?recipient=${email}`);
    const { mails } = (await answer.json()) as { mails: { text: string }[] };
    const link = mails[0]?.text.match(/\/verify-email#token=([\w.-]+)/);
    if (link?.[1]) return link[1];
    await wait(100);
  }
  throw new Error(`no mail to ${email}`);
}

async function pay(intent: string, secret: string): Promise<void> {
  const answer = await fetch(`${sandboxUrl}/v1/payment_intents/${intent}/confirm`, {
    method: "POST",
    headers: { authorization: `Basic ${btoa("pk_test_sandbox:")}` },
    body: new URLSearchParams({ client_secret: secret, payment_method: "pm_card_visa" }),
  });
  assert.equal(answer.status, 200);
}

async function problem(call: () => Promise<unknown>): Promise<ProblemError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
  throw new Error("no problem");
}

const checks: Record<string, (api: Api) => Promise<void>> = {
  async "somebody signs up, and is signed in when the address is verified"(api) {
    await data(api.POST("/v1/auth/register", { body: { email, password } }));
    const unverified = await problem(() => data(api.POST("/v1/auth/login", { body: { email, password } })));
    assert.deepEqual([unverified.status, unverified.type], [403, "/problems/email-not-verified"]);

    const link = await mailedToken();
    const tokens = await data(api.POST("/v1/auth/verify-email", { body: { token: link, password } }));
    token = tokens.access_token;
    assert.equal((await data(api.GET("/v1/me", {}))).email, email);
    const again = await problem(() => data(api.POST("/v1/auth/verify-email", { body: { token: link, password } })));
    assert.equal(again.type, "/problems/link-invalid");

    assert(tokens.refresh_token);
    const next = await data(api.POST("/v1/auth/refresh-token", { body: { refresh_token: tokens.refresh_token } }));
    token = next.access_token;
  },

  async "an order is placed, paid and seen paid"(api) {
    const key = idempotencyKey();
    const call = () => api.POST("/v1/orders", { params: { header: { "Idempotency-Key": key } }, body: cart });
    const order = await data(call());
    assert.equal(order.status, "pending_payment");
    assert.equal((await data(call())).order_id, order.order_id, "the same key is the same order");

    const { intent_id, client_secret } = order.payment;
    assert(intent_id && client_secret);
    await pay(intent_id, client_secret);
    const params = { path: { order_id: order.order_id } };
    for (let tries = 0; ; tries += 1) {
      const { status } = await data(api.GET("/v1/orders/{order_id}", { params }));
      if (status === "paid") break;
      assert(tries < 100, `still ${status}`);
      await wait(100);
    }
    const { items } = await data(api.GET("/v1/orders/{order_id}/history", { params }));
    assert(items.some((entry) => entry.kind === "event" && entry.type === "order.paid"));
  },

  async "a problem is an error with a type"(api) {
    const params = { header: { "Idempotency-Key": idempotencyKey() } };
    const body = { ...cart, lines: [{ sku: "no-such-sku", quantity: 1 }] };
    const error = await problem(() => data(api.POST("/v1/orders", { params, body })));
    assert.deepEqual([error.status, error.type], [422, "/problems/invalid-field"]);
    assert.equal(error.problem?.field, "lines[0].sku");
    assert(error.correlationId);
  },

  async "a token that is no longer good is replaced once"() {
    let bearer = "expired";
    let asked = 0;
    const refresh = async () => {
      asked += 1;
      bearer = token;
      return true;
    };
    const api = createApi({ baseUrl: apiUrl, bearer: () => bearer, refresh });
    const params = { header: { "Idempotency-Key": idempotencyKey() } };
    const order = await data(api.POST("/v1/orders", { params, body: cart }));
    assert.equal(asked, 1);
    assert.match(order.order_id, /^ord_/);

    const stubborn = createApi({ baseUrl: apiUrl, bearer: () => "still wrong", refresh: async () => true });
    const error = await problem(() => data(stubborn.GET("/v1/orders", {})));
    assert.deepEqual([error.status, error.type], [401, "/problems/unauthenticated"]);
  },

  async "a wrong password is sent once, and no other token is asked for"() {
    let asked = 0;
    const refresh = async () => {
      asked += 1;
      return true;
    };
    let sent = 0;
    const counted: typeof fetch = (input, init) => {
      sent += 1;
      return original(input, init);
    };
    const original = globalThis.fetch;
    globalThis.fetch = counted;
    try {
      const api = createApi({ baseUrl: apiUrl, bearer: () => token, refresh });
      const body = { current_password: `${password}x`, new_password: crypto.randomUUID() };
      const error = await problem(() => data(api.POST("/v1/auth/change-password", { body })));
      assert.deepEqual([error.status, error.type], [401, "/problems/invalid-credentials"]);
    } finally {
      globalThis.fetch = original;
    }
    assert.deepEqual([asked, sent], [0, 1]);
  },
};

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  try {
    await check(createApi({ baseUrl: apiUrl, bearer: () => token || undefined }));
    console.log(`ok  ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`NOT OK  ${name}\n`, error);
  }
}
console.log(`${Object.keys(checks).length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
