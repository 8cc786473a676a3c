// changes_page.mjs - the pages in Chromium: people log in, read changes and decide about them, on a screen and on a phone, in
// both themes and languages, with and without a script; and what strangers and other sites cannot do.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { House, binary, check, root, run, summary } from './house.mjs';
import { Shop, browser, client, evil, open, saying, sha256, signIn, token } from './shop.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = join(root, 'build/pages');
mkdirSync(pictures, { recursive: true });
const alice = 'correct horse 電池', vic = 'only looks on';

// A line of the access log, as Higress writes it.
const line = (route, service, code, ms, ago, flags = '-') => JSON.stringify({ ai_log: '-', authority: 'shop.example.com', bytes_received: '0',
  bytes_sent: '10', downstream_local_address: '10.0.0.2:80', downstream_remote_address: '10.0.0.9:4000', duration: `${ms}`,
  istio_policy_status: '-', method: 'GET', path: '/x', protocol: 'HTTP/1.1', request_id: 'r', requested_server_name: '-',
  response_code: `${code}`, response_flags: flags, route_name: route, start_time: new Date(Date.now() - ago * 1000).toISOString(),
  trace_id: '-', upstream_cluster: `outbound|80||${service}`, upstream_host: '10.0.0.1:80', upstream_local_address: '-',
  upstream_service_time: `${ms}`, upstream_transport_failure_reason: flags === 'UF' ? 'delayed connect error: Connection refused' : '-',
  user_agent: 'curl', x_forwarded_for: '-' });

// An hour of requests: a wave, a slow service, and one that began to refuse a quarter of an hour ago.
function hourOfRequests(names) {
  const lines = [];
  for (let ago = 3590; ago > 0; ago -= 2) {
    const wave = 0.5 + 0.5 * Math.sin(ago / 500);
    if (ago / 2 % 10 < 10 * wave) lines.push(line(names[0], 'shop.static', ago % 400 ? 200 : 503, 20 + Math.round(30 * wave), ago));
    if (ago % 5 === 0) lines.push(line(names[1], 'search.static', ago % 100 ? 200 : 404, ago < 1200 ? 900 : 120 + ago % 70, ago));
    if (ago % 9 === 0) lines.push(line(names[2], 'pay.static', ago < 900 ? 503 : 200, 9, ago, ago < 900 ? 'UF' : '-'));
  }
  return `${lines.join('\n')}\n`;
}

// The shop of a small company, and one of 5,000 routes: files of the same console.
class Mapped extends House {
  async open(routes) {
    await super.open();
    for (let i = 0; i < 10; i++) await this.api('DELETE', `/v1/routes/orders-${i}`);
    for (const [name, at] of [['pay', '127.0.0.1:9002'], ['search', '127.0.0.1:9003,127.0.0.1:9004']])
      await this.api('POST', '/v1/service-sources', { name, type: 'static', domain: at, port: 80, protocol: 'http' });
    for (const name of ['shop.example.com', 'admin.example.com']) await this.api('POST', '/v1/domains', { name, enableHttps: 'off' });
    for (const [name, host, service] of [['orders', 'shop', 'shop'], ['search', 'shop', 'search'], ['pay', 'shop', 'pay'], ['admin', 'admin', 'shop'], ['checkout', 'shop', 'gone']])
      await this.api('POST', '/v1/routes', { name, domains: [`${host}.example.com`], path: { matchType: 'PRE', matchValue: `/${name}` },
        services: [{ name: `${service}.static`, port: 80, weight: 100 }] });
    if (routes) await this.multiply(routes);
    this.env.HIGRESS_OPS_APPROVERS = `ada:${sha256(token)}`;
    this.env.HIGRESS_OPS_TOKENS = `model:${sha256(client)}`;
    this.env.HIGRESS_OPS_ACCESS_LOG = join(this.dir, 'access.log');
    writeFileSync(this.env.HIGRESS_OPS_ACCESS_LOG, hourOfRequests(['orders', 'search', 'pay']));
    const { url } = await this.serve();
    this.base = url.origin;
    return this;
  }

  // Copies of the route `orders`, each with a name, a path and a host of its own; one in 500 leads nowhere.
  async multiply(routes) {
    const folder = join(this.dir, 'data/ingresses'), text = readFileSync(join(folder, 'orders.yaml'), 'utf8');
    for (let i = 0; i < routes; i++)
      writeFileSync(join(folder, `team-${i}.yaml`), text.replaceAll('shop.example.com', `team-${i % 7}.example.com`)
        .replace(/^( *name:) orders$/m, `$1 team-${i}`).replace('/orders', `/team/${i}`)
        .replaceAll('shop.static', i % 500 ? 'shop.static' : 'lost.static'));
    const console = this.children[0], gone = new Promise((done) => console.on('exit', done));
    console.kill('SIGTERM');
    await gone;
    this.start(['console', '--data', join(this.dir, 'data'), '--listen', `127.0.0.1:${this.port}`]);
    for (let left = 200; left; left--) {
      const up = await this.api('GET', '/v1/routes/team-1').catch(() => null);
      if (up) break;
      await new Promise((next) => setTimeout(next, 50));
    }
  }
}

const ends = []; // what is closed at the end, whatever fails
const shop = await new Shop().open([
  { name: 'alice', roles: ['approver', 'operator'], tokens: ['ada'], passphrase: alice },
  { name: 'bob', roles: ['approver'], passphrase: 'bob decides too' },
  { name: 'vic', roles: ['viewer'], passphrase: vic },
  { name: 'model', roles: ['operator'], tokens: ['model'] },
]);

async function logIn(page, name, passphrase, to = '/changes') {
  await page.goto(shop.base + to);
  await page.fill('#name', name);
  await page.fill('#passphrase', passphrase);
  await page.click('#known button');
}

async function asAlice(to = '/changes', options) {
  const opened = await open(options);
  opened.page.on('dialog', (d) => d.accept());
  await logIn(opened.page, 'alice', alice, to);
  await opened.page.waitForSelector('nav');
  return opened;
}

const sessionOf = async (page) => (await page.context().cookies()).find((c) => c.name === 'higress-ops')?.value;

// A request as no browser of ours sends it.
const raw = (path, { cookie, body, ...headers } = {}, method = body ? 'POST' : 'GET') => fetch(shop.base + path, {
  method, body: body && new URLSearchParams(body), redirect: 'manual', headers: { ...(cookie && { cookie: `higress-ops=${cookie}` }), ...headers },
});

// The fields of the form on the page that sends `what`.
const formOf = (page, what) => page.locator(`form:has([name=do][value=${what}])`).evaluate((f) => Object.fromEntries(new FormData(f)));

// What a program of a person asks, with the token of an approver.
async function byToken(question) {
  const said = await fetch(`${shop.base}/change`, { method: 'POST', body: JSON.stringify(question),
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` } });
  return said.json();
}

async function audit() {
  return (await shop.client.readResource({ uri: 'higress://audit' })).contents[0].text;
}

try {
  // -- who comes in ------------------------------------------------------------------------

  await check('login: a passphrase lets a person in, where they wanted to go', async () => {
    const change = await shop.want('orders-1', '/login');
    const { page, complaints, close } = await open();
    await page.goto(change.decide_at);
    await page.waitForURL(/\/login\?to=/);
    await page.fill('#name', 'alice');
    await page.fill('#passphrase', alice);
    await page.keyboard.press('Enter');
    await page.waitForURL(`${shop.base}/changes/${change.id}`);
    await saying(page, '/login');
    const [cookie] = await page.context().cookies();
    assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path, cookie.expires], [true, 'Strict', '/', -1]);
    assert.ok(cookie.value.length >= 43, 'an id nobody guesses');
    assert.deepEqual(complaints, []);
    await shop.client.callTool({ name: 'cancel_change', arguments: { id: change.id } });
    await close();
  });

  await check('login: what is wrong is said without saying what, and is audited', async () => {
    const { page, close } = await open();
    const words = [];
    for (const [name, typed] of [['alice', 'wrong'], ['nobody', alice], ['model', 'x']]) {
      await logIn(page, name, typed);
      words.push(await page.textContent('[role=alert]'));
      assert.equal(await sessionOf(page), undefined);
    }
    assert.equal(new Set(words).size, 1, words.join());
    await signIn(page, `${shop.base}/changes`, client);
    await saying(page, words[0]);
    assert.match(await audit(), /wrong_token[^\n]*login|login[^\n]*wrong_token/);
    await close();
  });

  await check('login: an id that somebody else chose is worth nothing, and the one before a login ends with it', async () => {
    const { page, close } = await open();
    await page.context().addCookies([{ name: 'higress-ops', value: 'A'.repeat(43), url: shop.base }]);
    await logIn(page, 'alice', alice);
    await page.waitForSelector('nav');
    const first = await sessionOf(page);
    assert.notEqual(first, 'A'.repeat(43));
    assert.equal((await raw('/changes', { cookie: 'A'.repeat(43) })).status, 303);
    assert.equal((await raw('/changes', { cookie: first })).status, 200);
    const again = await raw('/login', { cookie: first, body: { token }, origin: shop.base });
    const second = again.headers.get('set-cookie').match(/higress-ops=([^;]+)/)[1];
    assert.notEqual(second, first);
    assert.equal((await raw('/changes', { cookie: first })).status, 303, 'the old session has ended');
    assert.equal((await raw('/changes', { cookie: second })).status, 200);
    await close();
  });

  await check('logout: the session ends here and in every tab', async () => {
    const { page, close } = await asAlice();
    const cookie = await sessionOf(page), tab = await page.context().newPage();
    await tab.goto(`${shop.base}/changes`);
    await page.click('header .who button');
    await page.waitForURL(/\/login/);
    assert.equal(await sessionOf(page), undefined);
    assert.equal((await raw('/changes', { cookie })).status, 303);
    await tab.reload();
    assert.match(tab.url(), /\/login/);
    await close();
  });

  await check('login: a link from another site comes in with the session all the same', async () => {
    const { page, close } = await asAlice();
    const site = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(
      `<a href="${shop.base}/changes">see</a>`)).listen(0, 'localhost');
    await new Promise((done) => site.on('listening', done));
    await page.goto(`http://localhost:${site.address().port}/`);
    await page.click('a');
    await page.waitForURL(`${shop.base}/changes`);
    await page.waitForSelector('nav');
    site.close();
    await close();
  });

  // -- deciding ----------------------------------------------------------------------------

  await check('a change: read, approved with a comment, applied; its time line; the reverse goes through the gate', async () => {
    const change = await shop.want('orders-1', '/approved', { customConfigs: { 'higress.io/note': evil } });
    const { page, asked, complaints, close } = await asAlice(`/changes/${change.id}`);
    await saying(page, evil);
    assert.equal(await page.locator('main img').count(), 0, 'text stays text');
    await page.click('summary >> nth=0');
    await page.fill('textarea', `looks <b>right</b> to me`);
    assert.equal(await shop.pathOf('orders-1'), '/orders/1', 'nothing is written by looking');
    await page.click('text=Approve and apply');
    await page.waitForSelector('.state.applied');
    assert.equal(await shop.pathOf('orders-1'), '/approved');
    await saying(page, 'looks <b>right</b> to me');
    assert.match(await page.textContent('.timeline'), /planned by model.*approved by alice.*applied/s);
    assert.equal(await page.locator('[value=approve]').count(), 0);
    const lines = await audit();
    assert.ok(lines.split('\n').some((l) => [change.id, 'alice', 'page'].every((w) => l.includes(w))), lines);
    await page.click('text=Plan the reverse');
    await saying(page, 'Reverses change');
    assert.equal(await shop.pathOf('orders-1'), '/approved', 'the reverse is decided, too');
    await saying(page, 'Other changes of orders-1');
    await page.click('text=Approve and apply');
    await page.waitForSelector('.state.applied');
    assert.equal(await shop.pathOf('orders-1'), '/orders/1');
    assert.ok(!asked.some((a) => !/^(GET|POST) \/(login|logout|changes|style\.css|page\.js)/.test(a)), asked.join());
    assert.deepEqual(complaints, []);
    await close();
  });

  await check('a change: rejected, and a question that is dismissed', async () => {
    const change = await shop.want('orders-2', '/unwanted');
    const { page, close } = await open();
    let answer = 'dismiss';
    page.on('dialog', (d) => d[answer]());
    await signIn(page, `${shop.base}/change`, token);
    await page.click(`li:has-text("${change.id}") a`);
    await saying(page, '/unwanted');
    await page.click('text=Approve and apply');
    await page.waitForTimeout(200);
    await page.waitForSelector('.state.pending');
    answer = 'accept';
    await page.click('button:has-text("Reject")');
    await page.waitForSelector('.state.rejected');
    assert.equal(await shop.pathOf('orders-2'), '/orders/2');
    await close();
  });

  await check('a change: 260 operations are shown whole, part by part, before they can be approved', async () => {
    const long = 'x'.repeat(2000);
    const manifest = Array.from({ length: 260 }, (_, i) => ({
      kind: 'route', name: `many-${i}`, path: { matchType: 'PRE', matchValue: `/many/${i}` },
      services: [{ name: 'shop.static', port: 80, weight: 100 }], ...(i % 50 === 7 && { customLabels: { note: `${long}${i}.` } }),
    }));
    const { structuredContent: change } = await shop.client.callTool({ name: 'apply_manifest', arguments: { manifest } });
    const { page, complaints, close } = await asAlice(`/changes/${change.id}`);
    let words = '', parts = 1;
    for (; await page.locator('#next').count(); parts++) {
      assert.equal(await page.locator('[value=approve]').count(), 0, 'not before all of it was shown');
      words += await page.textContent('#operations');
      const url = page.url();
      await page.click('#next');
      await page.waitForURL((now) => String(now) !== url);
    }
    words += await page.textContent('#operations');
    assert.ok(parts > 1);
    for (let i = 0; i < 260; i++) assert.ok(words.includes(`"/many/${i}"`), `/many/${i}`);
    for (let i = 7; i < 260; i += 50) assert.ok(words.includes(`${long}${i}.`), 'the value is whole');
    await page.goto(`${shop.base}/changes/${change.id}?part=1`);
    await saying(page, 'was not shown here yet');
    await page.goBack();
    await page.click('text=Approve and apply');
    await page.waitForSelector('.state.applied', { timeout: 60000 });
    assert.equal(await shop.pathOf('many-259'), '/many/259');
    assert.deepEqual(complaints.filter((c) => !c.includes('409')), []);
    await close();
  });

  await check('a change: what destroys asks for a word that only the page shows; a no before is said', async () => {
    const args = { kind: 'route', action: 'delete', name: 'many-0' };
    const ask = async () => (await shop.client.callTool({ name: 'change_resource', arguments: args })).structuredContent;
    const first = await ask();
    const { page, close } = await asAlice(`/changes/${first.id}`);
    await page.click('button:has-text("Reject")');
    await page.waitForSelector('.state.rejected');
    const change = await ask();
    await page.goto(`${shop.base}/changes`);
    await saying(page, 'rejected the same wish on');
    await page.click(`li:has-text("${change.id}") a`);
    await saying(page, 'rejected the same wish on');
    const approve = page.locator('[value=approve]');
    assert.equal(await approve.isDisabled(), true);
    const word = (await page.textContent('label:has(#word)')).match(/Type (\S+) to/)[1];
    assert.ok(!JSON.stringify(change).includes(word));
    const form = await formOf(page, 'reject');
    const cookie = await sessionOf(page);
    const wrong = await raw(`/changes/${change.id}`, { cookie, origin: shop.base, body: { ...form, do: 'approve', word: 'not-this' } });
    assert.equal(wrong.status, 409);
    await page.fill('#word', word);
    await approve.click();
    await page.waitForSelector('.state.applied');
    await assert.rejects(shop.pathOf('many-0'));
    await close();
  });

  await check('a change: works without a script', async () => {
    const change = await shop.want('orders-3', '/no-script');
    const { page, close } = await asAlice(`/changes/${change.id}`, { javaScriptEnabled: false });
    await page.click('#side');
    assert.equal(await page.locator('.diff thead').first().isVisible(), true, 'side by side');
    await page.click('text=Approve and apply');
    await page.waitForSelector('.state.applied');
    assert.equal(await shop.pathOf('orders-3'), '/no-script');
    await close();
  });

  await check('a change: who may only look decides nothing, by a page or past it', async () => {
    const change = await shop.want('orders-4', '/never');
    const { page, close } = await open();
    await logIn(page, 'vic', vic, `/changes/${change.id}`);
    await saying(page, 'not decide it');
    assert.equal(await page.locator('[name=do]').count(), 0);
    const cookie = await sessionOf(page);
    const form = await page.locator('header .who input[name=form]').inputValue();
    const boss = await asAlice(`/changes/${change.id}`);
    const shown = await formOf(boss.page, 'approve');
    for (const what of ['approve', 'reject', 'undo']) {
      const said = await raw(`/changes/${change.id}`, { cookie, origin: shop.base, body: { ...shown, form, do: what } });
      assert.ok(said.status >= 400, `${what}: ${said.status}`);
    }
    const { structuredContent: now } = await shop.client.callTool({ name: 'get_change', arguments: { id: change.id } });
    assert.equal(now.state, 'pending');
    // what was shown to one person is not what another has seen
    const bob = await open();
    await logIn(bob.page, 'bob', 'bob decides too');
    await bob.page.waitForSelector('nav');
    const as = { cookie: await sessionOf(bob.page), origin: shop.base };
    const own = await bob.page.locator('header .who input[name=form]').inputValue();
    assert.equal((await raw(`/changes/${change.id}`, { ...as, body: { ...shown, form: own, do: 'approve' } })).status, 409);
    assert.equal((await raw(`/changes/${change.id}`, { ...as, body: { ...shown, do: 'approve' } })).status, 403, 'another session\'s form');
    assert.equal(await shop.pathOf('orders-4'), '/orders/4');
    await boss.close();
    await bob.close();
    await close();
  });

  // -- lists -------------------------------------------------------------------------------

  await check('the list: filters, search, and pages to the end', async () => {
    const ids = [];
    for (let i = 0; i < 55; i++) ids.push((await shop.want('orders-8', `/list/${i}`)).id);
    const { page, close } = await asAlice('/changes?state=pending&object=orders-8');
    let words = await page.textContent('.changes');
    await page.click('[rel=next]');
    await page.waitForURL(/cursor=/);
    words += await page.textContent('.changes');
    assert.equal(await page.locator('[rel=next]').count(), 0);
    for (const id of ids) assert.ok(words.includes(id), id);
    assert.ok(!words.includes('orders-4'), 'the filter holds on every page');
    await page.click('text=Newest');
    await page.selectOption('[name=risk]', 'destroy');
    await page.selectOption('[name=state]', 'applied');
    await page.fill('[name=object]', 'many-0');
    await page.fill('[name=actor]', 'alice');
    await page.keyboard.press('Enter');
    await page.waitForURL(/risk=destroy/);
    assert.equal(await page.locator('.changes li').count(), 1);
    await page.fill('[name=since]', '2999-01-01');
    await page.click('text=Search');
    await page.waitForURL(/since=2999-01-01/);
    await saying(page, 'No change fits');
    await page.goto(`${shop.base}/changes?object=many-0&since=${new Date(Date.now() - 864e5).toISOString().slice(0, 10)}`);
    assert.ok(await page.locator('.changes li').count() >= 1, 'of today');
    assert.equal((await page.goto(`${shop.base}/changes?since=yesterday`)).status(), 400);
    await page.goto(`${shop.base}/changes?state=${encodeURIComponent(evil)}`);
    await saying(page, evil);
    assert.equal(await page.locator('main img').count(), 0);
    for (const id of ids.slice(3)) await shop.client.callTool({ name: 'cancel_change', arguments: { id } });
    await close();
  });

  await check('the list: hears of what is new, wherever it comes from; the title counts', async () => {
    const { page, close } = await asAlice('/changes?object=orders-9');
    await saying(page, 'No change fits');
    const before = Number((await page.title()).match(/^\((\d+)\)/)?.[1] ?? 0);
    await page.waitForTimeout(1500); // the first news are what the page knows
    const change = await shop.want('orders-9', '/live');
    await saying(page, change.id);
    await page.waitForFunction((n) => document.title.startsWith(`(${n})`), before + 1);
    await page.click(`li:has-text("${change.id}") a`);
    await page.waitForSelector('.state.pending');
    await page.fill('textarea', 'half a thought');
    await page.waitForTimeout(1500);
    const { digest } = await byToken({ do: 'show', id: change.id });
    assert.equal((await byToken({ do: 'reject', id: change.id, digest })).state, 'rejected');
    await page.waitForSelector('#news:visible', { timeout: 10000 });
    assert.equal(await page.inputValue('textarea'), 'half a thought', 'what is typed stays');
    await page.click('text=Approve and apply');
    await saying(page, 'nothing to decide');
    assert.equal(await shop.pathOf('orders-9'), '/orders/9');
    await close();
  });

  await check('the list: by keyboard', async () => {
    const { page, close } = await asAlice();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    const first = await page.locator('.changes li > a').first().getAttribute('href');
    await page.keyboard.press('Enter');
    await page.waitForURL(shop.base + first);
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
    await close();
  });

  await check('the audit: its lines, and that they are whole', async () => {
    const { page, close } = await asAlice('/audit');
    await saying(page, 'proposed');
    await page.click('text=Verify all of it');
    await page.waitForSelector('.good');
    await close();
  });

  // -- others ------------------------------------------------------------------------------

  await check('other sites: can neither frame a page nor post to it, nor hear its news', async () => {
    const change = await shop.want('orders-5', '/foreign');
    const { page, complaints, close } = await asAlice(`/changes/${change.id}`);
    const form = await formOf(page, 'approve');
    const fields = Object.entries({ ...form, do: 'approve' }).map(([k, v]) => `<input name="${k}" value="${v.replace(/"/g, '&quot;')}">`);
    const html = `<iframe src="${shop.base}/changes"></iframe><form method="post" action="${shop.base}/changes/${change.id}">${fields.join('')}<button>go</button></form>`;
    const site = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(html)).listen(0, '127.0.0.1');
    await new Promise((done) => site.on('listening', done));
    const at = `http://127.0.0.1:${site.address().port}/`; // the same site, another port: the cookie comes along
    await page.goto(at);
    assert.ok(complaints.some((c) => /frame-ancestors|X-Frame-Options/.test(c)), complaints.join('\n'));
    const heard = await page.evaluate((url) => new Promise((done) => {
      const s = new EventSource(url, { withCredentials: true });
      s.onerror = () => done('refused');
      s.onopen = () => done('heard');
    }), `${shop.base}/changes/live`);
    assert.equal(heard, 'refused');
    await page.click('button');
    await saying(page, 'did not come from a page of this server');
    assert.equal(await shop.pathOf('orders-5'), '/orders/5');
    site.close();
    await close();
  });

  // -- the map -----------------------------------------------------------------------------

  await check('the map: what leads where, what is wrong, what waits; an object with its history', async () => {
    await shop.api('POST', '/v1/domains', { name: 'shop.example.com', enableHttps: 'off' });
    for (const [name, service] of [['cart', 'shop.static'], ['checkout', 'gone.static']])
      await shop.api('POST', '/v1/routes', { name, domains: ['shop.example.com'], path: { matchType: 'PRE', matchValue: `/${name}` }, services: [{ name: service, port: 80, weight: 100 }] });
    const change = await shop.want('cart', '/basket');
    const { page, complaints, close } = await asAlice('/');
    await page.waitForSelector('.map >> visible=true');
    await saying(page, 'no data');
    await saying(page, 'ROUTE_SERVICE_MISSING');
    assert.equal(await page.locator('.map.wide .broken:has-text("checkout")').count(), 1);
    assert.equal(await page.locator('.map.wide .missing:has-text("gone.static")').count(), 1);
    assert.equal(await page.locator('.map.wide g:has-text("cart"):has(.waits)').count(), 1);
    await page.locator('.map.wide a:has-text("cart")').focus();
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1:has-text("cart")');
    assert.equal(await page.locator('.map.wide .node').count(), 3);
    await page.click(`a:has-text("take /basket")`);
    await page.waitForURL(`${shop.base}/changes/${change.id}`);
    await page.goto(`${shop.base}/?kind=service&name=shop.static`);
    assert.ok(await page.locator('.map.wide .node').count() > 5, 'who uses it');
    assert.deepEqual(complaints, []);
    await close();
  });

  await check('the map: an object with what it holds, masked, and who uses it', async () => {
    await shop.api('POST', '/v1/routes', { name: 'noted', path: { matchType: 'PRE', matchValue: '/noted' }, customConfigs: { 'higress.io/note': evil },
      services: [{ name: 'shop.static', port: 80, weight: 100 }] });
    const { page, complaints, close } = await asAlice('/?kind=route&name=noted');
    assert.ok((await page.textContent('.content')).includes(`"higress.io/note": ${JSON.stringify(evil)}`));
    assert.equal(await page.locator('main img').count(), 0, 'text stays text');
    await page.goto(`${shop.base}/?kind=service&name=shop.static`);
    assert.match(await page.textContent('.users'), /route cart services\[0\]/);
    await page.goto(`${shop.base}/?kind=service-source&name=shop`);
    assert.match(await page.textContent('.content'), /127.0.0.1:9001/, 'an object that is not on the map, too');
    assert.equal((await page.goto(`${shop.base}/?kind=route&name=nowhere`)).status(), 404);
    assert.deepEqual(complaints.filter((c) => !c.includes('404')), []);
    await close();
  });

  const sizes = [['light', 1280], ['dark', 1280], ['light', 390], ['dark', 390]];
  async function picturesOf(base, name) {
    for (const [colorScheme, width] of sizes) {
      const { page, close } = await open({ colorScheme, viewport: { width, height: 900 } });
      await signIn(page, `${base}/`, token);
      await page.waitForSelector('.map >> visible=true', { timeout: 60000 });
      await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wider <= 0, `${name} ${width}: ${wider} px too wide`);
      await close();
    }
  }

  await check('the map: what requests meet: figures of the last hour, and why they fail, at the node', async () => {
    const small = await new Mapped().open();
    ends.push(small);
    const { page, complaints, close } = await open();
    await signIn(page, `${small.base}/`, token);
    const node = (name) => page.locator(`.map.wide .node:has(.name:text-is("${name}"))`);
    await page.waitForSelector('.map >> visible=true');
    await saying(page, 'by the access log');
    assert.match(await node('pay.static').getAttribute('class'), /broken/);
    assert.match(await node('pay.static').textContent(), /UPSTREAM_REFUSED/);
    assert.match(await node('checkout').textContent(), /ROUTE_SERVICE_MISSING/);
    assert.equal(await node('search').locator('.count').count() > 6, true);
    assert.equal(await node('pay').locator('.errors').count(), 3);
    assert.equal(await node('admin').locator('.count').count(), 0);
    await picturesOf(small.base, 'map-5');
    assert.deepEqual(complaints, []);
    await close();
  });

  await check('the map: of 5,000 routes those with something the matter, the rest folded, and it opens', async () => {
    const large = await new Mapped().open(5000);
    ends.push(large);
    const { page, complaints, close } = await open();
    await signIn(page, `${large.base}/`, token);
    await page.waitForSelector('.map >> visible=true', { timeout: 60000 });
    await saying(page, '/ 5006');
    const svg = page.locator('.map.wide');
    assert.ok(await svg.locator('.node').count() < 80, `${await svg.locator('.node').count()} nodes`);
    assert.equal(await svg.locator('.broken:has(.says)').count() >= 11, true, 'all that is wrong');
    assert.ok((await page.content()).length < 200000);
    await page.reload();
    await picturesOf(large.base, 'map-5000');
    await svg.locator('a:has(.folded)').first().click();
    await page.waitForSelector('h1:has-text("example.com")');
    await page.goto(`${large.base}/`);
    await page.keyboard.press('/');
    await page.keyboard.type('TEAM-4321');
    await page.keyboard.press('Enter');
    await page.waitForURL(/find=TEAM-4321/);
    assert.equal(await svg.locator('.node:has(.name:text-is("team-4321"))').count(), 1);
    assert.equal(await svg.locator('.node').count(), 3);
    await page.setViewportSize({ width: 390, height: 844 });
    assert.equal(await page.locator('.map.narrow .node:has(.name:text-is("team-4321")) >> visible=true').count(), 1, 'on a phone, too');
    assert.equal(await svg.isVisible(), false);
    assert.deepEqual(complaints, []);
    await close();
  });

  let edit;
  await check('an edit made elsewhere: listed, shown with its diff, put back by a button', async () => {
    await run(binary, ['outside', '--look'], shop.env);
    const { data } = await shop.api('GET', '/v1/routes/orders-7');
    await shop.api('PUT', '/v1/routes/orders-7', { ...data, path: { ...data.path, matchValue: '/elsewhere' }, customConfigs: { 'higress.io/note': evil } });
    const { out } = await run(binary, ['outside', '--look', '--json'], shop.env);
    edit = JSON.parse(out).changes.find((one) => one.title.includes('orders-7'));
    const { page, complaints, close } = await asAlice('/changes');
    await page.selectOption('select[name=state]', 'outside');
    await page.click('text=Search');
    await page.click(`a:has-text("route orders-7 was changed outside")`);
    await page.waitForURL(`${shop.base}/changes/${edit.id}`);
    await saying(page, evil);
    assert.equal(await page.locator('main img').count(), 0, 'text stays text');
    assert.match(await page.textContent('table.diff'), /path\.matchValue.*\/orders\/7.*\/elsewhere/s);
    assert.equal(await page.locator('[value=approve]').count(), 0);
    await page.click('text=Plan what puts it back');
    await saying(page, `restore route orders-7`);
    assert.equal(await shop.pathOf('orders-7'), '/elsewhere', 'planned, not written');
    await page.click('text=Approve and apply');
    await page.waitForSelector('.state.applied');
    assert.equal(await shop.pathOf('orders-7'), '/orders/7');
    assert.deepEqual(complaints, []);
    await close();
  });

  // -- looks -------------------------------------------------------------------------------

  const views = { login: '/login', map: '/', object: '/?kind=route&name=noted', changes: '/changes', audit: '/audit' };
  await check('every view, in both themes, sizes and languages: no serious finding of axe', async () => {
    const change = await shop.want('orders-6', '/looks', { customConfigs: { 'higress.io/note': evil } });
    const destroys = (await shop.client.callTool({ name: 'change_resource', arguments: { kind: 'route', action: 'delete', name: 'many-9' } })).structuredContent;
    Object.assign(views, { change: `/changes/${change.id}`, destroys: `/changes/${destroys.id}`, outside: '/changes?state=outside', edit: `/changes/${edit.id}` });
    const found = [];
    for (const colorScheme of ['light', 'dark'])
      for (const width of [1280, 390]) {
        const locale = width === 390 ? 'zh-CN' : 'en-GB';
        const { page, complaints, close } = await open({ colorScheme, locale, viewport: { width, height: width === 390 ? 844 : 900 }, bypassCSP: true });
        for (const [name, path] of Object.entries(views)) {
          await page.goto(shop.base + path);
          if (await page.locator('#known').count() && name !== 'login') await logIn(page, 'alice', alice, path);
          await page.waitForLoadState();
          assert.equal(await page.locator('html').getAttribute('lang'), locale === 'zh-CN' ? 'zh-Hans' : 'en');
          await page.screenshot({ path: join(pictures, `${name}-${colorScheme}-${width}.png`), fullPage: !['audit', 'changes'].includes(name) });
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
          for (const v of violations.filter((x) => ['serious', 'critical'].includes(x.impact)))
            found.push(`${name} ${colorScheme} ${width}: ${v.id} ${v.nodes.map((n) => n.target + ' ' + n.failureSummary).join('; ')}`);
          const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
          assert.ok(wider <= 0, `${name} ${width}: ${wider} px too wide`);
        }
        assert.deepEqual(complaints, []);
        await close();
      }
    assert.deepEqual(found, []);
  });
} finally {
  await browser.close();
  for (const one of ends) await one.close();
  await shop.client.close();
  await shop.close();
}
summary();
