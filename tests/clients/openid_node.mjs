// Signing in through npm oidc-provider, a provider of the real world, and our own API on the embedded stack:
// node openid_node.mjs <API's URL> <the stack's secrets.json>
// Exits non-zero when a check fails, and prints "N passed, M failed".
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { startProvider } from './openid_provider.mjs';

const [api, secrets] = process.argv.slice(2);
if (!secrets) {
  console.error('usage: node openid_node.mjs <API URL> <secrets.json>');
  process.exit(2);
}

const WEB = 'http://localhost:5173';
// The demo people of each local stack.
const [DEMO, ADMIN] = ['ada@shop.example', 'alex@shop.example'];
const run = randomUUID();
const person = (name) => `${name}-${run}@people.example`;
const people = {
  ann: { email: person('ann'), email_verified: true },
  bob: { email: person('bob'), email_verified: false },
  ada: { email: DEMO, email_verified: true },
  impostor: { email: person('ann'), email_verified: true },
  boss: { email: ADMIN, email_verified: true },
  cy: { email: person('cy'), email_verified: true },
};
let passed = 0;
let failed = 0;

async function check(name, body) {
  try {
    await body();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.error(`FAILED ${name}: ${error.stack}`);
  }
}

// Follows redirects by hand and keeps cookies by host, as a browser does for this machine.
class Browser {
  jar = new Map();

  async go(url, options = {}) {
    const { origin } = new URL(url);
    const cookies = this.jar.get(origin) ?? new Map();
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', ...options, headers: { ...options.headers, cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split(/=(.*)/s);
      if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    this.jar.set(origin, cookies);
    const location = response.headers.get('location');
    return { status: response.status, response, location: location && new URL(location, url).href };
  }

  cookie(name) {
    return this.jar.get(new URL(api).origin)?.get(name);
  }
}

const start = (name, returnTo = '/orders?x=1') =>
  `${api}/v1/auth/oauth/${name}/start?return_to=${encodeURIComponent(returnTo)}`;

// Signs in at the provider; the address at which it sends the browser back to us, not visited yet.
async function signInAt(provider, browser, as, { change = (url) => url } = {}) {
  provider.next.as = as;
  let { status, location } = await browser.go(start(provider.name));
  assert.equal(status, 303);
  location = change(location);
  for (let steps = 0; !location.startsWith(api); steps += 1) {
    assert.ok(steps < 8, `lost at ${location}`);
    ({ location } = await browser.go(location));
    assert.ok(location, 'the provider answers something else than a redirect');
  }
  return location;
}

async function comeBack(browser, location) {
  const { status, location: to, response } = await browser.go(location);
  assert.equal(status, 303);
  assert.equal(browser.cookie('__Secure-oauth'), undefined, 'the cookie of the attempt is cleared');
  return { to, cookies: response.headers.getSetCookie() };
}

// A whole sign-in; the account's id by the access token that the session gives.
async function signIn(provider, browser, as) {
  const { to } = await comeBack(browser, await signInAt(provider, browser, as));
  assert.equal(to, `${WEB}/orders?x=1`);
  return subject(await session(browser));
}

async function session(browser) {
  const { response } = await browser.go(`${api}/v1/auth/refresh-token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  assert.equal(response.status, 200, 'the cookie is a session');
  return (await response.json()).access_token;
}

const subject = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).sub;

async function refusedAs(word, provider, as, options) {
  const browser = new Browser();
  const { to } = await comeBack(browser, await signInAt(provider, browser, as, options));
  assert.equal(to, `${WEB}/sign-in?error=${word}`);
  assert.equal(browser.cookie('__Secure-refresh'), undefined);
}

// Tells the stack of a provider, and waits until it knows.
async function configure(name, configuration) {
  const all = JSON.parse(await readFile(secrets));
  all.oauth.providers[name] = configuration;
  await writeFile(`${secrets}.new`, JSON.stringify(all));
  await rename(`${secrets}.new`, secrets);
  for (const until = Date.now() + 20_000; Date.now() < until; ) {
    if ((await fetch(start(name), { redirect: 'manual' })).status === 303) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the stack does not know ${name}`);
}

async function provide(name, settings) {
  const redirectUri = `${api}/v1/auth/oauth/${name}/callback`;
  const provider = await startProvider({ ...settings, redirectUri, people });
  await configure(name, provider.configuration);
  return { name, ...provider };
}

const rsa = await provide('rsa', { algorithm: 'RS256', inToken: false });
const ec = await provide('ec', { algorithm: 'ES256', inToken: true });
const ann = new Browser();
let account;

await check('a new person gets an account and a session', async () => {
  const { to, cookies } = await comeBack(ann, await signInAt(rsa, ann, 'ann'));
  assert.equal(to, `${WEB}/orders?x=1`);
  const refresh = cookies.find((line) => line.startsWith('__Secure-refresh='));
  for (const attribute of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/v1/auth']) {
    assert.ok(refresh.split('; ').includes(attribute), attribute);
  }
  const token = await session(ann);
  account = subject(token);
  assert.match(account, /^cus_[0-9a-f]{32}$/);
  const me = await fetch(`${api}/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await me.json()).email, people.ann.email);
});

await check('a second sign-in finds the same account', async () => {
  assert.equal(await signIn(rsa, new Browser(), 'ann'), account);
});

await check('another provider that has verified the address is linked to the account', async () => {
  assert.equal(await signIn(ec, new Browser(), 'ann'), account);
  assert.equal(await signIn(ec, new Browser(), 'ann'), account);
});

await check('an account with a password is linked by its verified address', async () => {
  assert.equal(await signIn(ec, new Browser(), 'ada'), 'cus_00000000000040008000000000000001');
});

await check('the cookie of an attempt is for this browser and this route', async () => {
  const response = await fetch(start('rsa'), { redirect: 'manual' });
  const [cookie] = response.headers.getSetCookie();
  assert.match(cookie, /^__Secure-oauth=[0-9a-f]{64}; HttpOnly; Secure; SameSite=Lax; Path=\/v1\/auth\/oauth; Max-Age=600$/);
  const asked = new URL(response.headers.get('location')).searchParams;
  assert.equal(asked.get('code_challenge_method'), 'S256');
  assert.equal(asked.get('state'), cookie.split(/[=;]/)[1]);
});

await check('a wrong state is refused', async () => {
  const browser = new Browser();
  const location = new URL(await signInAt(rsa, browser, 'ann'));
  location.searchParams.set('state', '0'.repeat(64));
  const { to } = await comeBack(browser, location.href);
  assert.equal(to, `${WEB}/sign-in?error=other_browser`);
});

await check('a foreign browser is refused, and uses nothing up', async () => {
  const browser = new Browser();
  const location = await signInAt(rsa, browser, 'ann');
  const { to } = await comeBack(new Browser(), location);
  assert.equal(to, `${WEB}/sign-in?error=other_browser`);
  assert.equal((await comeBack(browser, location)).to, `${WEB}/orders?x=1`);
});

await check('a callback is good once', async () => {
  const browser = new Browser();
  const location = await signInAt(rsa, browser, 'ann');
  const state = browser.cookie('__Secure-oauth');
  assert.equal((await comeBack(browser, location)).to, `${WEB}/orders?x=1`);
  const again = await fetch(location, { redirect: 'manual', headers: { cookie: `__Secure-oauth=${state}` } });
  assert.equal(again.headers.get('location'), `${WEB}/sign-in?error=expired`);
  assert.ok(!again.headers.getSetCookie().some((line) => line.startsWith('__Secure-refresh')));
});

await check('an answer of another provider is refused', async () => {
  const browser = new Browser();
  const location = await signInAt(rsa, browser, 'ann');
  const { to } = await comeBack(browser, location.replace('/oauth/rsa/', '/oauth/ec/'));
  assert.equal(to, `${WEB}/sign-in?error=expired`);
});

await check('another issuer in the answer is refused', async () => {
  const browser = new Browser();
  const location = new URL(await signInAt(rsa, browser, 'ann'));
  assert.equal(location.searchParams.get('iss'), rsa.configuration.issuer);
  location.searchParams.set('iss', ec.configuration.issuer);
  assert.equal((await comeBack(browser, location.href)).to, `${WEB}/sign-in?error=provider_refused`);
});

await check('the provider refuses a code whose verifier is another one', async () => {
  const change = (url) => {
    const changed = new URL(url);
    changed.searchParams.set('code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM');
    return changed.href;
  };
  await refusedAs('provider_refused', rsa, 'ann', { change });
});

await check('the provider refuses a question without PKCE', async () => {
  const change = (url) => {
    const changed = new URL(url);
    changed.searchParams.delete('code_challenge');
    changed.searchParams.delete('code_challenge_method');
    return changed.href;
  };
  await refusedAs('provider_refused', rsa, 'ann', { change });
});

await check('a nonce of another attempt is refused', async () => {
  const change = (url) => {
    const changed = new URL(url);
    changed.searchParams.set('nonce', 'of another attempt');
    return changed.href;
  };
  await refusedAs('provider_refused', ec, 'ann', { change });
});

const now = () => Math.floor(Date.now() / 1000);
for (const provider of [rsa, ec]) {
  const { resigned, unsigned, confused } = provider;
  const tampered = {
    'another signature': (token) => `${token.slice(0, -8)}${token.endsWith('AAAAAAAA') ? 'BBBBBBBB' : 'AAAAAAAA'}`,
    'no signature': unsigned,
    'the public key as a secret': confused,
    'another nonce': (token) => resigned(token, { claims: { nonce: 'other' } }),
    'no nonce': (token) => resigned(token, { claims: { nonce: undefined } }),
    'another audience': (token) => resigned(token, { claims: { aud: 'other' } }),
    'several audiences, none of them authorized': (token) => resigned(token, { claims: { aud: ['shop', 'other'] } }),
    'another authorized party': (token) => resigned(token, { claims: { azp: 'other' } }),
    'another issuer': (token) => resigned(token, { claims: { iss: 'https://accounts.google.com' } }),
    'a time that is over': (token) => resigned(token, { claims: { iat: now() - 3700, exp: now() - 100 } }),
    'a time to come': (token) => resigned(token, { claims: { iat: now() + 300 } }),
    'another algorithm': (token) => resigned(token, { header: { alg: provider === rsa ? 'ES256' : 'RS256' } }),
    'an unknown key': (token) => resigned(token, { header: { kid: 'key-2' } }),
    'a header to be understood': (token) => resigned(token, { header: { crit: ['exp'] } }),
  };
  for (const [what, tamper] of Object.entries(tampered)) {
    await check(`an ID token with ${what} is refused (${provider.name})`, async () => {
      provider.next.tamper = tamper;
      await refusedAs('provider_refused', provider, 'ann');
      assert.equal(provider.next.tamper, null, 'the token was tampered with');
    });
  }
  await check(`what the tests sign anew is taken when nothing is wrong with it (${provider.name})`, async () => {
    provider.next.tamper = (token) => resigned(token, {});
    assert.equal(await signIn(provider, new Browser(), 'ann'), account);
  });
}

await check('an address that the provider has not verified opens nothing', () =>
  refusedAs('email_not_verified', rsa, 'bob'));
await check('an address that changed hands at the provider opens nothing', () =>
  refusedAs('other_identity', rsa, 'impostor'));
await check('an account of staff is not opened by its address', () => refusedAs('use_password', rsa, 'boss'));
await check('who cancels is not signed in', () => refusedAs('cancelled', rsa, null));

await check('a client with another secret is refused by the provider', async () => {
  await configure('wrong', { ...rsa.configuration, client_secret: 'another' });
  const browser = new Browser();
  const change = (url) => url.replace('oauth%2Fwrong%2F', 'oauth%2Frsa%2F');
  const location = await signInAt({ ...rsa, name: 'wrong' }, browser, 'cy', { change });
  const { to } = await comeBack(browser, location.replace('/oauth/rsa/', '/oauth/wrong/'));
  assert.equal(to, `${WEB}/sign-in?error=provider_refused`);
});

await check('only paths of the web app are gone back to, only known providers are asked', async () => {
  for (const path of ['//evil.example', '/\\evil.example', 'https://evil.example', '/\t/evil.example']) {
    assert.equal((await fetch(start('rsa', path), { redirect: 'manual' })).status, 422, path);
  }
  assert.equal((await fetch(start('nobody'), { redirect: 'manual' })).status, 404);
  assert.equal((await fetch(`${api}/v1/auth/oauth/nobody/callback?code=a&state=b`, { redirect: 'manual' })).status, 404);
});

console.log(`${passed} passed, ${failed} failed`);
for (const { server } of [rsa, ec]) {
  server.closeAllConnections();
  server.close();
}
process.exit(failed === 0 ? 0 : 1);
