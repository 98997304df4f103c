// The types that npm `stripe` ships, as strict JSON schemas: what Stripe says of its objects and parameters at the
// version that the package is pinned to, and the best contract that can be had without asking Stripe.
//
// Strict means: a field that the types do not declare is an error, and so is a value that an enumeration does not list,
// although the types leave room for values to come (`OtherString`).

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** Objects that are described in full. Others appear by their ids alone. */
export const KINDS = {
  payment_intent: ["PaymentIntents", "PaymentIntent"],
  charge: ["Charges", "Charge"],
  refund: ["Refunds", "Refund"],
  dispute: ["Disputes", "Dispute"],
  event: ["Events", "Event"],
  payment_method: ["PaymentMethods", "PaymentMethod"],
  balance_transaction: ["BalanceTransactions", "BalanceTransaction"],
  webhook_endpoint: ["WebhookEndpoints", "WebhookEndpoint"],
};

/** The requests that have parameters of their own, by method and path. */
export const REQUESTS = {
  "GET /v1/charges": ["Charges", "ChargeListParams"],
  "GET /v1/charges/:id": ["Charges", "ChargeRetrieveParams"],
  "GET /v1/disputes": ["Disputes", "DisputeListParams"],
  "GET /v1/disputes/:id": ["Disputes", "DisputeRetrieveParams"],
  "POST /v1/disputes/:id": ["Disputes", "DisputeUpdateParams"],
  "POST /v1/disputes/:id/close": ["Disputes", "DisputeCloseParams"],
  "GET /v1/events": ["Events", "EventListParams"],
  "GET /v1/events/:id": ["Events", "EventRetrieveParams"],
  "GET /v1/payment_intents": ["PaymentIntents", "PaymentIntentListParams"],
  "POST /v1/payment_intents": ["PaymentIntents", "PaymentIntentCreateParams"],
  "GET /v1/payment_intents/:id": ["PaymentIntents", "PaymentIntentRetrieveParams"],
  "POST /v1/payment_intents/:id": ["PaymentIntents", "PaymentIntentUpdateParams"],
  "POST /v1/payment_intents/:id/cancel": ["PaymentIntents", "PaymentIntentCancelParams"],
  "POST /v1/payment_intents/:id/capture": ["PaymentIntents", "PaymentIntentCaptureParams"],
  "POST /v1/payment_intents/:id/confirm": ["PaymentIntents", "PaymentIntentConfirmParams"],
  "POST /v1/payment_methods": ["PaymentMethods", "PaymentMethodCreateParams"],
  "GET /v1/payment_methods/:id": ["PaymentMethods", "PaymentMethodRetrieveParams"],
  "GET /v1/refunds": ["Refunds", "RefundListParams"],
  "POST /v1/refunds": ["Refunds", "RefundCreateParams"],
  "GET /v1/refunds/:id": ["Refunds", "RefundRetrieveParams"],
  "POST /v1/refunds/:id": ["Refunds", "RefundUpdateParams"],
  "POST /v1/refunds/:id/cancel": ["Refunds", "RefundCancelParams"],
  "GET /v1/webhook_endpoints": ["WebhookEndpoints", "WebhookEndpointListParams"],
  "POST /v1/webhook_endpoints": ["WebhookEndpoints", "WebhookEndpointCreateParams"],
  "GET /v1/webhook_endpoints/:id": ["WebhookEndpoints", "WebhookEndpointRetrieveParams"],
  "POST /v1/webhook_endpoints/:id": ["WebhookEndpoints", "WebhookEndpointUpdateParams"],
  "DELETE /v1/webhook_endpoints/:id": ["WebhookEndpoints", "WebhookEndpointDeleteParams"],
};

const resources = join(dirname(fileURLToPath(import.meta.resolve("stripe"))), "resources");
const files = [...new Set([...Object.values(KINDS), ...Object.values(REQUESTS)].map(([file]) => file))];
const program = ts.createProgram(files.map((file) => join(resources, `${file}.d.ts`)), {
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: [],
});
const checker = program.getTypeChecker();

function exported(file, name) {
  const source = program.getSourceFile(join(resources, `${file}.d.ts`));
  const found = checker.getExportsOfModule(checker.getSymbolAtLocation(source)).find((symbol) => symbol.name === name);
  if (!found) throw new Error(`npm stripe no longer exports ${name} from ${file}`);
  return checker.getDeclaredTypeOfSymbol(found);
}

/** The schemas of every interface, by name; a schema refers to others as `#/$defs/NAME`. */
export const definitions = {};
const names = new Map();

const isOther = (type) => type.isIntersection() && type.types.some((part) => part.flags & ts.TypeFlags.String);
const propertyType = (property) => checker.getTypeOfSymbol(property);

/** The value of an interface's `object`, which Stripe's API objects have. */
function objectName(type) {
  const property = type.getProperty("object");
  const value = property && propertyType(property);
  return value?.isStringLiteral() ? value.value : undefined;
}

/** An API object that is not described: it stands there by its id or not at all. */
function isForeign(type) {
  const name = objectName(type);
  return name !== undefined && name !== "list" && !(name in KINDS);
}

function union(types) {
  // The compiler's order depends on what it met first.
  const words = types.filter((type) => type.isLiteral()).map((type) => type.value).sort();
  const absent = ts.TypeFlags.Undefined | ts.TypeFlags.Void;
  const rest = types.filter((type) => !type.isLiteral() && !(type.flags & absent));
  const isBoolean = rest.filter((type) => type.flags & ts.TypeFlags.BooleanLiteral);
  const others = rest.filter((type) => !(type.flags & ts.TypeFlags.BooleanLiteral) && !(isOther(type) && words.length));
  const described = others.filter((type) => !(type.flags & ts.TypeFlags.Object && isForeign(type)));
  const any = (described.length || words.length || isBoolean.length ? described : others).map(schemaOf);
  if (isBoolean.length === 2) any.push({ type: "boolean" });
  if (isBoolean.length === 1) any.push({ const: checker.typeToString(isBoolean[0]) === "true" });
  if (words.length) any.push({ enum: words });
  return any.length === 1 ? any[0] : { anyOf: any };
}

function nameOf(type) {
  const { symbol } = type;
  const file = symbol.declarations[0].getSourceFile().fileName.replace(/^.*\/(.*)\.d\.ts$/, "$1");
  const name = checker.getFullyQualifiedName(symbol).replace(/^".*"\./, "");
  const plain = `${file}.${name}`.replace(/[^\w.]/g, "_");
  const of = checker.getTypeArguments(type).map((argument) => argument.symbol?.name ?? "x").join("_");
  let unique = of ? `${plain}_${of}` : plain;
  while (unique in definitions) unique += "_";
  return unique;
}

function interfaceSchema(type) {
  const properties = {};
  const required = [];
  for (const property of checker.getPropertiesOfType(type)) {
    // `deleted?: void` says that the field is not there.
    if (propertyType(property).flags & ts.TypeFlags.Void) continue;
    properties[property.name] = schemaOf(propertyType(property));
    if (!(property.flags & ts.SymbolFlags.Optional)) required.push(property.name);
  }
  const index = type.getStringIndexType();
  return { type: "object", properties, required, additionalProperties: index ? schemaOf(index) : false };
}

function schemaOf(type) {
  if (type.isUnion()) return union(type.types);
  if (checker.typeToString(type) === "Decimal") return { type: "string" };
  if (type.flags & ts.TypeFlags.Null) return { type: "null" };
  if (type.flags & ts.TypeFlags.String || isOther(type)) return { type: "string" };
  if (type.flags & ts.TypeFlags.Number) return { type: "number" };
  if (type.flags & ts.TypeFlags.Boolean) return { type: "boolean" };
  if (type.flags & ts.TypeFlags.BooleanLiteral) return { const: checker.typeToString(type) === "true" };
  if (type.isLiteral()) return { enum: [type.value] };
  if (type.flags & (ts.TypeFlags.NonPrimitive | ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return {};
  if (!(type.flags & ts.TypeFlags.Object)) throw new Error(`no schema for ${checker.typeToString(type)}`);
  if (checker.isArrayType(type)) return { type: "array", items: schemaOf(checker.getTypeArguments(type)[0]) };
  if (isForeign(type)) return { type: "object", required: ["id", "object"], foreign: objectName(type) };
  if (!names.has(type)) {
    const name = nameOf(type);
    names.set(type, name);
    definitions[name] = {};
    definitions[name] = interfaceSchema(type);
  }
  return { $ref: `#/$defs/${names.get(type)}` };
}

/** The schema that a reference points to; any other schema as it is. */
export const resolve = (schema) => (schema.$ref ? definitions[schema.$ref.replace("#/$defs/", "")] : schema);

/** The alternatives of a schema, references resolved. */
export const alternatives = (schema) => (schema.anyOf ?? [schema]).map(resolve);

/** The words that a schema lists, the empty one left out. */
export const words = (schema) => alternatives(schema).flatMap((one) => one.enum ?? []).filter((word) => word !== "");

/** The words that Stripe's documentation of a field names, for fields that are typed as mere strings. */
export function documentedWords(kind, field) {
  const property = exported(...KINDS[kind]).getProperty(field);
  const text = ts.displayPartsToString(property.getDocumentationComment(checker));
  return [...text.matchAll(/`(\w+)`/g)].map(([, word]) => word);
}

/** The members of Event by their `type`. */
export const events = new Map(
  exported("Events", "Event").types.map((type) => [propertyType(type.getProperty("type")).value, type]),
);

/** The schema of a kind of object; of an event, of its type. */
export function objectSchema(kind, eventType) {
  if (kind === "event") {
    const type = events.get(eventType);
    return type && schemaOf(type);
  }
  return schemaOf(exported(...KINDS[kind]));
}

/** The schema of a request's parameters, by method and route. */
export function parameterSchema(request) {
  return schemaOf(exported(...REQUESTS[request]));
}

for (const kind of Object.keys(KINDS)) if (kind !== "event") objectSchema(kind);
for (const type of events.keys()) objectSchema("event", type);
for (const request of Object.keys(REQUESTS)) parameterSchema(request);
