// Writes the parameters that Stripe's types declare for each request, as the sandbox reads them:
// `node stripe_parameters.mjs > ../../sandbox/src/stripe/parameters.txt`. `stripe_contract.mjs` sees when it is stale.
//
// Each request is a line, each parameter an indented one below it: its name, `[]` after the name of a list, `*` for a
// name that the caller chooses, and the words that it may have.

import { REQUESTS, alternatives, parameterSchema, words } from "./stripe_types.mjs";

function below(schema) {
  const children = {};
  for (const one of alternatives(schema)) {
    if (one.type === "array") children["[]"] = one.items;
    Object.assign(children, one.properties);
    if (one.additionalProperties) children["*"] = one.additionalProperties;
  }
  return children;
}

function* lines(children, depth) {
  for (const [name, schema] of Object.entries(children).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const inside = below(schema);
    const isText = alternatives(schema).some((one) => one.type !== "object" && one.type !== "array" && one.type !== "null");
    const listed = words(schema);
    if (listed.length && alternatives(schema).some((one) => one.type === "boolean")) listed.push("true", "false");
    const kind = listed.length ? ` ${listed.join("|")}` : isText ? " ." : "";
    yield `${" ".repeat(depth)}${name}${kind}`;
    yield* lines(inside, depth + 1);
  }
}

/** The whole file. */
export function parameterFile() {
  const all = [];
  for (const request of Object.keys(REQUESTS)) {
    const children = below(parameterSchema(request));
    // Stripe.js sends a card's number here, which the types for servers leave out.
    if (children.payment_method_data) {
      const { card } = below(parameterSchema("POST /v1/payment_methods"));
      const data = below(children.payment_method_data);
      const type = { enum: [...words(data.type), "card"] };
      children.payment_method_data = { properties: { ...data, card, type }, type: "object" };
    }
    all.push(request, ...lines(children, 1));
  }
  return `${all.join("\n")}\n`;
}

if (process.argv[1]?.endsWith("stripe_parameters.mjs")) process.stdout.write(parameterFile());
