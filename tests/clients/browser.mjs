// browser.mjs - a change in Chromium as clients bring it there: the view that an MCP Apps host shows, and the link to the page
// where a person decides. Both get text that would be markup, and a listener for every request that leaves them.
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema, ElicitationCompleteNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { Client as Modern, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client';
import { check, summary } from './house.mjs';
import { recording } from './record.mjs';
import { Shop, browser, client, evil, open, saying, signIn, token } from './shop.mjs';

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
    assert.equal(await page.locator('main img').count(), 0, 'text stays text');
    assert.equal(await shop.pathOf('orders-1'), '/orders/1', 'nothing is written by looking');
    await page.click('text=Approve and apply');
    await page.waitForSelector('.state.applied');
    assert.equal(await shop.pathOf('orders-1'), '/approved');
    assert.equal(await page.locator('button:has-text("Approve")').count(), 0);
    const got = await shop.client.callTool({ name: 'get_change', arguments: { id: change.id } });
    assert.equal(got.structuredContent.state, 'applied');
    const audit = (await shop.client.readResource({ uri: 'higress://audit' })).contents[0].text.split('\n');
    assert.ok(audit.some((line) => [change.id, 'ada', 'page'].every((word) => line.includes(word))), audit.join('\n'));
    assert.ok(!asked.some((a) => !/^(GET|POST) \/(login|changes?(\/\S+)?|style\.css|page\.js)$/.test(a)), `nothing else is asked: ${asked}`);
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
        await page.waitForSelector('.state.pending');
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

  await check('the page to decide: what was decided elsewhere meanwhile is said', async () => {
    const change = await shop.want('orders-3', '/late');
    const { page, close } = await open();
    page.on('dialog', (d) => d.accept());
    await signIn(page, change.decide_at, token);
    await page.waitForSelector('.state.pending');
    await page.fill('textarea', 'this takes a while to write');
    await shop.person(['reject', change.id], 'yes');
    await page.click('text=Approve and apply');
    await saying(page, 'nothing to decide');
    assert.equal(await shop.pathOf('orders-3'), '/orders/3');
    await close();
  });

  await check('the page to decide: neither a wrong token nor a client\'s shows or decides anything', async () => {
    const change = await shop.want('orders-4', '/never');
    const { page, close } = await open();
    for (const wrong of ['wrong', client]) {
      await signIn(page, change.decide_at, wrong);
      await saying(page, 'That is not right');
      assert.ok(!(await page.textContent('main')).includes('/never'));
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

  // As a host does: the page in a sandboxed frame under the policy that it asked for (no domains at all).
  async function host(capabilities, uri = 'ui://higress-ops/plan2') {
    const { contents: [{ text }] } = await shop.client.readResource({ uri });
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
  // A host that passes on what the view asks of the server, as hosts do.
  async function mapHost(capabilities = { serverTools: {}, serverResources: {} }) {
    const view = await host(capabilities, 'ui://higress-ops/map1');
    const calls = [];
    let stopped = false, answered = 0;
    const serve = async () => {
      while (!stopped) {
        const said = await view.page.evaluate(() => window.said).catch(() => []);
        for (const m of said.slice(answered)) {
          answered++;
          if (!['tools/call', 'resources/read'].includes(m.method)) continue;
          calls.push(m);
          const done = m.method === 'tools/call' ? shop.client.callTool(m.params) : shop.client.readResource(m.params);
          const answer = await done.then((result) => ({ id: m.id, result }), (e) => ({ id: m.id, error: { code: -1, message: e.message } }));
          await view.hear(answer).catch(() => {});
        }
        await new Promise((next) => setTimeout(next, 20));
      }
    };
    const served = serve();
    return { ...view, calls, close: async () => { stopped = true; await served; await view.close(); } };
  }

  await check('the view of the map: beside the overview; a node opens what is known of its object', async () => {
    await shop.api('POST', '/v1/routes', { name: 'lost', path: { matchType: 'PRE', matchValue: `/<b>lost` },
      services: [{ name: 'gone.static', port: 80, weight: 100 }], customConfigs: { 'higress.io/note': evil } });
    const { tools } = await shop.client.listTools();
    for (const name of ['gateway_overview', 'diagnose'])
      assert.equal(tools.find((t) => t.name === name)._meta.ui.resourceUri, 'ui://higress-ops/map1');
    const { app, asked, complaints, calls, hear, until, close } = await mapHost();
    const overview = await shop.client.callTool({ name: 'gateway_overview', arguments: {} });
    await hear({ method: 'ui/notifications/tool-input', params: { arguments: {} } });
    await hear({ method: 'ui/notifications/tool-result', params: overview });
    await app.waitForSelector('.map .broken:has-text("lost")');
    assert.ok((await app.textContent('#said')).includes('ROUTE_SERVICE_MISSING'));
    assert.ok((await app.textContent('.map .broken:has-text("lost")')).includes('gone.static'), 'in words at its node');
    await until('ui/notifications/size-changed');
    await app.focus('[data-name=lost]');
    await app.press('[data-name=lost]', 'Enter');
    await app.waitForFunction(() => document.getElementById('chosen').textContent.includes('higress.io/note'));
    assert.equal(await app.locator('.map .node').count(), 3, 'what leads to and from it');
    assert.deepEqual(calls.filter((c) => c.method === 'tools/call').map((c) => c.params.name), ['diagnose', 'get_resource', 'list_changes']);
    assert.ok((await app.textContent('#chosen')).includes(evil));
    assert.equal(await app.locator('main img, main b, main script').count(), 0, 'text stays text');
    await app.click('text=The whole gateway');
    await app.waitForFunction(() => document.querySelectorAll('.map .node').length > 5);
    assert.deepEqual([asked, complaints], [[], []]);
    await close();
  });

  await check('the view of the map: beside a diagnosis only its object; a hostile drawing; hosts that pass nothing on', async () => {
    const { app, hear, close } = await mapHost();
    await hear({ method: 'ui/notifications/tool-input', params: { arguments: { route: 'orders-5' } } });
    await hear({ method: 'ui/notifications/tool-result', params: { content: [{ type: 'text', text: evil }] } });
    await app.waitForSelector('[data-name=orders-5]');
    assert.equal(await app.locator('.map [data-kind=route]').count(), 1);
    assert.equal(await app.locator('main img').count(), 0);
    await close();
    const bad = await host({ serverResources: {} }, 'ui://higress-ops/map1');
    await bad.hear({ method: 'ui/notifications/tool-result', params: { content: [{ type: 'text', text: 'as said' }] } });
    const read = await bad.until('resources/read');
    assert.deepEqual(read.params, { uri: 'higress://map/default' });
    const drawing = '<svg xmlns="http://www.w3.org/2000/svg" onload="window.hit=1"><script>window.hit=1</script><foreignObject><img xmlns="http://www.w3.org/1999/xhtml" src="x" onerror="window.hit=1"/></foreignObject><a href="javascript:1"><text>x</text></a><text onclick="window.hit=1" style="x">kept</text></svg>';
    await bad.hear({ id: read.id, result: { contents: [{ text: drawing }] } });
    await bad.app.waitForSelector('svg:has-text("kept")');
    assert.equal(await bad.app.evaluate(() => document.getElementById('drawing').innerHTML.replace(/ xmlns="[^"]*"/, '')), '<svg><text>kept</text></svg>');
    assert.equal(await bad.app.evaluate(() => window.hit), undefined);
    await bad.close();
    const mute = await host({}, 'ui://higress-ops/map1');
    await mute.hear({ method: 'ui/notifications/tool-result', params: { content: [{ type: 'text', text: 'as said' }] } });
    await mute.app.waitForSelector('text=as said');
    await mute.close();
  });
} finally {
  await browser.close();
  await shop.client.close();
  await shop.close();
}
summary();
