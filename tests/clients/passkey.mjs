// passkey.mjs - passkeys in Chromium with a virtual authenticator (CDP): a code from a terminal, a key enrolled with it, a change
// approved by it; and keys and browsers that are not what they should be.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { check, root, summary } from './house.mjs';
import { Shop, browser, open, saying } from './shop.mjs';

const alice = 'correct horse 電池', bob = 'bob decides too';
const pictures = join(root, 'build/pages');
mkdirSync(pictures, { recursive: true });
const shop = await new Shop().open([
  { name: 'alice', roles: ['approver', 'operator'], tokens: ['ada'], passphrase: alice },
  { name: 'bob', roles: ['approver'], passphrase: bob },
  { name: 'admin', roles: ['admin'], os: [userInfo().username] },
  { name: 'model', roles: ['operator'], tokens: ['model'] },
], (port) => ({ HIGRESS_OPS_PAGE: `http://localhost:${port}`, HIGRESS_OPS_APPROVAL_CHANGE: 'passkey' }));
const named = `http://localhost:${shop.servePort}`;

async function codeFor(name) {
  const { screen } = await terminal(['passkey', 'enroll', name]);
  return screen.match(/\b[a-z0-9]{4}(-[a-z0-9]{4}){3}\b/)[0];
}

async function terminal(args) {
  const { out } = await shop.person(args, 'yes');
  return { screen: out };
}

// A person at a browser that has one authenticator.
async function at(name, passphrase, base = named) {
  const opened = await open();
  const { page } = opened;
  page.on('dialog', (d) => d.accept());
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable', { enableUI: false });
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: {
    protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true } });
  const key = (what, more) => cdp.send(`WebAuthn.${what}`, { authenticatorId, ...more });
  await page.goto(`${base}/login?to=/passkeys`);
  await page.fill('#name', name);
  await page.fill('#passphrase', passphrase);
  await page.click('#known button');
  await page.waitForSelector('nav');
  return { ...opened, key };
}

async function enrol(page, code, name = 'the blue one') {
  await page.goto(`${named}/passkeys`);
  await page.fill('#code', code);
  await page.fill('#name', name);
  await page.click('[data-passkey]');
}

const press = (page) => page.click('[data-passkey]');
const said = (page) => page.waitForSelector('#passkey-says:not([hidden])').then((p) => p.textContent());

async function look(page, change) {
  await page.goto(`${named}/changes/${change.id}`);
  await page.waitForSelector('.decide');
}

const boss = await at('alice', alice);

try {
  await check('without a key: the page says what it takes, and offers no button', async () => {
    const change = await shop.want('orders-0', '/no-key');
    await look(boss.page, change);
    await saying(boss.page, 'with a key of theirs');
    assert.equal(await boss.page.locator('[value=approve], [data-passkey]').count(), 0);
  });

  await check('a code: wrong, another person\'s, and after use; then the key is there', async () => {
    const { page } = boss;
    await enrol(page, 'aaaa-aaaa-aaaa-aaaa');
    assert.match(await said(page), /not a code/);
    const bobs = await codeFor('bob');
    await enrol(page, bobs);
    assert.match(await said(page), /not a code/);
    const code = await codeFor('alice');
    await enrol(page, code.toUpperCase());
    await saying(page, 'the blue one');
    await page.screenshot({ path: join(pictures, 'passkeys.png'), fullPage: true });
    await enrol(page, code, 'again');
    assert.match(await said(page), /not a code/);
    const { screen } = await terminal(['passkey', 'list']);
    assert.match(screen, /alice.*the blue one.*01020304-0506-0708-0102-030405060708 \(attested\)/);
  });

  await check('a key approves exactly this change, and its use is audited', async () => {
    const { page, complaints } = boss;
    const change = await shop.want('orders-1', '/by-key');
    await look(page, change);
    assert.equal(await page.locator('[value=approve]').count(), 0, 'pressing a button is not enough');
    await page.screenshot({ path: join(pictures, 'change-by-passkey.png'), fullPage: true });
    await page.fill('textarea', 'touched it');
    await press(page);
    await page.waitForSelector('.state.applied');
    assert.equal(await shop.pathOf('orders-1'), '/by-key');
    assert.match(await page.textContent('.timeline'), /approved by alice.*passkey/s);
    const lines = (await shop.client.readResource({ uri: 'higress://audit' })).contents[0].text;
    for (const event of ['passkey code made', 'passkey enrolled', 'passkey used']) assert.ok(lines.includes(event), event);
    assert.deepEqual(complaints.filter((c) => !c.includes('409')), []);
  });

  await check('the same answer again, or for another change, is refused', async () => {
    const { page } = boss;
    const first = await shop.want('orders-2', '/first'), second = await shop.want('orders-3', '/second');
    await look(page, first);
    const posted = page.waitForEvent('requestfailed', (r) => r.method() === 'POST' && r.url().endsWith(first.id));
    await page.route(`**/changes/${first.id}`, (r) => r.request().method() === 'POST' ? r.abort() : r.continue());
    await press(page);
    const fields = Object.fromEntries(new URLSearchParams((await posted).postData()));
    await page.unroute(`**/changes/${first.id}`);
    const cookie = (await page.context().cookies(named)).map((c) => `${c.name}=${c.value}`).join('; ');
    const send = (id, body) => fetch(`${named}/changes/${id}`, { method: 'POST', redirect: 'manual',
      headers: { cookie, origin: named, 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(body) });
    await look(page, second);
    const own = await page.locator('form.decision').evaluate((f) => Object.fromEntries(new FormData(f)));
    const moved = await send(second.id, { ...own, do: 'approve', passkey: fields.passkey });
    assert.equal(moved.status, 409);
    assert.match(await moved.text(), /another question/);
    const late = await send(first.id, fields); // the question is used up
    assert.equal(late.status, 409);
    assert.match(await late.text(), /not open/);
    const plain = await send(second.id, { ...own, do: 'approve' });
    assert.equal(plain.status, 409);
    assert.equal(await shop.pathOf('orders-2'), '/orders/2');
    assert.equal(await shop.pathOf('orders-3'), '/orders/3');
  });

  await check('a key that does not know its person, or does not sign, approves nothing', async () => {
    const { page, key } = boss;
    const change = await shop.want('orders-4', '/bad-key');
    for (const [bits, words] of [[{ isBogusSignature: true }, 'signature'], [{ isBadUV: true }, 'did not verify'], [{ isBadUP: true }, 'nobody touched']]) {
      await look(page, change);
      await key('setResponseOverrideBits', bits);
      await press(page);
      await page.waitForSelector('.problem[role=alert]:not([hidden])');
      await saying(page, words);
      await key('setResponseOverrideBits', { isBogusSignature: false, isBadUV: false, isBadUP: false });
    }
    await look(page, change);
    await key('setUserVerified', { isUserVerified: false });
    await press(page);
    assert.match(await said(page), /No key answered/);
    await key('setUserVerified', { isUserVerified: true });
    assert.equal(await shop.pathOf('orders-4'), '/orders/4');
  });

  await check('another person\'s browser and key: theirs approve, alice\'s do not count as theirs', async () => {
    const other = await at('bob', bob);
    await enrol(other.page, await codeFor('bob'), 'the red one');
    await saying(other.page, 'the red one');
    const change = await shop.want('orders-5', '/by-bob');
    await look(other.page, change);
    await press(other.page);
    await other.page.waitForSelector('.state.applied');
    assert.match(await other.page.textContent('.timeline'), /approved by bob.*passkey/s);
    const { screen } = await terminal(['passkey', 'list', 'bob']);
    const id = screen.match(/bob\s+(\S+)/)[1];
    assert.match((await terminal(['passkey', 'remove', 'bob', id])).screen, /removed/);
    const again = await shop.want('orders-6', '/removed');
    await look(other.page, again);
    assert.equal(await other.page.locator('[data-passkey]').count(), 0);
    await other.close();
  });

  await check('by address, without a script, and in an old browser: the page says why there is no key', async () => {
    const change = await shop.want('orders-7', '/no-webauthn');
    const byAddress = await at('alice', alice, shop.base);
    await byAddress.page.goto(`${shop.base}/changes/${change.id}`);
    await press(byAddress.page);
    assert.match(await said(byAddress.page), /No key answered/);
    await byAddress.close();
    const old = await open();
    await old.page.addInitScript(() => { delete window.PublicKeyCredential; });
    await old.page.goto(`${named}/login?to=/changes/${change.id}`);
    await old.page.fill('#name', 'alice');
    await old.page.fill('#passphrase', alice);
    await old.page.click('#known button');
    await old.page.waitForSelector('.no-passkey:not([hidden])');
    assert.equal(await old.page.locator('[data-passkey]').isVisible(), false);
    await old.close();
  });

  await check('a copied key: its counter does not rise, it is refused, and decides nothing any more', async () => {
    const { page, key } = boss;
    const change = await shop.want('orders-8', '/copied');
    const { credentials: [mine] } = await key('getCredentials');
    await key('removeCredential', { credentialId: mine.credentialId });
    await key('addCredential', { credential: { ...mine, signCount: 1 } });
    await look(page, change);
    await press(page);
    await saying(page, 'there is a copy');
    await look(page, change);
    assert.equal(await page.locator('[data-passkey]').count(), 0);
    assert.match((await terminal(['passkey', 'list', 'alice'])).screen, /there is a copy of it/);
    assert.equal(await shop.pathOf('orders-8'), '/orders/8');
  });
} finally {
  await shop.close();
  await browser.close();
}
summary();
