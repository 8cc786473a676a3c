// browser.mjs - the two pages of a change, in Chromium: the view that an MCP Apps host shows, and the page where a person
// decides. Both get text that would be markup, and a listener for every request that leaves them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema, ElicitationCompleteNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { Client as Modern, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client';
import { chromium } from 'playwright-core';
import { House, check, freePort, root, summary } from './house.mjs';
import { recording } from './record.mjs';

const token = 'approver-token-5b1d', client = 'client-token-77aa';
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const evil = '<img src=x onerror=alert(1)>';

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell', args: ['--no-sandbox'],
});

// A page, with what it asked the network for and what it complained of.
async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const asked = [], complaints = [];
  page.on('request', (r) => asked.push(`${r.method()} ${new URL(r.url()).pathname}`));
  page.on('pageerror', (e) => complaints.push(e.message));
  page.on('console', (m) => m.type() === 'error' && complaints.push(m.text()));
  return { page, asked, complaints, close: () => context.close() };
}

class Shop extends House {
  async open() {
    await super.open();
    this.servePort = await freePort();
    this.base = `http://127.0.0.1:${this.servePort}`;
    this.env.HIGRESS_OPS_TOKENS = `model:${sha256(client)}`;
    this.env.HIGRESS_OPS_APPROVERS = `ada:${sha256(token)}`;
    const { url } = await this.serve();
    this.client = new Client({ name: 'browser-test', version: '1' });
    await this.client.connect(recording(new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization: `Bearer ${client}` } } })));
    return this;
  }

  // Asks for a change of a route; the client cannot ask its person.
  async want(route, path, more = {}) {
    const object = { path: { matchType: 'PRE', matchValue: path }, ...more };
    const args = { kind: 'route', action: 'patch', name: route, object };
    const { structuredContent, content } = await this.client.callTool({ name: 'change_resource', arguments: args });
    assert.equal(structuredContent.state, 'pending');
    return { ...structuredContent, text: content[0].text };
  }
}

async function signIn(page, at, secret) {
  await page.goto(at);
  await page.fill('#token', secret);
  await page.click('#who button');
}

// For people: build/browser-pictures.
async function picture(page, name) {
  await page.screenshot({ path: join(root, 'build/browser-pictures', `${name}.png`) });
}

async function saying(page, words, timeout = 10000) {
  await page.waitForFunction((w) => document.querySelector('#view').textContent.includes(w), words, { timeout })
    .catch(async () => assert.fail(`no ${words} in ${(await page.textContent('#view')).slice(-2000)}`));
}

const shop = await new Shop().open();
try {
  await check('the page to decide: a person reads the change and approves it; it is applied', async () => {
    const change = await shop.want('orders-1', '/approved', { customConfigs: { 'higress.io/note': evil } });
    assert.equal(change.decide_at, `${shop.base}/change?id=${change.id}`);
    assert.ok(change.text.includes(`next: A person must decide: at ${change.decide_at}`), change.text);
    const { page, asked, complaints, close } = await open();
    page.on('dialog', (d) => d.accept());
    await signIn(page, change.decide_at, token);
    await saying(page, evil);
    assert.equal(await page.locator('#view img').count(), 0, 'text stays text');
    assert.equal(await shop.pathOf('orders-1'), '/orders/1', 'nothing is written by looking');
    await page.click('text=Approve and apply');
    await saying(page, 'applied');
    assert.equal(await shop.pathOf('orders-1'), '/approved');
    assert.equal(await page.locator('button:has-text("Approve")').count(), 0);
    const got = await shop.client.callTool({ name: 'get_change', arguments: { id: change.id } });
    assert.equal(got.structuredContent.state, 'applied');
    const audit = (await shop.client.readResource({ uri: 'higress://audit' })).contents[0].text.split('\n');
    assert.ok(audit.some((line) => [change.id, 'ada', 'page'].every((word) => line.includes(word))), audit.join('\n'));
    assert.deepEqual([...new Set(asked)], ['GET /change', 'POST /change'], 'nothing else is asked');
    assert.deepEqual(complaints, []);
    await close();
  });

  // A client that opens URLs and shows no forms. Its person decides a while after the page was opened.
  for (const era of ['2025-11-25', '2026-07-28'])
    await check(`the page to decide: opened by a client that takes only URLs, ${era}`, async () => {
      const legacy = era === '2025-11-25', route = legacy ? 'orders-6' : 'orders-7';
      const { page, close } = await open();
      page.on('dialog', (d) => d.accept());
      const asked = [], complete = [];
      let action = 'accept', deciding;
      const decide = async (at) => {
        await signIn(page, at, token);
        await saying(page, 'pending');
        await new Promise((done) => setTimeout(done, 300));
        await page.click('text=Approve and apply');
      };
      const onAsk = async ({ params }) => {
        asked.push(params);
        if (action === 'accept') deciding = decide(params.url);
        return { action };
      };
      const options = { capabilities: { elicitation: { url: {} } } };
      const opener = legacy ? new Client({ name: 'url', version: '1' }, options)
        : new Modern({ name: 'url', version: '1' }, { ...options, versionNegotiation: { mode: { pin: era } } });
      opener.setRequestHandler(legacy ? ElicitRequestSchema : 'elicitation/create', onAsk);
      if (legacy) opener.setNotificationHandler(ElicitationCompleteNotificationSchema, (n) => complete.push(n.params.elicitationId));
      await opener.connect(recording(new (legacy ? StreamableHTTPClientTransport : ModernHttp)(new URL(`${shop.base}/mcp`),
        { requestInit: { headers: { authorization: `Bearer ${client}` } } })));
      const change = (path) => opener.callTool({ name: 'change_resource', arguments: {
        kind: 'route', action: 'patch', name: route, object: { path: { matchType: 'PRE', matchValue: path } } } });
      const { structuredContent: got } = await change('/by-url');
      await deciding;
      assert.equal(got.state, 'applied');
      assert.equal(await shop.pathOf(route), '/by-url');
      assert.equal(asked[0].mode, 'url');
      assert.equal(asked[0].url, `${shop.base}/change?id=${got.id}`);
      if (legacy) assert.deepEqual(complete, [got.id]);
      action = 'decline';
      const { structuredContent: waits } = await change('/unseen');
      assert.equal(waits.state, 'pending', 'not to open a page decides nothing');
      assert.equal(await shop.pathOf(route), '/by-url');
      await shop.person(['reject', waits.id], 'yes');
      await opener.close();
      await close();
    });

  await check('the page to decide: rejected, and dismissed', async () => {
    const change = await shop.want('orders-2', '/unwanted');
    const { page, close } = await open();
    let answer = 'dismiss';
    page.on('dialog', (d) => d[answer]());
    await signIn(page, `${shop.base}/change`, token);
    await page.click(`text=${change.id}`);
    await saying(page, '/unwanted');
    await page.click('text=Approve and apply');
    await page.click('text=Look again');
    await saying(page, 'pending');
    answer = 'accept';
    await page.click('button:has-text("Reject")');
    await saying(page, 'rejected');
    await page.click('text=All that wait');
    await saying(page, 'No change waits');
    assert.equal(await shop.pathOf('orders-2'), '/orders/2');
    await close();
  });

  await check('the page to decide: 260 operations are shown whole, part by part, before they can be approved', async () => {
    const long = 'x'.repeat(2000);
    const manifest = Array.from({ length: 260 }, (_, i) => ({
      kind: 'route', name: `many-${i}`, path: { matchType: 'PRE', matchValue: `/many/${i}` },
      services: [{ name: 'shop.static', port: 80, weight: 100 }], ...(i % 50 === 7 && { customLabels: { note: `${long}${i}.` } }),
    }));
    const { structuredContent: change } = await shop.client.callTool({ name: 'apply_manifest', arguments: { manifest } });
    const { page, complaints, close } = await open({ viewport: { width: 900, height: 700 } });
    page.on('dialog', (d) => d.accept());
    await signIn(page, change.decide_at, token);
    await saying(page, 'Not shown yet');
    const approve = page.locator('button:has-text("Approve and apply")');
    assert.equal(await approve.isDisabled(), true, 'not before all of it was shown');
    await picture(page, 'many-1');
    while (await page.locator('button:has-text("Show part")').count()) {
      assert.equal(await approve.isDisabled(), true);
      const before = await page.locator('#operations h2').count();
      await page.keyboard.press('Enter'); // the button for the next part has the focus
      await page.waitForFunction((n) => document.querySelectorAll('#operations h2').length > n, before);
    }
    assert.equal(await page.locator('#operations h2').count(), 260, 'every operation');
    assert.equal(await page.locator('#operations details').count(), 6, 'long values are folded');
    assert.equal(await approve.isDisabled(), true, 'not before every value was opened');
    await page.locator('#operations summary').first().focus();
    await page.keyboard.press('Enter');
    await saying(page, '5 folded values');
    await page.click('text=Open every value');
    await saying(page, 'All of it is shown');
    const words = await page.textContent('#operations');
    for (let i = 0; i < 260; i++) assert.ok(words.includes(`"/many/${i}"`), `/many/${i}`);
    for (let i = 7; i < 260; i += 50) assert.ok(words.includes(`${long}${i}.`), 'the value is whole');
    await picture(page, 'many-2');
    assert.equal(await approve.isDisabled(), false);
    await approve.focus();
    await page.keyboard.press('Enter');
    await saying(page, 'applied:', 60000);
    assert.equal(await shop.pathOf('many-259'), '/many/259');
    assert.deepEqual(complaints, []);
    await close();
  });

  await check('the page to decide: what destroys asks for a word that only the page shows; who asks, and a no before', async () => {
    const args = { kind: 'route', action: 'delete', name: 'many-0' };
    const ask = async () => (await shop.client.callTool({ name: 'change_resource', arguments: args })).structuredContent;
    const first = await ask();
    await shop.person(['reject', first.id], 'yes');
    const change = await ask();
    assert.match(change.rejected_before, /rejected the same wish on/);
    const { page, close } = await open();
    page.on('dialog', (d) => d.accept());
    await signIn(page, `${shop.base}/change`, token);
    await saying(page, 'rejected the same wish on');
    await picture(page, 'list');
    await page.click(`text=${change.id}`);
    await saying(page, 'asked by model');
    await saying(page, 'rejected the same wish on');
    const approve = page.locator('button:has-text("Approve and apply")');
    assert.equal(await approve.isDisabled(), true);
    const word = (await page.textContent('label:has(#word)')).match(/Type (\S+) to/)[1];
    assert.ok(!change.id.includes(word) && !JSON.stringify(change).includes(word));
    await page.fill('#word', change.id.slice(0, 8));
    assert.equal(await approve.isDisabled(), true);
    await page.fill('#word', word);
    await picture(page, 'destroys');
    await approve.click();
    await saying(page, 'applied');
    await saying(page, 'approved by ada');
    await assert.rejects(shop.pathOf('many-0'));
    await close();
  });

  await check('the page to decide: the list of what waits goes on to its end', async () => {
    const ids = [];
    for (let i = 0; i < 55; i++) ids.push((await shop.want('orders-8', `/list/${i}`)).id);
    const { page, close } = await open();
    await signIn(page, `${shop.base}/change`, token);
    await page.waitForSelector('text=Show more');
    await page.click('text=Show more');
    await page.waitForFunction(() => !document.querySelector('#view').textContent.includes('Show more'));
    const words = await page.textContent('#view');
    for (const id of ids) assert.ok(words.includes(id), id);
    for (const id of ids) await shop.client.callTool({ name: 'cancel_change', arguments: { id } });
    await close();
  });

  await check('the page to decide: what was decided elsewhere meanwhile is said', async () => {
    const change = await shop.want('orders-3', '/late');
    const { page, close } = await open();
    page.on('dialog', (d) => d.accept());
    await signIn(page, change.decide_at, token);
    await saying(page, 'pending');
    await shop.person(['reject', change.id], 'yes');
    await page.click('text=Approve and apply');
    await saying(page, 'rejected');
    assert.equal(await shop.pathOf('orders-3'), '/orders/3');
    await close();
  });

  await check('the page to decide: neither a wrong token nor a client\'s shows or decides anything', async () => {
    const change = await shop.want('orders-4', '/never');
    const { page, close } = await open();
    for (const wrong of ['wrong', client]) {
      await signIn(page, change.decide_at, wrong);
      await saying(page, 'not the token of an approver');
      assert.ok(!(await page.textContent('#view')).includes('/never'));
    }
    const post = (secret, body) => fetch(`${shop.base}/change`, {
      method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    });
    const { seen, rendering, digest } = await (await post(token, { do: 'show', id: change.id })).json();
    const approve = { do: 'approve', id: change.id, digest };
    assert.equal((await post(client, approve)).status, 401);
    assert.equal((await post(token, approve)).status, 400, 'what was shown is not said');
    assert.equal((await post(token, { ...approve, seen, rendering, digest: '0'.repeat(64) })).status, 409);
    assert.equal((await post(token, { ...approve, seen, rendering: '0'.repeat(64) })).status, 409);
    assert.equal((await post(token, { ...approve, rendering })).status, 409);
    assert.equal((await post(token, { do: 'approve', id: change.id })).status, 400);
    assert.equal((await post(token, { ...approve, approved: true })).status, 400);
    assert.equal((await post(token, { do: 'show', id: 'c-000000000000' })).status >= 400, true);
    const mcp = await fetch(`${shop.base}/mcp`, {
      method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}',
    });
    assert.equal(mcp.status, 401, 'who decides is no client');
    assert.equal(await shop.pathOf('orders-4'), '/orders/4');
    await close();
  });

  await check('the page to decide: another site can neither frame it nor ask it', async () => {
    const site = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(
      `<iframe src="${shop.base}/change"></iframe>`)).listen(0, '127.0.0.1');
    const { page, complaints, close } = await open();
    await page.goto(`http://127.0.0.1:${site.address().port}/`);
    const status = await page.evaluate((at) => fetch(at, {
      method: 'POST', body: '{"do":"list"}', headers: { 'content-type': 'application/json', authorization: 'Bearer approver-token-5b1d' },
    }).then((r) => r.status, () => 'refused'), `${shop.base}/change`);
    assert.equal(status, 'refused');
    assert.equal(await page.frames()[1].locator('#token').count(), 0);
    assert.ok(complaints.some((c) => /frame-ancestors|X-Frame-Options/.test(c)), complaints.join('\n'));
    site.close();
    await close();
  });

  // As a host does: the page in a sandboxed frame under the policy that it asked for (no domains at all).
  async function host(capabilities) {
    const { contents: [{ text }] } = await shop.client.readResource({ uri: 'ui://higress-ops/plan2' });
    const policy = '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src \'unsafe-inline\'; style-src \'unsafe-inline\'">';
    const view = await open();
    await view.page.setContent('<iframe id="app" sandbox="allow-scripts"></iframe>');
    await view.page.evaluate(({ html, caps }) => {
      window.said = [];
      const app = document.getElementById('app');
      window.hear = (message) => app.contentWindow.postMessage({ jsonrpc: '2.0', ...message }, '*');
      window.addEventListener('message', ({ data, source }) => {
        if (source !== app.contentWindow) return;
        window.said.push(data);
        if (data.method === 'ui/initialize') window.hear({ id: data.id, result: { hostCapabilities: caps } });
      });
      app.srcdoc = html;
    }, { html: text.replace('<head>', '<head>' + policy), caps: capabilities });
    const until = async (method) => {
      await view.page.waitForFunction((m) => window.said.some((s) => s.method === m), method);
      return view.page.evaluate((m) => window.said.findLast((s) => s.method === m), method);
    };
    await until('ui/notifications/initialized');
    return { ...view, app: view.page.frames()[1], until, hear: (m) => view.page.evaluate((x) => window.hear(x), m) };
  }

  await check('the view of a change: diff, warnings, how to decide, a link, no way to approve', async () => {
    const planned = await shop.want('orders-5', '/viewed', { customConfigs: { 'higress.io/note': evil } });
    const change = { ...planned, warnings: ['a <b>warning</b>'] };
    const { page, app, asked, complaints, until, hear, close } = await host({ serverTools: {}, openLinks: {} });
    await hear({ method: 'ui/notifications/tool-result', params: { structuredContent: change } });
    await until('ui/notifications/size-changed');
    const words = await app.textContent('#view');
    for (const word of [change.title, '/viewed', evil, 'a <b>warning</b>', `higress-ops approve ${change.id}`, change.decide_at])
      assert.ok(words.includes(word), `${word} in ${words}`);
    assert.equal(await app.locator('#view img, #view b').count(), 0, 'text stays text');
    assert.deepEqual(await app.locator('button').allTextContents(), ['Open the page', 'Look again']);
    await app.click('text=Open the page');
    assert.deepEqual((await until('ui/open-link')).params, { url: change.decide_at });
    await app.click('text=Look again');
    const call = await until('tools/call');
    assert.deepEqual(call.params, { name: 'get_change', arguments: { id: change.id } });
    const result = await shop.client.callTool(call.params);
    assert.equal(result.structuredContent.decide_at, change.decide_at);
    await hear({ id: call.id, result: { structuredContent: { ...change, state: 'applied', next: undefined, result: { text: 'applied: all' } } } });
    await app.waitForSelector('text=applied: all');
    assert.ok(!(await app.textContent('#view')).includes('higress-ops approve'));
    await hear({ id: 9, method: 'ui/resource-teardown', params: {} });
    await page.waitForFunction(() => window.said.some((s) => s.id === 9 && s.result));
    assert.deepEqual([asked, complaints], [[], []]);
    assert.equal(await shop.pathOf('orders-5'), '/orders/5');
    await close();
  });

  await check('the view of a change: an error, and a host without tools and links', async () => {
    const { app, hear, close } = await host({});
    await hear({ method: 'ui/notifications/tool-result', params: { isError: true, content: [{ type: 'text', text: 'no route' }] } });
    await app.waitForSelector('text=no route');
    await hear({ method: 'ui/notifications/tool-result', params: { structuredContent: { id: 'c-1', state: 'pending', decide_at: 'javascript:alert(1)' } } });
    await app.waitForSelector('text=higress-ops approve c-1');
    assert.ok(!(await app.textContent('#view')).includes('javascript'));
    assert.equal(await app.locator('button').count(), 0);
    await close();
  });
} finally {
  await browser.close();
  await shop.client.close();
  await shop.close();
}
summary();
