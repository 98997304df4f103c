// SendGrid's own libraries against the sandbox: node sendgrid_node.mjs http://127.0.0.1:12111 [api key]
// Exits non-zero when a check fails, and prints "N passed, M failed".
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import eventwebhook from '@sendgrid/eventwebhook';
import sendgrid from '@sendgrid/mail';

const { EventWebhook, EventWebhookHeader } = eventwebhook;
const base = process.argv[2];
const apiKey = process.argv[3] ?? 'SG.sandbox.key';
if (!base) {
  console.error('usage: node sendgrid_node.mjs <base URL> [api key]');
  process.exit(2);
}

const run = randomUUID();
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

async function control(method, path, body) {
  const response = await fetch(`${base}/_sandbox/${path}`, { method, body: body && JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : null };
}

const settings = (changes) => control('PATCH', 'sendgrid/settings', changes);

function mailer(key = apiKey) {
  const service = new sendgrid.MailService();
  const client = new sendgrid.client.constructor();
  client.setApiKey(key);
  client.setDefaultRequest('baseUrl', `${base}/`);
  service.setClient(client);
  return { service, client };
}

const { service, client } = mailer();

function mail(changes = {}) {
  return {
    to: 'ann@example.com',
    from: { email: 'shop@example.com', name: 'Shop' },
    subject: 'Your order',
    text: 'Paid.',
    html: '<p>Paid.</p>',
    customArgs: { effect_id: `${run}-${randomUUID()}` },
    ...changes,
  };
}

async function refused(sending) {
  const error = await sending.then(
    () => assert.fail('was accepted'),
    (error) => error,
  );
  return { code: error.code, errors: error.response?.body?.errors };
}

const raw = (body, headers = {}) => client.request({ method: 'POST', url: '/v3/mail/send', body, headers });

function rawMail(changes = {}) {
  return {
    personalizations: [{ to: [{ email: 'ann@example.com' }] }],
    from: { email: 'shop@example.com' },
    subject: 'Raw',
    content: [{ type: 'text/plain', value: 'x' }],
    ...changes,
  };
}

// The event webhook's receiver.
const posts = [];
const receiver = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    posts.push({ headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(204).end();
  });
});
await new Promise((listening) => receiver.listen(0, '127.0.0.1', listening));
const hook = `http://127.0.0.1:${receiver.address().port}/`;

const eventsOf = (effect) =>
  posts.flatMap((post) => JSON.parse(post.body.toString())).filter((event) => event.effect_id === effect);

async function until(condition, what) {
  for (let tries = 0; tries < 200; tries += 1) {
    const found = condition();
    if (found) return found;
    await new Promise((later) => setTimeout(later, 25));
  }
  return assert.fail(`waited in vain for ${what}`);
}

const before = (await control('GET', 'sendgrid/settings')).body;
await settings({ webhook_url: hook, processed_after_ms: 10, delivered_after_ms: 20, duplicate_percent: 0, rate_limit: 100000 });

await check('a mail is accepted with an empty body, an id and rate limit headers', async () => {
  const message = mail();
  const [response, body] = await service.send(message);
  assert.equal(response.statusCode, 202);
  assert.equal(body, '');
  assert.match(response.headers['x-message-id'], /^[\w-]{22}$/);
  for (const name of ['limit', 'remaining', 'reset']) assert.match(response.headers[`x-ratelimit-${name}`], /^\d+$/);
  const { body: found } = await control('GET', `mail?effect_id=${message.customArgs.effect_id}`);
  assert.equal(found.count, 1);
  const [stored] = found.mails;
  assert.equal(stored.message_id, response.headers['x-message-id']);
  assert.deepEqual([stored.subject, stored.text, stored.html], ['Your order', 'Paid.', '<p>Paid.</p>']);
  assert.deepEqual(stored.from, { email: 'shop@example.com', name: 'Shop' });
});

await check('sendMultiple makes one mail per recipient', async () => {
  const message = mail({ to: ['ann@example.com', 'bob@example.com'] });
  await service.sendMultiple(message);
  const { body } = await control('GET', `mail?effect_id=${message.customArgs.effect_id}`);
  assert.deepEqual(body.mails.map((one) => one.to[0].email), ['ann@example.com', 'bob@example.com']);
});

await check('copies, attachments, categories and substitutions arrive', async () => {
  const message = mail({
    cc: 'carl@example.com',
    bcc: 'dora@example.com',
    categories: ['orders'],
    attachments: [{ content: Buffer.from('a file').toString('base64'), filename: 'invoice.txt' }],
    subject: 'Hello {{name}}',
    substitutions: { name: 'Ann' },
  });
  await service.send(message);
  const { body } = await control('GET', `mail?effect_id=${message.customArgs.effect_id}`);
  const [stored] = body.mails;
  assert.equal(stored.subject, 'Hello Ann');
  assert.deepEqual([stored.cc[0].email, stored.bcc[0].email], ['carl@example.com', 'dora@example.com']);
  assert.deepEqual([stored.attachments, stored.categories], [['invoice.txt'], ['orders']]);
});

await check('a dynamic template needs neither subject nor content', async () => {
  const [response] = await service.send({
    to: 'ann@example.com',
    from: 'shop@example.com',
    templateId: 'd-1',
    dynamicTemplateData: { order: 7 },
  });
  assert.equal(response.statusCode, 202);
});

await check('sandbox mode validates and sends nothing', async () => {
  const message = mail({ mailSettings: { sandboxMode: { enable: true } } });
  const [response] = await service.send(message);
  assert.equal(response.statusCode, 200);
  const { body } = await control('GET', `mail?effect_id=${message.customArgs.effect_id}`);
  assert.equal(body.count, 0);
});

await check('a wrong key is 401', async () => {
  const { code, errors } = await refused(mailer('SG.wrong').service.send(mail()));
  assert.equal(code, 401);
  assert.deepEqual(errors, [
    { message: 'The provided authorization grant is invalid, expired, or revoked', field: null, help: null },
  ]);
});

for (const [name, body, field] of [
  ['no personalization', rawMail({ personalizations: [] }), 'personalizations'],
  [
    '1001 personalizations',
    rawMail({ personalizations: Array.from({ length: 1001 }, () => ({ to: [{ email: 'a@example.com' }] })) }),
    'personalizations',
  ],
  ['no recipient', rawMail({ personalizations: [{ to: [] }] }), 'personalizations.0.to'],
  ['no address', rawMail({ personalizations: [{ to: [{ email: 'nobody' }] }] }), 'personalizations.0.to.0.email'],
  [
    'the same recipient twice',
    rawMail({ personalizations: [{ to: [{ email: 'a@example.com' }], cc: [{ email: 'A@example.com' }] }] }),
    'personalizations.0',
  ],
  ['no sender', rawMail({ from: undefined }), 'from'],
  ['no subject', rawMail({ subject: undefined }), 'subject'],
  ['no content', rawMail({ content: undefined }), 'content'],
  ['empty content', rawMail({ content: [{ type: 'text/plain', value: '' }] }), 'content.0.value'],
  [
    'html before text',
    rawMail({ content: [{ type: 'text/html', value: 'x' }, { type: 'text/plain', value: 'x' }] }),
    'content',
  ],
  ['custom args over 10,000 bytes', rawMail({ custom_args: { a: 'x'.repeat(10_001) } }), 'personalizations.0.custom_args'],
  ['custom args that are no text', rawMail({ custom_args: { a: 1 } }), 'custom_args.a'],
  ['send_at after 72 hours', rawMail({ send_at: Math.floor(Date.now() / 1000) + 73 * 3600 }), 'send_at'],
]) {
  await check(`${name} is 400 and names its field`, async () => {
    const { code, errors } = await refused(raw(body));
    assert.equal(code, 400);
    const error = errors.find((one) => one.field === field);
    assert.ok(error, JSON.stringify(errors));
    assert.ok(error.message.length > 10 && error.help.startsWith('http://sendgrid.com/docs/'));
  });
}

await check('another content type is 415, over 30 MB is 413', async () => {
  assert.equal((await refused(raw('x', { 'content-type': 'text/plain' }))).code, 415);
  const large = rawMail({ content: [{ type: 'text/plain', value: 'x'.repeat(30 * 1024 * 1024) }] });
  assert.equal((await refused(raw(large))).code, 413);
});

await check('the rate limit is 429 with its headers', async () => {
  await settings({ rate_limit: 0 });
  const error = await service.send(mail()).catch((error) => error);
  await settings({ rate_limit: 100000 });
  assert.equal(error.code, 429);
  assert.equal(error.response.headers['x-ratelimit-remaining'], '0');
});

await check('a lost answer leaves the mail sent', async () => {
  await control('POST', 'faults', { provider: 'sendgrid', kind: 'answer_lost', times: 1 });
  const message = mail();
  const error = await service.send(message).catch((error) => error);
  await control('DELETE', 'faults');
  assert.ok(error instanceof Error && !error.response, 'no answer came');
  const { body } = await control('GET', `mail?effect_id=${message.customArgs.effect_id}`);
  assert.equal(body.count, 1);
});

const webhook = new EventWebhook();
const publicKey = (await control('GET', 'sendgrid/public_key')).body.public_key;
const key = webhook.convertPublicKeyToECDSA(publicKey);
const verify = (post, body = post.body.toString()) =>
  webhook.verifySignature(
    key,
    body,
    post.headers[EventWebhookHeader.SIGNATURE().toLowerCase()],
    post.headers[EventWebhookHeader.TIMESTAMP().toLowerCase()],
  );

for (const [recipient, expected] of [
  ['ann@example.com', ['processed', 'delivered']],
  ['bounce@example.com', ['processed', 'bounce']],
  ['dropped@example.com', ['dropped']],
  ['deferred@example.com', ['processed', 'deferred', 'delivered']],
  ['open@example.com', ['processed', 'delivered', 'open']],
  ['click@example.com', ['processed', 'delivered', 'open', 'click']],
  ['spam@example.com', ['processed', 'delivered', 'spamreport']],
]) {
  await check(`${recipient} makes ${expected.join(', ')}`, async () => {
    const message = mail({ to: recipient });
    const [response] = await service.send(message);
    const effect = message.customArgs.effect_id;
    await until(() => eventsOf(effect).length >= expected.length, 'the events');
    const events = eventsOf(effect).sort((a, b) => expected.indexOf(a.event) - expected.indexOf(b.event));
    assert.deepEqual(events.map((event) => event.event), expected);
    for (const event of events) {
      assert.equal(event.email, recipient);
      assert.ok(event.sg_message_id.startsWith(`${response.headers['x-message-id']}.recvd-`));
      assert.ok(Math.abs(event.timestamp - Date.now() / 1000) < 60);
    }
    assert.equal(new Set(events.map((event) => event.sg_event_id)).size, events.length);
  });
}

await check('every post verifies with the published key, byte for byte', async () => {
  assert.ok(posts.length >= 7);
  for (const post of posts) {
    const body = post.body.toString();
    assert.ok(body.startsWith('[{') && body.endsWith('}]\r\n'));
    assert.ok(verify(post), 'as it came');
    assert.ok(!verify(post, body.trim()), 'without the line end');
    assert.ok(!verify(post, body.replace('example.com', 'example.org')), 'changed');
  }
});

await check('events of one moment share a post, with line breaks between them', async () => {
  await settings({ delivered_after_ms: 0 });
  const message = mail();
  await service.send(message);
  const effect = message.customArgs.effect_id;
  const post = await until(() => posts.find((one) => one.body.includes(effect)), 'the post');
  await settings({ delivered_after_ms: 20 });
  assert.equal(JSON.parse(post.body).filter((event) => event.effect_id === effect).length, 2);
  assert.ok(post.body.includes('},\r\n{') && verify(post));
});

await check('a duplicate may carry another event id', async () => {
  await settings({ duplicate_percent: 100 });
  const message = mail({ to: 'dropped@example.com' });
  await service.send(message);
  await settings({ duplicate_percent: 0 });
  const events = await until(() => {
    const events = eventsOf(message.customArgs.effect_id);
    return events.length === 2 && events;
  }, 'the copy');
  assert.notEqual(events[0].sg_event_id, events[1].sg_event_id);
  assert.equal(events[0].timestamp, events[1].timestamp);
});

await check('an event can be made by hand', async () => {
  const message = mail({ to: 'silent@example.com' });
  const [response] = await service.send(message);
  const made = await control('POST', `mail/${response.headers['x-message-id']}/events`, { event: 'open' });
  assert.equal(made.status, 201);
  const events = await until(() => {
    const events = eventsOf(message.customArgs.effect_id);
    return events.length > 0 && events;
  }, 'the event');
  assert.deepEqual(events.map((event) => event.event), ['open']);
});

await check('the mailbox page shows the mail in a frame of its own', async () => {
  const message = mail({ subject: `Page ${run}`, html: '<p title="q">Hi</p><script>alert(1)</script>' });
  const [response] = await service.send(message);
  const page = await fetch(`${base}/_sandbox/mailbox/${response.headers['x-message-id']}`);
  const html = await page.text();
  assert.equal(page.status, 200);
  assert.ok(html.includes(`Page ${run}`) && html.includes('<iframe sandbox=""') && !html.includes('<script>'));
});

// The vectors that @sendgrid/eventwebhook publishes in its own tests.
const GOLDEN = {
  key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==',
  signature: 'MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=',
  timestamp: '1600112502',
  payload: `${JSON.stringify([
    {
      email: 'hello@world.com',
      event: 'dropped',
      reason: 'Bounced Address',
      sg_event_id: 'ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA',
      sg_message_id: 'LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0',
      'smtp-id': '<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>',
      timestamp: 1600112492,
    },
  ])}\r\n`,
};

await check('the published vector verifies, and has the shape of our posts', async () => {
  const golden = webhook.convertPublicKeyToECDSA(GOLDEN.key);
  assert.ok(webhook.verifySignature(golden, GOLDEN.payload, GOLDEN.signature, GOLDEN.timestamp));
  assert.ok(!webhook.verifySignature(key, GOLDEN.payload, GOLDEN.signature, GOLDEN.timestamp));
  assert.equal(publicKey.length, GOLDEN.key.length);
  const ours = eventsOf(posts.flatMap((post) => JSON.parse(post.body)).find((event) => event.event === 'dropped').effect_id)[0];
  for (const field of Object.keys(JSON.parse(GOLDEN.payload)[0])) assert.ok(field in ours, field);
});

await settings(before);
receiver.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
