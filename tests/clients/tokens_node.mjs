// Forged access tokens, made with npm jose and by hand, against the API of a stack that is up; and genuine ones.
// node tokens_node.mjs <API's URL> <file of the stack's signing keys: {"keys":[{"kid", "private_key", "active_from"}]}>
// Exits non-zero when a token is taken that should not be, or the other way round, and prints "N passed, M failed".
import * as jose from 'jose';
import { constants, createHmac, createPrivateKey, createPublicKey, createSign, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [api, file] = process.argv.slice(2);
if (!file) {
  console.error('usage: node tokens_node.mjs <API URL> <file of signing keys>');
  process.exit(2);
}

const ISSUER = 'order-system';
const AUDIENCE = 'order-api';
const CUSTOMER = 'cus_00000000000040008000000000000001';
const STAFF = 'usr_00000000000040008000000000000002';
// What every customer may do and nobody else's token can be mistaken for.
const ROUTE = `${api}/v1/orders?limit=1`;
const CHALLENGE = 'Bearer realm="order-api", error="invalid_token"';

const { keys } = JSON.parse(readFileSync(file, 'utf8'));
const active = keys.filter((key) => Date.parse(key.active_from) <= Date.now());
const { kid, private_key: pem } = active.sort((a, b) => Date.parse(b.active_from) - Date.parse(a.active_from))[0];
const key = createPrivateKey(pem);
const publicKey = createPublicKey(key);
const jwk = publicKey.export({ format: 'jwk' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const otherJwk = other.publicKey.export({ format: 'jwk' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const ed = generateKeyPairSync('ed25519').privateKey;

const now = () => Math.floor(Date.now() / 1000);
const b64 = (value) => Buffer.from(value).toString('base64url');
const json = (value) => b64(JSON.stringify(value));

function claims(changes = {}) {
  const at = now();
  const all = {
    iss: ISSUER, aud: AUDIENCE, sub: CUSTOMER, role: 'customer', iat: at, nbf: at - 5, exp: at + 300, jti: randomUUID(),
    ...changes,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

const header = (changes = {}) => {
  const all = { alg: 'ES256', typ: 'at+jwt', kid, ...changes };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
};

// As jose signs, which allows no nonsense in what it understands.
const minted = (payload = claims(), protectedHeader = header(), by = key) =>
  new jose.SignJWT(payload).setProtectedHeader(protectedHeader).sign(by);

const es256 = (message, by = key) => sign('sha256', Buffer.from(message), { key: by, dsaEncoding: 'ieee-p1363' });
const hmac = (hash, secret) => (message) => createHmac(hash, secret).update(message).digest();

// By hand, for what no library would make. Header and claims are values, or texts to be taken as they are.
function raw(head, payload = claims(), signature = es256) {
  const part = (value) => (typeof value === 'string' ? b64(value) : json(value));
  const message = `${part(head)}.${part(payload)}`;
  return `${message}.${Buffer.from(signature(message)).toString('base64url')}`;
}

const none = () => '';
const publicTexts = {
  'SPKI PEM': publicKey.export({ format: 'pem', type: 'spki' }),
  'SPKI PEM, trimmed': publicKey.export({ format: 'pem', type: 'spki' }).trim(),
  'SPKI DER': publicKey.export({ format: 'der', type: 'spki' }),
  'the point': Buffer.concat([Buffer.from([4]), Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.y, 'base64url')]),
  'the JWK': JSON.stringify(jwk),
  'the key id': kid,
};

async function forged() {
  const list = [];
  const add = async (name, token) => list.push([name, await token]);

  for (const alg of ['none', 'None', 'NONE', 'nOnE']) await add(`alg ${alg}, no signature`, raw(header({ alg }), claims(), none));
  await add('alg none, a good signature', raw(header({ alg: 'none' })));
  await add('unsecured, as jose makes it', new jose.UnsecuredJWT(claims()).encode());
  await add('no signature under ES256', raw(header(), claims(), none));
  await add('no alg', raw(header({ alg: undefined })));
  await add('alg null', raw(header({ alg: null })));
  await add('several algs', raw(header({ alg: ['ES256', 'none'] })));
  for (const [name, text] of Object.entries(publicTexts)) {
    await add(`HS256 with ${name}`, raw(header({ alg: 'HS256' }), claims(), hmac('sha256', text)));
  }
  await add('HS384 with the public key', raw(header({ alg: 'HS384' }), claims(), hmac('sha384', publicTexts['SPKI PEM'])));
  await add('HS512 with the public key', raw(header({ alg: 'HS512' }), claims(), hmac('sha512', publicTexts['SPKI PEM'])));
  await add('HS256 with nothing', raw(header({ alg: 'HS256' }), claims(), hmac('sha256', '')));
  await add('an HMAC under ES256', raw(header(), claims(), hmac('sha512', publicTexts['SPKI PEM'])));

  await add('RS256', minted(claims(), header({ alg: 'RS256' }), rsa));
  await add('PS256', minted(claims(), header({ alg: 'PS256' }), rsa));
  await add('ES384', minted(claims(), header({ alg: 'ES384' }), p384));
  await add('EdDSA', minted(claims(), header({ alg: 'EdDSA' }), ed));
  await add('RS256 said, ES256 done', raw(header({ alg: 'RS256' })));
  await add('ES256 said, RSA done', raw(header(), claims(), (message) =>
    createSign('sha256').update(message).sign({ key: rsa, padding: constants.RSA_PKCS1_PADDING })));
  await add('a DER signature', raw(header(), claims(), (message) => sign('sha256', Buffer.from(message), key)));
  await add('a signature of zeros', raw(header(), claims(), () => Buffer.alloc(64)));

  await add('another key, our kid', minted(claims(), header(), other.privateKey));
  await add('another key, its own kid', minted(claims(), header({ kid: await jose.calculateJwkThumbprint(otherJwk) }), other.privateKey));
  await add('another key, embedded jwk', minted(claims(), header({ jwk: otherJwk }), other.privateKey));
  await add('another key, embedded jwk, no kid', minted(claims(), header({ jwk: otherJwk, kid: undefined }), other.privateKey));
  await add('another key, jku', minted(claims(), header({ jku: 'http://127.0.0.1:9/jwks.json' }), other.privateKey));
  await add('another key, x5u', minted(claims(), header({ x5u: 'http://127.0.0.1:9/key.pem' }), other.privateKey));
  await add('another key, x5c', minted(claims(), header({ x5c: [other.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')] }), other.privateKey));

  await add('no kid', minted(claims(), header({ kid: undefined })));
  for (const [name, value] of Object.entries({
    'a path': '../../../../dev/null', 'a file': '/dev/null', SQL: `${kid}' OR '1'='1`, 'a command': `${kid};id`,
    'a URL': 'http://127.0.0.1:9/key', nothing: '', 'in capitals': kid.toUpperCase(), 'with a blank': `${kid} `,
    'cut short': kid.slice(0, -1), huge: 'k'.repeat(2000), 'with a zero': `${kid}\u0000`,
  })) {
    await add(`kid ${name}`, raw(header({ kid: value }), claims(), (message) => es256(message, other.privateKey)));
  }
  for (const [name, value] of Object.entries({ 'a list': [kid], 'an object': { kid }, 'a number': 1, null: null })) {
    await add(`kid ${name}`, raw(header({ kid: value })));
  }

  await add('crit, unknown', raw(header({ crit: ['exp'], exp: now() + 60 })));
  await add('crit, b64', raw(header({ crit: ['b64'], b64: false })));
  await add('crit, empty', raw(header({ crit: [] })));

  for (const typ of ['JWT', 'jwt', 'id+jwt', 'refresh+jwt', 'AT', '']) await add(`typ ${typ || 'empty'}`, minted(claims(), header({ typ })));
  await add('no typ', minted(claims(), header({ typ: undefined })));

  for (const iss of ['order-systems', 'Order-System', 'https://accounts.google.com', '']) await add(`iss ${iss || 'empty'}`, minted(claims({ iss })));
  for (const aud of ['order-apis', 'ORDER-API', '', ['another']]) await add(`aud ${JSON.stringify(aud)}`, minted(claims({ aud })));
  for (const name of ['iss', 'aud', 'sub', 'role', 'iat', 'nbf', 'exp', 'jti']) await add(`no ${name}`, minted(claims({ [name]: undefined })));

  await add('expired a second ago', minted(claims({ exp: now() - 1 })));
  await add('expired long ago', minted(claims({ exp: 1 })));
  await add('not before an hour', minted(claims({ nbf: now() + 3600 })));
  await add('exp as a text', raw(header(), claims({ exp: String(now() + 300) })));
  await add('exp beyond all numbers', raw(header(), JSON.stringify(claims()).replace(/"exp":\d+/, '"exp":1e400')));
  await add('nbf as a text', raw(header(), claims({ nbf: String(now() - 5) })));

  await add('a customer as admin', minted(claims({ role: 'admin' })));
  await add('a user as customer', minted(claims({ sub: STAFF })));
  await add('a role that is not there', minted(claims({ role: 'root' })));
  await add('two roles', minted(claims({ role: ['customer', 'admin'] })));
  await add('a service by token', minted(claims({ role: 'service', sub: 'key_00000000000040008000000000000001' })));
  await add('sub of another form', minted(claims({ sub: `${CUSTOMER} ` })));
  await add('an empty jti', minted(claims({ jti: '' })));
  await add('a claim twice', raw(header(), JSON.stringify(claims()).replace('"role":"customer"', '"role":"customer","role":"customer"')));

  const good = await minted();
  const [head, payload, signature] = good.split('.');
  const another = (await minted()).split('.');
  const altered = json({ ...JSON.parse(Buffer.from(payload, 'base64url')), sub: 'cus_00000000000040008000000000000009' });
  await add('another customer, signature kept', `${head}.${altered}.${signature}`);
  await add("another token's signature", `${head}.${payload}.${another[2]}`);
  await add('the last character cut', good.slice(0, -1));
  await add('a character more', `${good}A`);
  await add('the signature halved', `${head}.${payload}.${signature.slice(0, 43)}`);
  await add('no third part', `${head}.${payload}`);
  await add('a fourth part', `${good}.${signature}`);
  await add('five parts, as if encrypted', `${head}..${payload}.${signature}.AAAA`);
  await add('padded', `${good}==`);
  await add('standard base64', `${head}=.${payload}=.${signature}==`);
  await add('a token within a token', raw(header({ cty: 'JWT' }), `"${good}"`));
  await add('JSON serialization', JSON.stringify({ payload, protected: head, signature }));
  await add('claims that are a list', raw(header(), '[]'));
  await add('claims that are no JSON', raw(header(), '{'));
  await add('longer than is looked at', minted(claims({ jti: 'j'.repeat(6000) })));
  await add('a jti too long to keep', minted(claims({ jti: 'j'.repeat(200) })));
  const encrypted = new jose.EncryptJWT(claims()).setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: 'at+jwt', kid });
  await add('encrypted', encrypted.encrypt(new Uint8Array(32)));
  return list;
}

const genuine = {
  'as we mint it': () => minted(),
  'by hand': async () => raw(header()),
  'for several audiences': () => minted(claims({ aud: ['another', AUDIENCE] })),
  'of staff': () => minted(claims({ sub: STAFF, role: 'staff' })),
  'with claims that nobody knows': () => minted(claims({ colour: 'blue' })),
  'valid from this very second': () => minted(claims({ nbf: now() })),
  'with a header that nobody knows': () => minted(claims(), header({ x: 1 })),
  'a second before its end': () => minted(claims({ exp: now() + 2 })),
};

async function ask(token) {
  const route = token.staff ? `${ROUTE}&status=paid` : ROUTE;
  const answer = await fetch(route, { headers: { authorization: `Bearer ${token.text}` } });
  await answer.arrayBuffer();
  return answer;
}

let [passed, failed] = [0, 0];
function count(holds, name, what) {
  if (holds) passed += 1;
  else {
    failed += 1;
    console.error(`FAILED ${name}: ${what}`);
  }
}

async function refused(name, text) {
  const answer = await ask({ text });
  const challenge = answer.headers.get('www-authenticate');
  count(answer.status === 401 && challenge === CHALLENGE, `forged: ${name}`, `${answer.status}, challenge ${challenge}`);
}

async function accepted(name, make) {
  const answer = await ask({ text: await make(), staff: name === 'of staff' });
  count(answer.status === 200, `genuine: ${name}`, `${answer.status}`);
}

// The token is made and asked about within one and the same second, else the answer would say nothing.
async function within(name, make, status) {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await sleep(1000 - (Date.now() % 1000) + 5);
    const second = now();
    const answer = await ask({ text: await make(second) });
    if (now() === second) return count(answer.status === status, name, `${answer.status} instead of ${status}`);
  }
  return count(false, name, 'the stack took a second for each answer');
}

const list = await forged();
for (const [name, token] of list) await refused(name, token);
for (const [name, make] of Object.entries(genuine)) await accepted(name, make);
await within('exp is this second: over', (second) => minted(claims({ exp: second })), 401);
await within('exp is the next second: good', (second) => minted(claims({ exp: second + 1 })), 200);
await within('nbf is this second: good', (second) => minted(claims({ nbf: second })), 200);
await within('nbf is the next second: too early', (second) => minted(claims({ nbf: second + 1 })), 401);

console.log(`${list.length + 2} forged tokens, ${Object.keys(genuine).length + 2} genuine ones`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
