// api.mjs - /api seen from a browser in which an approver is logged in: by pages of another site, by frames, by a page of our
// own. A cookie counts for nothing there, and no answer is read or shown by anybody's page.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { check, summary } from './house.mjs';
import { Shop, browser, evil, open, signIn, token } from './shop.mjs';

const shop = await new Shop().open();

// Another site: localhost is not 127.0.0.1, and each is of this machine.
const site = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end('<!doctype html><title>x</title><main>'));
await new Promise((done) => site.listen(0, '127.0.0.1', done));
const foreign = `http://localhost:${site.address().port}/`;

// The change, and what an approver's own program reads of it.
async function wanted(route) {
  const change = await shop.want(route, '/taken');
  const answer = await fetch(`${shop.base}/api/changes/${change.id}`, { headers: { authorization: `Bearer ${token}` } });
  return { id: change.id, path: `/api/changes/${change.id}/approve`, read: (await answer.json()).read };
}

async function state(id) {
  return (await shop.client.callTool({ name: 'get_change', arguments: { id } })).structuredContent.state;
}

try {
  await check('a form of another site, with the cookie of who is logged in', async () => {
    const { page, close } = await open();
    const change = await wanted('orders-1');
    await signIn(page, `${shop.base}/changes/${change.id}`, token);
    await page.waitForSelector('.state.pending');
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      await page.goto(foreign);
      const [answer] = await Promise.all([
        page.waitForNavigation(),
        page.evaluate(({ to, type, body }) => {
          const form = document.body.appendChild(Object.assign(document.createElement('form'), { method: 'post', action: to, enctype: type }));
          form.append(Object.assign(document.createElement('input'), { name: body.slice(0, -1), value: '"}' }));
          form.submit();
        }, { to: shop.base + change.path, type, body: JSON.stringify({ ...change.read, comment: 'x' }) }),
      ]);
      assert.equal(answer.status(), 401, type);
      assert.equal((await answer.json()).code, 'unauthorized');
    }
    assert.equal(await state(change.id), 'pending');
    await close();
  });

  await check('a fetch of another site: nothing is decided, nothing is read', async () => {
    const { page, close } = await open();
    const change = await wanted('orders-2');
    await signIn(page, `${shop.base}/changes/${change.id}`, token);
    await page.waitForSelector('.state.pending');
    await page.goto(foreign);
    const tried = await page.evaluate(async ({ base, change, token }) => {
      const body = JSON.stringify(change.read), out = {};
      const attempt = async (name, path, options) => {
        out[name] = await fetch(base + path, options).then(async (r) => r.type === 'opaque' ? 'opaque' : await r.text(), (e) => e.name);
      };
      await attempt('simple', change.path, { method: 'POST', mode: 'no-cors', credentials: 'include', body });
      await attempt('json', change.path, { method: 'POST', credentials: 'include', body, headers: { 'content-type': 'application/json' } });
      await attempt('token', change.path, { method: 'POST', body, headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` } });
      await attempt('list', '/api/changes', { credentials: 'include' });
      await attempt('document', '/api/openapi.json', {});
      await attempt('put', change.path, { method: 'PUT', credentials: 'include', body });
      return out;
    }, { base: shop.base, change, token });
    assert.deepEqual(tried, { simple: 'opaque', json: 'TypeError', token: 'TypeError', list: 'TypeError', document: 'TypeError', put: 'TypeError' });
    assert.equal(await state(change.id), 'pending');
    await close();
  });

  await check('a page of our own has no token: its cookie counts for nothing', async () => {
    const { page, close } = await open();
    const change = await wanted('orders-3');
    await signIn(page, `${shop.base}/changes/${change.id}`, token);
    await page.waitForSelector('.state.pending');
    const statuses = await page.evaluate(async ({ change }) => {
      const post = await fetch(change.path, { method: 'POST', body: JSON.stringify(change.read), headers: { 'content-type': 'application/json' } });
      return [post.status, (await fetch('/api/changes')).status];
    }, { change });
    assert.deepEqual(statuses, [401, 401]);
    assert.equal(await state(change.id), 'pending');
    await close();
  });

  await check('no frame shows it, and none of it runs', async () => {
    const { page, complaints, close } = await open();
    await page.goto(foreign);
    await page.evaluate((to) => new Promise((done) => {
      const frame = Object.assign(document.createElement('iframe'), { src: to, onload: done });
      document.body.append(frame);
    }), `${shop.base}/api/openapi.json`);
    assert.equal((await page.frames()[1].content()).includes('openapi'), false, 'shown in a frame');
    assert.ok(complaints.some((c) => /frame/i.test(c)), complaints.join('\n'));
    await shop.want('orders-4', '/x', { customConfigs: { 'higress.io/note': evil } });
    await page.setExtraHTTPHeaders({ authorization: `Bearer ${token}` });
    page.on('dialog', () => assert.fail('it ran'));
    await page.goto(`${shop.base}/api/changes`);
    assert.equal(await page.locator('img').count(), 0, 'text stays text');
    await close();
  });
} finally {
  await browser.close();
  await shop.client.close();
  site.close();
  await shop.close();
}
summary();
