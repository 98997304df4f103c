// A provider of the real world for the OpenID checks: npm oidc-provider on 127.0.0.1, with people instead of passwords.
import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const SECRET = 'provider-secret-of-the-tests';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

function keyOf(algorithm) {
  const made =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return made.privateKey;
}

// A provider whose people are `{ [id]: { email, email_verified } }`. `next` says who signs in next, and what is done to
// the ID token on its way: { as: id | null, tamper: (token) => token, params: (query) => void }.
export async function startProvider({ algorithm, inToken, redirectUri, people }) {
  const key = keyOf(algorithm);
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const next = { as: null, tamper: null };
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'shop',
        client_secret: SECRET,
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        id_token_signed_response_alg: algorithm,
      },
    ],
    jwks: { keys: [{ ...key.export({ format: 'jwk' }), kid: 'key-1', alg: algorithm, use: 'sig' }] },
    cookies: { keys: ['of the tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: !inToken,
    features: { devInteractions: { enabled: false } },
    pkce: { required: () => true },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: id, ...people[id] }) }),
    async loadExistingGrant(ctx) {
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client.clientId,
        accountId: ctx.oidc.session.accountId,
      });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
  });
  provider.use(async (ctx, handler) => {
    await handler();
    if (ctx.path === '/token' && ctx.body?.id_token && next.tamper) {
      ctx.body.id_token = next.tamper(ctx.body.id_token);
      next.tamper = null;
    }
  });
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url.startsWith('/interaction/')) return answer(request, response);
    const result = next.as ? { login: { accountId: next.as } } : { error: 'access_denied' };
    return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  });

  // The token with another header and other claims, signed by the provider's own key.
  const resigned = (token, { header = {}, claims = {} }) => {
    const [head, body] = token.split('.').slice(0, 2).map(decode);
    const message = `${encode({ ...head, ...header })}.${encode({ ...body, ...claims })}`;
    const signature = sign('sha256', Buffer.from(message), { key, dsaEncoding: 'ieee-p1363' });
    return `${message}.${signature.toString('base64url')}`;
  };
  // The token under another algorithm: unsigned, or signed with the public key as if it were a shared secret.
  const unsigned = (token) => `${encode({ alg: 'none', kid: 'key-1' })}.${token.split('.')[1]}.`;
  const confused = (token) => {
    const message = `${encode({ alg: 'HS256', kid: 'key-1' })}.${token.split('.')[1]}`;
    const secret = createPublicKey(key).export({ format: 'pem', type: 'spki' });
    return `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`;
  };
  return { configuration: { issuer, client_id: 'shop', client_secret: SECRET }, next, resigned, unsigned, confused, server };
}
