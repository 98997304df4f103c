// Objects for whoever reads Stripe's: one of each kind as the sandbox made it, then the same with each word that a field
// may have, each null that a field may be, and, of events, each type.

import { KINDS, alternatives, documentedWords, events, objectSchema, resolve, words } from "./stripe_types.mjs";

const READ = ["payment_intent", "charge", "refund", "dispute"];
/** Fields that are typed as mere strings, though few words are possible. */
const WORDS = { refund: ["status"], dispute: ["reason"] };

/** The smallest value that a schema allows. */
function smallest(schema, depth = 0) {
  const [first] = alternatives(schema).sort((a, b) => rank(a) - rank(b));
  if (first.enum) return first.enum[0];
  if ("const" in first) return first.const;
  switch (first.type) {
    case "null": return null;
    case "string": return "x";
    case "number": return 1;
    case "boolean": return false;
    case "array": return [];
    case "object":
      if (first.foreign) return { id: "x", object: first.foreign };
      return Object.fromEntries(first.required.map((name) => [name, smallest(first.properties[name], depth + 1)]));
    default: return {};
  }
}

const rank = (schema) => ["null", "string", "number", "boolean", "array"].indexOf(schema.type) + (schema.type ? 0 : 3);

function* variants(kind, sample) {
  yield ["as it is", sample];
  for (const [field, schema] of Object.entries(resolve(objectSchema(kind)).properties)) {
    if (field === "object") continue;
    const listed = WORDS[kind]?.includes(field) ? documentedWords(kind, field) : words(schema);
    for (const word of listed) yield [`${field}=${word}`, { ...sample, [field]: word }];
    const [items] = alternatives(schema).filter((one) => one.type === "array");
    for (const word of items ? words(items.items) : []) yield [`${field}[]=${word}`, { ...sample, [field]: [word] }];
    if (alternatives(schema).some((one) => one.type === "null")) yield [`${field}=null`, { ...sample, [field]: null }];
  }
}

/** An event of a type; what it tells of is one of `seen` where that is described, and the smallest object otherwise. */
function eventSample(seen, type) {
  const event = seen.find((one) => one.object === "event" && one.type === type);
  if (event) return event;
  const schema = resolve(objectSchema("event", type));
  const data = resolve(schema.properties.data);
  const subject = alternatives(data.properties.object)[0];
  const kind = subject.properties?.object?.enum?.[0];
  const known = seen.find((one) => one.object === kind && kind in KINDS);
  const template = seen.find((one) => one.object === "event");
  return { ...template, type, data: { object: known ?? smallest(data.properties.object) } };
}

/** The lines: a kind, what is special about the sample, and the sample. */
export function samples(seen) {
  const lines = [];
  for (const kind of READ) {
    const sample = seen.findLast((one) => one.object === kind);
    for (const [what, variant] of variants(kind, sample)) lines.push({ object: kind, what, sample: variant });
  }
  const paid = eventSample(seen, "payment_intent.succeeded");
  lines.push({ object: "event", what: "as it is", sample: paid });
  for (const type of events.keys()) lines.push({ object: "event", what: `type=${type}`, sample: eventSample(seen, type) });
  for (const field of ["api_version", "request"]) {
    lines.push({ object: "event", what: `${field}=null`, sample: { ...paid, [field]: null } });
  }
  return lines;
}
