// Our answers' headers against Helmet's defaults: node helmet_node.mjs
// Ours are those of the snapshots that the Rust tests hold every answer to. Exits non-zero when a check fails, and prints
// "N passed, M failed".
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import helmet from 'helmet';

const snapshots = new URL('../tests/all/api/snapshots/', import.meta.url);

// Where our answers differ from Helmet's on purpose. Ours is null where the header is left out.
const different = {
  'content-security-policy': [
    "default-src 'none'; frame-ancestors 'none'",
    'Helmet lets a page load scripts and styles of its own; an answer of an API loads nothing at all',
  ],
  'x-frame-options': ['DENY', 'nobody frames an answer, the same site neither'],
  'cross-origin-opener-policy': [null, 'about windows that a page opens'],
  'origin-agent-cluster': [null, 'about the process that a page runs in'],
  'x-dns-prefetch-control': [null, 'about the links of a page'],
  'x-download-options': [null, 'about Internet Explorer 8 opening downloads'],
  'x-permitted-cross-domain-policies': [null, 'about Flash and PDF readers that ask for a policy file; there is none'],
  'x-xss-protection': [null, 'switches a filter off that browsers no longer have'],
};

// Pages have a policy of their own, and say so here.
const pages = /^text\/html/;

let passed = 0;
let failed = 0;

function check(name, body) {
  try {
    body();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.error(`FAILED ${name}: ${error.message}`);
  }
}

// What Helmet itself puts on an answer of a bare server.
async function ofHelmet() {
  const protect = helmet();
  const server = createServer((request, response) => {
    protect(request, response, () => response.end('{}'));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bare = ['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'];
  const answer = await fetch(`http://127.0.0.1:${server.address().port}/`);
  server.close();
  return Object.fromEntries([...answer.headers].filter(([name]) => !bare.includes(name)));
}

// The headers of every answer that the tests have a snapshot of.
function ofOurs() {
  const files = readdirSync(snapshots).filter((file) => file.endsWith('.snap'));
  return files.flatMap((file) => {
    const [, , text] = readFileSync(new URL(file, snapshots), 'utf8').split(/^---\n/m);
    const [status, ...lines] = text.split('\n');
    if (!/^\d{3}$/.test(status)) return [];
    const end = lines.indexOf('');
    const headers = lines.slice(0, end < 0 ? lines.length : end).map((line) => line.split(/: (.*)/s).slice(0, 2));
    return [[file, Object.fromEntries(headers)]];
  });
}

const theirs = await ofHelmet();
const answers = ofOurs();

check('there are answers of many functions', () => assert.ok(answers.length > 40, `only ${answers.length}`));
check('Helmet still sets what is left out here', () => {
  const unknown = Object.keys(different).filter((name) => !(name in theirs));
  assert.deepEqual(unknown, []);
});
for (const [file, ours] of answers) {
  check(file, () => {
    for (const [name, value] of Object.entries(theirs)) {
      if (name === 'content-security-policy' && pages.test(ours['content-type'] ?? '')) continue;
      const wanted = name in different ? different[name][0] : value;
      assert.equal(ours[name] ?? null, wanted, `${name} of ${file}`);
    }
    assert.ok(!('x-powered-by' in ours), 'Helmet takes x-powered-by away, and so do we');
  });
}
for (const [name, [ours, reason]] of Object.entries(different)) {
  console.log(`${name}: ${ours ?? 'left out'}, Helmet: ${theirs[name]}; ${reason}`);
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
