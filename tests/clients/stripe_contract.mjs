// Stripe's contract, from the types that npm `stripe` ships at the pinned version: `node stripe_contract.mjs
// http://127.0.0.1:PORT [--journal FILE]… [--samples FILE]`. The address is a sandbox's, which is reset.
//
// Held against the types: every object that the sandbox makes, in every state that its API and its controls lead to;
// the requests that the product makes, as listed here and as a stack's sandbox recorded them in its journal; the
// sandbox's table of parameters; the lists that a newer version makes longer. `--samples` writes objects for the readers
// of the product, one JSON object a line. Exits non-zero when something differs, or when a planted fault is not found.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import Ajv from "ajv";
import Stripe from "stripe";
import { parameterFile } from "./stripe_parameters.mjs";
import { samples } from "./stripe_samples.mjs";
import { KINDS, REQUESTS, definitions, events, objectSchema, parameterSchema, resolve, words } from "./stripe_types.mjs";

const options = { journal: { type: "string", multiple: true, default: [] }, samples: { type: "string" } };
const { values: given, positionals: [address] } = parseArgs({ options, allowPositionals: true });
const base = new URL(address);
const beside = (name) => fileURLToPath(new URL(name, import.meta.url));
let passed = 0;
let failed = 0;

function result(what, differences) {
  if (differences.length) {
    failed += 1;
    console.log(`FAILED ${what}`);
    for (const difference of differences.slice(0, 10)) console.log(`  ${difference}`);
    if (differences.length > 10) console.log(`  and ${differences.length - 10} more`);
  } else {
    passed += 1;
  }
}

/** Validators over the schemas as they are, or with one of them changed. */
class Contract {
  constructor(changed = {}, coerceTypes = false) {
    this.ajv = new Ajv({ allErrors: true, strict: false, coerceTypes });
    this.ajv.addSchema({ $id: "stripe", $defs: { ...definitions, ...changed } });
  }

  /** What is wrong with a value, in words. */
  differences(schema, value) {
    const validate = this.ajv.getSchema(`stripe${schema.$ref}`);
    if (validate(value)) return [];
    return validate.errors
      // An alternative that does not fit says nothing when another one says why.
      .filter((error) => error.keyword !== "anyOf" || validate.errors.length === 1)
      .map((error) => `${error.instancePath || "/"} ${error.message} ${JSON.stringify(Object.values(error.params)[0])}`);
  }
}

const parameters = new Contract({}, true);
const objects = new Contract();

function objectDifferences(contract, object) {
  const schema = objectSchema(object.object, object.type);
  return schema ? contract.differences(schema, object) : [`no event type ${object.type}`];
}

// ---- the sandbox's objects

/** Every described object that was seen, by its text, so that each state counts once. */
const seen = new Map();

function note(value) {
  if (Array.isArray(value)) return value.forEach(note);
  if (value === null || typeof value !== "object") return;
  if (value.object in KINDS && !("deleted" in value)) seen.set(JSON.stringify(value), value);
  Object.values(value).forEach(note);
}

async function call(method, path, form, key = "sk_test_sandbox") {
  const body = form && new URLSearchParams(form).toString();
  const headers = { authorization: `Bearer ${key}`, "stripe-version": Stripe.API_VERSION };
  if (form) headers["content-type"] = "application/x-www-form-urlencoded";
  const answer = await fetch(new URL(path, base), { method, headers, body });
  const value = await answer.json();
  // The publishable key sees a part of an intent, which the types do not describe.
  if (key.startsWith("sk_")) note(value);
  return value;
}

async function control(path, body = {}) {
  const answer = await fetch(new URL(`/_sandbox/stripe/${path}`, base), { method: "POST", body: JSON.stringify(body) });
  const value = await answer.json();
  assert.ok(answer.ok, `${path}: ${JSON.stringify(value)}`);
  note(value);
  return value;
}

async function all(path) {
  for (let after = ""; ;) {
    const page = await call("GET", `${path}?limit=100${after}`);
    if (!page.has_more) return;
    after = `&starting_after=${page.data.at(-1).id}`;
  }
}

const mandate = { "mandate_data[customer_acceptance][type]": "offline" };
const create = (form) => call("POST", "/v1/payment_intents", { amount: 2000, currency: "usd", ...form });
const pay = (method, form = {}) => create({
  payment_method: method, confirm: true, return_url: "http://shop.test/done", "metadata[order_id]": "ord_1", ...form,
});
const intentOf = (answer) => answer.error?.payment_intent ?? answer;

/** The ready-made payment methods that the sandbox knows, from the source that declares them. */
const METHODS = [...readFileSync(beside("../../sandbox/src/stripe/cards.rs"), "utf8").matchAll(/"(pm_[A-Za-z0-9_]+)"/g)]
  .map(([, id]) => id);

async function payments() {
  for (const method of new Set(METHODS)) {
    const debit = /sepa|usBank/.test(method);
    const form = debit ? { ...mandate, currency: method.includes("sepa") ? "eur" : "usd" } : {};
    const { id, status } = intentOf(await pay(method, form));
    assert.ok(id, method);
    if (status === "requires_action") await control(`payment_intents/${id}/authenticate`, { outcome: "success" });
    if (status === "processing") await control(`payment_intents/${id}/settle`);
    await call("POST", "/v1/refunds", { payment_intent: id, amount: 100, "metadata[a]": "b", reason: "duplicate" });
  }
}

async function intents() {
  const open = await create({
    "automatic_payment_methods[enabled]": true, "automatic_payment_methods[allow_redirects]": "never",
    "excluded_payment_method_types[]": "boleto", description: "x", receipt_email: "ada@shop.test",
    "shipping[name]": "Ada", "shipping[address][line1]": "1 Main Street", setup_future_usage: "off_session",
    "payment_method_options[card][request_three_d_secure]": "any", statement_descriptor_suffix: "SHOP",
  });
  await call("POST", `/v1/payment_intents/${open.id}`, { amount: 2100, payment_method: "pm_card_visa" });
  await call("POST", `/v1/payment_intents/${open.id}/cancel`, { cancellation_reason: "abandoned" });
  await create({ "allowed_payment_method_types[]": "link" });
  for (const outcome of ["fail", "success"]) {
    for (const confirmation_method of ["automatic", "manual"]) {
      const asked = await pay("pm_card_threeDSecureRequired", { confirmation_method });
      await control(`payment_intents/${asked.id}/authenticate`, { outcome });
    }
  }
  await pay("pm_card_authenticationRequired", { use_stripe_sdk: true });
  await pay("pm_card_authenticationRequired", { off_session: true });
  await pay("pm_card_authenticationRequired", { error_on_requires_action: true });
  await pay("pm_card_threeDSecureOptional", { "payment_method_options[card][request_three_d_secure]": "any" });
  for (const amount_to_capture of ["", "700"]) {
    const held = await pay("pm_card_visa", { capture_method: "manual" });
    await call("POST", `/v1/payment_intents/${held.id}/capture`, amount_to_capture ? { amount_to_capture } : {});
  }
  const released = await pay("pm_card_visa", { capture_method: "manual" });
  await call("POST", `/v1/payment_intents/${released.id}/cancel`, {});
  for (const outcome of ["success", "fail"]) {
    const debit = await pay("pm_sepaDebit_success", { currency: "eur", ...mandate });
    await control(`payment_intents/${debit.id}/settle`, { outcome });
    await call("POST", "/v1/refunds", { payment_intent: debit.id });
  }
  await control("cancel_processing", { enabled: true });
  const pending = await pay("pm_usBankAccount", mandate);
  await call("POST", `/v1/payment_intents/${pending.id}/cancel`, {});
  await control("cancel_processing");
  await call("GET", `/v1/payment_intents/${open.id}?expand[]=payment_method&expand[]=latest_charge`);
}

async function refunds() {
  for (const outcome of ["success", "fail", "requires_action", "cancel"]) {
    const { id } = await pay("pm_card_pendingRefund");
    const refund = await call("POST", "/v1/refunds", { payment_intent: id });
    await control(`refunds/${refund.id}/settle`, { outcome: outcome === "cancel" ? "requires_action" : outcome });
    if (outcome === "cancel") await call("POST", `/v1/refunds/${refund.id}/cancel`, {});
    await call("POST", `/v1/refunds/${refund.id}`, { "metadata[note]": "x" });
  }
  const { latest_charge } = await pay("pm_card_visa");
  await call("POST", "/v1/refunds", { charge: latest_charge, amount: 1 });
  await call("GET", `/v1/charges/${latest_charge}?expand[]=refunds`);
}

async function disputes() {
  const opened = async (form = {}) => {
    const { id } = await pay("pm_card_visa");
    return (await control("disputes", { payment_intent: id, ...form })).id;
  };
  const then = async (id, ...steps) => {
    for (const [what, form] of steps) await control(`disputes/${id}/${what}`, form);
  };
  const close = (outcome) => ["close", { outcome }];
  for (const outcome of ["won", "lost"]) {
    await then(await opened({ amount: 1500 }), ["review"], close(outcome));
    await then(await opened(), close("lost"), ["appeal"], ["review"], close(outcome));
    await then(await opened({ inquiry: true }), ["review"], ["escalate"], close(outcome));
  }
  await then(await opened({ inquiry: true }), ["review"], ["close", {}]);
  for (const inquiry of [true, false]) {
    for (const by of ["block", "resolution"]) await then(await opened({ inquiry }), ["prevent", { by }]);
  }
  await control("settlement", { currency: "chf", rate_millionths: 912_345 });
  await then(await opened({ amount: 2150 }), close("won"));
  await then(await opened({ amount: 1800, currency: "gbp" }), close("lost"));
  const half = await pay("pm_card_visa");
  await call("POST", "/v1/refunds", { payment_intent: half.id, amount: 500 });
  await then((await control("disputes", { payment_intent: half.id, amount: 2000 })).id, close("lost"));
  await control("settlement");
  const evidence = await opened();
  await call("POST", `/v1/disputes/${evidence}`, { "evidence[customer_name]": "Ada", submit: false, "metadata[a]": "b" });
  await call("POST", `/v1/disputes/${evidence}`, { "evidence[uncategorized_text]": "winning_evidence" });
  await call("POST", `/v1/disputes/${await opened()}/close`, {});
}

async function endpoints() {
  const form = { url: "http://127.0.0.1:9/none", "enabled_events[]": "charge.expired", description: "x" };
  const { id } = await call("POST", "/v1/webhook_endpoints", form);
  await call("POST", `/v1/webhook_endpoints/${id}`, { disabled: true });
  await call("GET", "/v1/webhook_endpoints");
  await call("DELETE", `/v1/webhook_endpoints/${id}`);
}

/** A webhook as it arrives is an event too. */
async function delivered() {
  const { body, close } = await new Promise((done) => {
    const server = createServer((request, response) => {
      const parts = [];
      request.on("data", (part) => parts.push(part));
      request.on("end", () => {
        response.end();
        done({ body: JSON.parse(Buffer.concat(parts)), close: () => server.close() });
      });
    });
    server.listen(0, "127.0.0.1", async () => {
      const url = `http://127.0.0.1:${server.address().port}/`;
      await call("POST", "/v1/webhook_endpoints", { url, "enabled_events[]": "payment_intent.created" });
      await create({});
    });
  });
  note(body);
  close();
}

/** Of each kind, which words its fields have, so that it shows what was reached. */
const stateOf = (object) => object.object === "event" ? object.type : object.status ?? object.type ?? "";

async function checkObjects() {
  await fetch(new URL("/_sandbox/reset", base), { method: "POST" });
  await payments();
  await intents();
  await refunds();
  await disputes();
  await endpoints();
  await delivered();
  await control("payment_intents", { amount: 999, currency: "nok", metadata: { order_id: "?" } });
  for (const list of ["payment_intents", "charges", "refunds", "disputes", "events"]) await all(`/v1/${list}`);
  const counts = new Map();
  const differing = new Map();
  for (const object of seen.values()) {
    const state = `${object.object} ${stateOf(object)}`.trim();
    const differences = objectDifferences(objects, object);
    counts.set(state, (counts.get(state) ?? 0) + 1);
    differing.set(state, [...(differing.get(state) ?? []), ...differences.map((text) => `${object.id}: ${text}`)]);
  }
  console.log("objects of the sandbox by type and state:");
  for (const [state, count] of [...counts].sort()) console.log(`  ${String(count).padStart(5)} ${state}`);
  for (const [state, differences] of [...differing].sort()) result(`object: ${state}`, differences);
  const reached = new Set(counts.keys());
  for (const kind of ["payment_intent", "charge", "dispute"]) {
    const declared = words(resolve(objectSchema(kind)).properties.status);
    result(`states of ${kind}`, declared.filter((word) => !reached.has(`${kind} ${word}`)).map((word) => `never ${word}`));
  }
  console.log(`  ${String(seen.size).padStart(5)} in all`);
}

// ---- requests

/** What the product asks Stripe for, as shared/stripe sends it; a journal adds what it really sent. */
const PRODUCT = readFileSync(beside("stripe_requests.txt"), "utf8").split("\n").filter((line) => /^(GET|POST) /.test(line));

function formOf(text) {
  const form = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.replaceAll("]", "").split("[");
    let at = form;
    path.forEach((part, index) => {
      const key = part === "" ? Object.keys(at).length : part;
      if (index === path.length - 1) at[key] = value;
      else at = at[key] ??= {};
    });
  }
  return arrays(form);
}

function arrays(value) {
  if (typeof value !== "object") return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, arrays(inner)]);
  if (entries.length && entries.every(([name], index) => name === String(index))) return entries.map(([, inner]) => inner);
  return Object.fromEntries(entries);
}

/** What is wrong with `METHOD PATH?QUERY` or `METHOD PATH BODY`. */
function requestDifferences(contract, line) {
  const [, method, path, text] = line.match(/^(\w+) ([^? ]+)[? ]?(.*)$/);
  const route = path.split("/").map((part, index) => (index === 3 ? ":id" : part)).join("/");
  const request = `${method} ${route}`;
  if (!(request in REQUESTS)) return [`no such request: ${request}`];
  return contract.differences(parameterSchema(request), formOf(text)).map((difference) => `${request}: ${difference}`);
}

/** The requests to Stripe in a sandbox's journal, those of browsers left out. */
function recorded(file) {
  const lines = readFileSync(file, "utf8").split("\n").filter((line) => line.includes('"entry":"request"'));
  const requests = lines.map((line) => JSON.parse(line)).filter(({ uri, headers }) => {
    const key = headers.find(([name]) => name === "authorization")?.[1] ?? "";
    return uri.replace(/^https?:\/\/[^/]+/, "").startsWith("/v1/") && !key.includes("pk_");
  });
  return requests.map(({ method, uri, body }) => {
    const target = uri.replace(/^https?:\/\/[^/]+/, "");
    return `${method} ${target}${method === "POST" ? ` ${Buffer.from(body, "base64")}` : ""}`;
  });
}

function checkRequests() {
  for (const line of PRODUCT) result(`request: ${line}`, requestDifferences(parameters, line));
  for (const file of given.journal) {
    const lines = recorded(file);
    const counts = new Map();
    const differences = lines.flatMap((line) => {
      const request = line.replace(/^(\w+ \/v1\/\w+)(\/[^/? ]+)?(\/\w+)?.*$/s, (_, start, id, end) => `${start}${id ? "/:id" : ""}${end ?? ""}`);
      counts.set(request, (counts.get(request) ?? 0) + 1);
      return requestDifferences(parameters, line);
    });
    console.log(`requests of the product in ${file}:`);
    for (const [request, count] of [...counts].sort()) console.log(`  ${String(count).padStart(5)} ${request}`);
    result(`${lines.length} recorded requests`, lines.length ? differences : ["nothing was recorded"]);
  }
}

// ---- what a newer version would make different

function checkLists() {
  const told = readFileSync(beside("stripe_payment_method_types.txt"), "utf8").trim().split("\n");
  const declared = words(resolve(parameterSchema("POST /v1/payment_intents")).properties.excluded_payment_method_types.items);
  const both = [...declared.filter((type) => !told.includes(type)).map((type) => `new: ${type}`),
    ...told.filter((type) => !declared.includes(type)).map((type) => `gone: ${type}`)];
  result("payment method types, as stripe_payment_method_types.txt lists them", both);
  const table = readFileSync(beside("../../sandbox/src/stripe/parameters.txt"), "utf8");
  result("the sandbox's parameters.txt", table === parameterFile() ? [] : ["stale: see stripe_parameters.mjs"]);
}

async function checkVersion() {
  const answer = await fetch(new URL("/v1/events", base), { headers: { authorization: "Bearer sk_test_sandbox" } });
  const version = answer.headers.get("stripe-version");
  result("the version", version === Stripe.API_VERSION ? [] : [`the sandbox has ${version}, npm stripe ${Stripe.API_VERSION}`]);
}

// ---- faults that must be found

function checkPlanted() {
  const find = (kind, matches = () => true) => [...seen.values()].find((one) => one.object === kind && matches(one));
  const found = (what, differences) => result(`planted: ${what}`, differences.length ? [] : ["it was not found"]);
  const without = (kind, field, word) => {
    const name = objectSchema(kind).$ref.replace("#/$defs/", "");
    const schema = structuredClone(definitions[name]);
    schema.properties[field].enum = schema.properties[field].enum.filter((one) => one !== word);
    return new Contract({ [name]: schema });
  };
  found("a dispute's status that is no longer declared",
    objectDifferences(without("dispute", "status", "lost"), find("dispute", (one) => one.status === "lost")));
  for (const kind of ["payment_intent", "charge", "refund", "dispute", "payment_method"]) {
    const { created, ...rest } = find(kind);
    found(`a field of a ${kind} renamed`, objectDifferences(objects, { ...rest, made: created }));
    found(`a field of a ${kind} left out`, objectDifferences(objects, rest));
    found(`a field of a ${kind} added`, objectDifferences(objects, { ...find(kind), colour: "red" }));
    found(`a ${kind}'s id that is a number`, objectDifferences(objects, { ...find(kind), id: 5 }));
  }
  const [event, dispute] = [find("event"), find("dispute", (one) => one.balance_transactions.length > 0)];
  found("an event of no type", objectDifferences(objects, { ...event, type: "charge.vanished" }));
  found("an event with another object", objectDifferences(objects, { ...event, type: "refund.created" }));
  const [entry] = dispute.balance_transactions;
  found("a movement of no type", objectDifferences(objects, { ...dispute, balance_transactions: [{ ...entry, type: "loss" }] }));
  for (const [what, line] of [
    ["a parameter invented", "POST /v1/payment_intents amount=5&currency=eur&colour=red"],
    ["a nested parameter invented", "POST /v1/payment_intents amount=5&currency=eur&automatic_payment_methods[enabled]=true&automatic_payment_methods[colour]=red"],
    ["a parameter left out", "POST /v1/payment_intents amount=5"],
    ["a word that is none", "POST /v1/refunds payment_intent=pi_1&reason=regret"],
    ["a number that is none", "POST /v1/refunds payment_intent=pi_1&amount=much"],
    ["a filter invented", "GET /v1/refunds?status=failed"],
    ["a request invented", "POST /v1/payment_intents/pi_1/undo"],
  ]) found(what, requestDifferences(parameters, line));
}

await checkObjects();
checkRequests();
checkLists();
await checkVersion();
checkPlanted();
if (given.samples) {
  const written = samples([...seen.values()]);
  const wrong = written.flatMap(({ what, object, sample }) =>
    objectDifferences(objects, sample).map((text) => `${object} ${what}: ${text}`));
  result(`${written.length} samples for readers`, wrong);
  writeFileSync(given.samples, written.map((line) => `${JSON.stringify(line)}\n`).join(""));
}
console.log(`contract of npm stripe ${Stripe.PACKAGE_VERSION}, ${Stripe.API_VERSION}: ${events.size} event types`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
