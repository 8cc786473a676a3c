// oidc.mjs PROVIDER - login by OpenID Connect in Chromium: oidc-provider (the program PROVIDER) at 127.0.0.1, the pages at
// localhost, which is another site. Who comes in, decides and leaves; and who does not: by the provider's word, by the table of
// people, by an answer that was given already.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { binary, check, freePort, listening, root, run, summary } from './house.mjs';
import { Shop, browser, open, saying } from './shop.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = join(root, 'build/pages');
mkdirSync(pictures, { recursive: true });
const secret = 's:e c+r%et &x=/?';
const port = await freePort(), issuer = `http://127.0.0.1:${port}`;

const shop = await new Shop().open([
  { name: 'alice', roles: ['approver', 'operator'], oidc: ['a-1017'], passphrase: 'correct horse' },
  { name: 'vic', roles: ['viewer'], oidc: [`"${issuer}|v-2"`] },
  { name: 'model', roles: ['operator'], tokens: ['model'] },
], (served, dir) => {
  writeFileSync(join(dir, 'client-secret'), `${secret}\n`, { mode: 0o600 });
  return { HIGRESS_OPS_PAGE: `http://localhost:${served}`, HIGRESS_OPS_OIDC_ISSUER: issuer, HIGRESS_OPS_OIDC_CLIENT_ID: 'ops',
    HIGRESS_OPS_OIDC_CLIENT_SECRET_FILE: join(dir, 'client-secret'), HIGRESS_OPS_OIDC_NAME: 'Example ID' };
});
const base = `http://localhost:${shop.servePort}`, callback = `${base}/login/oidc`;
const client = { client_id: 'ops', client_secret: secret, redirect_uris: [callback], post_logout_redirect_uris: [] };
const provider = spawn(process.execPath, [process.argv[2], `${port}`, JSON.stringify([client])], { stdio: ['ignore', 'ignore', 'inherit'] });
shop.children.push(provider);
await listening(port, 'the provider');

// What came back to the callback, newest last.
function answers(page) {
  const seen = [];
  page.on('request', (r) => r.url().startsWith(`${callback}?`) && seen.push(r.url()));
  return seen;
}

async function toProvider(page, at = '/changes') {
  await page.goto(base + at);
  await page.click('#oidc button');
  await page.waitForURL(`${issuer}/interaction/*`);
}

async function typeName(page, subject) {
  await page.fill('[name=login]', subject);
  await page.fill('[name=password]', 'any');
  await page.click('button[type=submit]');
  await page.waitForSelector('text=Continue');
}

async function logIn(page, subject, at) {
  await toProvider(page, at);
  await typeName(page, subject);
  await page.click('button[type=submit]');
}

// The page asks for consent: what the provider sends the browser back with, kept from it.
async function answerOf(page) {
  const { request } = page.context();
  let said = await request.post(page.url(), { form: { prompt: 'consent' }, maxRedirects: 0 });
  for (let to = said.headers().location; ; to = said.headers().location) {
    if (to.startsWith(callback)) return to;
    said = await request.get(new URL(to, issuer).href, { maxRedirects: 0 });
  }
}

const cookiesOf = async (page) => Object.fromEntries((await page.context().cookies(base)).map((c) => [c.name, c]));
const alert = (page) => page.textContent('[role=alert]');
const raw = (url, cookies = {}, headers = {}) => fetch(url, { redirect: 'manual', headers: {
  cookie: Object.entries(cookies).map(([k, v]) => `${k}=${v}`).join('; '), ...headers } });

async function audit() {
  return (await shop.client.readResource({ uri: 'higress://audit' })).contents[0].text;
}

try {
  await check('a person logs in at the provider, comes back to the change, decides, and logs out', async () => {
    const change = await shop.want('orders-1', '/by-oidc');
    const { page, complaints, close } = await open();
    page.on('dialog', (d) => d.accept());
    const seen = answers(page);
    await page.goto(`${base}/changes/${change.id}`);
    await page.waitForURL(/\/login\?to=/);
    await page.click('#oidc button');
    await page.waitForURL(`${issuer}/interaction/*`);
    const before = await cookiesOf(page);
    assert.deepEqual(Object.keys(before), ['higress-ops-login']);
    assert.deepEqual([before['higress-ops-login'].httpOnly, before['higress-ops-login'].sameSite, before['higress-ops-login'].path], [true, 'Lax', '/']);
    await typeName(page, 'a-1017');
    await page.click('button[type=submit]');
    await page.waitForURL(`${base}/changes/${change.id}`);
    await page.waitForSelector('nav');
    const after = await cookiesOf(page);
    assert.deepEqual(Object.keys(after), ['higress-ops']);
    assert.deepEqual([after['higress-ops'].httpOnly, after['higress-ops'].sameSite, after['higress-ops'].expires], [true, 'Strict', -1]);
    assert.equal(new URL(seen[0]).searchParams.get('iss'), issuer);
    await page.click('text=Approve and apply');
    await page.waitForSelector('.state.applied');
    assert.equal(await shop.pathOf('orders-1'), '/by-oidc');
    assert.match(await page.textContent('.timeline'), /approved by alice.*page/s);
    const lines = await audit();
    assert.ok(lines.split('\n').some((l) => ['login', 'alice', 'oidc', 'a-1017'].every((w) => l.includes(w))), lines);
    await page.click('header .who button');
    await page.waitForURL(/\/login\?left=1/);
    await saying(page, 'Log out at Example ID, too');
    assert.deepEqual(await cookiesOf(page), {});
    assert.equal((await raw(`${base}/changes`, { 'higress-ops': after['higress-ops'].value })).status, 303);
    await page.click('text=Log out at Example ID');
    await page.waitForURL(`${issuer}/session/end*`);
    assert.deepEqual(complaints.filter((c) => !c.includes('ERR_NAME_NOT_RESOLVED')), [], 'the provider\'s page wants a font');
    await close();
  });

  await check('without a script, with the browser already logged in at the provider', async () => {
    const { page, close } = await open({ javaScriptEnabled: false });
    await logIn(page, 'a-1017');
    await page.waitForURL(`${base}/changes`);
    await page.context().clearCookies({ domain: 'localhost' });
    await page.goto(`${base}/login?to=/audit`);
    await page.click('#oidc button');
    await page.waitForURL(`${base}/audit`);
    await page.waitForSelector('nav');
    await close();
  });

  await check('consent denied: the provider\'s own words, nobody is logged in, and another try works', async () => {
    const { page, close } = await open();
    await toProvider(page);
    await typeName(page, 'a-1017');
    await page.click('text=Cancel');
    await page.waitForURL(`${callback}?*`);
    assert.match(await alert(page), /Example ID says: access_denied: End-User aborted interaction/);
    assert.equal((await cookiesOf(page))['higress-ops'], undefined);
    await toProvider(page); // which knows who it is by now
    await page.click('button[type=submit]');
    await page.waitForURL(`${base}/changes`);
    await close();
  });

  await check('whom the table does not know is nobody, told so, and audited; a viewer decides nothing', async () => {
    const { page, close } = await open();
    await logIn(page, 'stranger <b>');
    await page.waitForSelector('[role=alert]');
    assert.match(await alert(page), /knows you as 'stranger <b>', which is nobody here/);
    assert.equal((await cookiesOf(page))['higress-ops'], undefined);
    assert.ok((await audit()).split('\n').some((l) => ['login refused', 'stranger', 'nobody'].every((w) => l.includes(w))));
    await close();
    const change = await shop.want('orders-2', '/viewer');
    const viewer = await open();
    await logIn(viewer.page, 'v-2', `/login?to=/changes/${change.id}`);
    await viewer.page.waitForURL(`${base}/changes/${change.id}`);
    await saying(viewer.page, 'not decide it');
    await viewer.close();
  });

  await check('an answer counts once, and in the browser that asked', async () => {
    const { page, close } = await open();
    const seen = answers(page);
    await logIn(page, 'a-1017');
    await page.waitForURL(`${base}/changes`);
    const session = (await cookiesOf(page))['higress-ops'].value;
    await page.goto(seen[0]);
    assert.match(await alert(page), /not open here/);
    assert.equal((await cookiesOf(page))['higress-ops'].value, session, 'the session stays as it was');
    await close();
    // the answer of another browser: its owner would be logged in as somebody else
    const evil = await open(), victim = await open();
    await toProvider(evil.page);
    await typeName(evil.page, 'a-1017');
    const answer = await answerOf(evil.page);
    await toProvider(victim.page); // it has a login of its own under way
    await victim.page.goto(answer);
    assert.match(await alert(victim.page), /not open here/);
    assert.equal((await cookiesOf(victim.page))['higress-ops'], undefined);
    await evil.page.goto(answer); // where it was asked for it is still good
    await evil.page.waitForURL(`${base}/changes`);
    await evil.close();
    await victim.close();
  });

  await check('two tabs: both logins end where they began', async () => {
    const { page, close } = await open();
    const tab = await page.context().newPage();
    await toProvider(page, '/login?to=/audit');
    await toProvider(tab, '/login?to=/passkeys');
    await typeName(page, 'a-1017');
    await page.click('button[type=submit]');
    await page.waitForURL(`${base}/audit`);
    await tab.fill('[name=login]', 'a-1017');
    await tab.fill('[name=password]', 'any');
    await tab.click('button[type=submit]'); // consent was given in the other tab
    await tab.waitForURL(`${base}/passkeys`);
    assert.deepEqual(Object.keys(await cookiesOf(page)), ['higress-ops']);
    await page.reload();
    await page.waitForSelector('nav');
    await close();
  });

  await check('what is too old: a code that the provider has forgotten, and a login from before a restart', async () => {
    const { page, close } = await open();
    await toProvider(page);
    await typeName(page, 'a-1017');
    const answer = await answerOf(page), code = new URL(answer).searchParams.get('code');
    assert.equal(await (await fetch(`${issuer}/forget?code=${encodeURIComponent(code)}`)).text(), 'forgotten');
    await page.goto(answer);
    assert.match(await alert(page), /the provider refused this login: invalid_grant/);
    await page.context().clearCookies();
    await toProvider(page);
    await typeName(page, 'a-1017');
    await shop.serve();
    await page.click('button[type=submit]');
    await page.waitForSelector('[role=alert]');
    assert.match(await alert(page), /not open here/);
    assert.equal((await cookiesOf(page))['higress-ops'], undefined);
    await close();
  });

  await check('the configuration of docs/approval.md is one', async () => {
    const [, text] = readFileSync(join(root, 'docs/approval.md'), 'utf8').match(/```yaml oidc\n(.*?)```/s);
    const file = join(shop.dir, 'documented.yaml'), { HIGRESS_OPS_URL, HOME, PATH } = shop.env;
    writeFileSync(file, text.replace('/run/secrets/oidc', join(shop.dir, 'client-secret')));
    const said = await run(binary, ['check', '--config', file], { HIGRESS_OPS_URL, HOME, PATH });
    assert.doesNotMatch(said.err, /http\.oidc|people/);
    assert.equal(said.code, 0, said.err + said.out);
  });

  await check('its views in both themes, sizes and languages: no serious finding of axe', async () => {
    const found = [];
    for (const colorScheme of ['light', 'dark'])
      for (const [width, locale] of [[1280, 'en-GB'], [390, 'zh-CN']]) {
        const { page, complaints, close } = await open({ colorScheme, locale, viewport: { width, height: 844 }, bypassCSP: true });
        const look = async (name) => {
          await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`), fullPage: true });
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
          for (const v of violations.filter((x) => ['serious', 'critical'].includes(x.impact)))
            found.push(`${name} ${colorScheme} ${width}: ${v.id} ${v.nodes.map((n) => n.target + ' ' + n.failureSummary).join('; ')}`);
          const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          assert.ok(wider <= 0, `${name} ${width}: ${wider} px too wide`);
        };
        await page.goto(`${base}/login`);
        await look('login-oidc');
        await page.route(`${issuer}/auth?*`, (r) => r.fulfill({ status: 204 })); // so that the browser stays on the page between
        await page.click('#oidc button');
        await page.waitForSelector('.login > p > a');
        await look('login-onward');
        await page.unroute(`${issuer}/auth?*`);
        await page.context().clearCookies();
        await logIn(page, 'nobody-7');
        await page.waitForSelector('[role=alert]');
        await look('login-refused');
        await page.context().clearCookies();
        await logIn(page, 'a-1017');
        await page.waitForURL(`${base}/changes`);
        await page.click('header .who button');
        await page.waitForURL(/left=1/);
        await look('login-left');
        assert.deepEqual(complaints.filter((c) => !/403|ERR_NAME_NOT_RESOLVED/.test(c)), []);
        await close();
      }
    assert.deepEqual(found, []);
  });
} finally {
  await browser.close();
  await shop.client.close().catch(() => {});
  await shop.close();
}
summary();
