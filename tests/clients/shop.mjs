// shop.mjs - a shop whose client asks for changes over HTTP, people who decide at the pages, and a browser for them.
import assert from 'node:assert/strict';
import { createHash, scryptSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { chromium } from 'playwright-core';
import { House, freePort, root } from './house.mjs';
import { recording } from './record.mjs';

export const token = 'approver-token-5b1d', client = 'client-token-77aa';
export const sha256 = (text) => createHash('sha256').update(text).digest('hex');
export const evil = '<img src=x onerror=alert(1)>';

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell', args: ['--no-sandbox'],
});

// A page, with what it asked the network for and what it complained of.
export async function open(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const asked = [], complaints = [];
  page.on('request', (r) => asked.push(`${r.method()} ${new URL(r.url()).pathname}`));
  page.on('pageerror', (e) => complaints.push(e.message));
  page.on('console', (m) => m.type() === 'error' && complaints.push(m.text()));
  return { page, asked, complaints, close: () => context.close() };
}

// As the configuration keeps it; small numbers, for a quick test.
function scrypt(passphrase) {
  const salt = Buffer.from('salt of this test');
  return `scrypt$1024$8$1$${salt.toString('base64url')}$${scryptSync(passphrase, salt, 32, { N: 1024, r: 8, p: 1 }).toString('base64url')}`;
}

function row({ name, roles, tokens, os, oidc, passphrase }) {
  const secret = passphrase ? `, passphrase: "${scrypt(passphrase)}"` : '';
  return `  - {name: ${name}, roles: [${roles}]${tokens ? `, tokens: [${tokens}]` : ""}${os ? `, os: [${os}]` : ""}${oidc ? `, oidc: [${oidc}]` : ""}${secret}}\n`;
}

export class Shop extends House {
  // people: [{ name, roles, tokens?, os?, oidc?, passphrase? }], for the table of the configuration. settings: more variables, by the port and the folder.
  async open(people, settings = () => ({})) {
    await super.open();
    this.servePort = await freePort();
    this.base = `http://127.0.0.1:${this.servePort}`;
    this.env.HIGRESS_OPS_TOKENS = `model:${sha256(client)}`;
    this.env.HIGRESS_OPS_APPROVERS = `ada:${sha256(token)}`;
    if (people) {
      writeFileSync(join(this.dir, 'people.yaml'), `people:\n${people.map(row).join('')}`);
      this.env.HIGRESS_OPS_CONFIG = join(this.dir, 'people.yaml');
    }
    Object.assign(this.env, settings(this.servePort, this.dir));
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

export async function signIn(page, at, secret) {
  await page.goto(at);
  await page.waitForSelector('#token');
  await page.fill('#token', secret);
  await page.click('#who button');
}

// For people: build/browser-pictures.
export async function picture(page, name) {
  await page.screenshot({ path: join(root, 'build/browser-pictures', `${name}.png`) });
}

export async function saying(page, words, timeout = 10000) {
  await page.waitForFunction((w) => document.querySelector('main').textContent.includes(w), words, { timeout })
    .catch(async () => assert.fail(`no ${words} in ${(await page.textContent('main')).slice(-2000)}`));
}
