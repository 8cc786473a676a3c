// house.mjs - real processes for a client's test: the embedded console with a shop, a server, a person at a terminal.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const binary = process.env.HIGRESS_OPS;
export const root = process.env.HIGRESS_OPS_ROOT;
export const tap = join(root, 'tests/e2e/tap.py');
const password = 'wet-paint-7731';

export function freePort() {
  return new Promise((done) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });
}

export async function listening(port, what) {
  for (let i = 0; i < 200; i++) {
    const up = await new Promise((done) => {
      const s = connect(port, '127.0.0.1', () => done(s.end() && true)).on('error', () => done(false));
    });
    if (up) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${what} does not listen`);
}

export class House {
  async open() {
    this.dir = mkdtempSync(join(tmpdir(), 'higress-ops-client-'));
    this.children = [];
    this.port = await freePort();
    this.start(['console', '--data', join(this.dir, 'data'), '--listen', `127.0.0.1:${this.port}`]);
    await listening(this.port, 'the console');
    await this.api('POST', '/system/init', { adminUser: { name: 'admin', displayName: 'Admin', password }, configs: {} });
    await this.api('POST', '/v1/service-sources', { name: 'shop', type: 'static', domain: '127.0.0.1:9001', port: 80, protocol: 'http' });
    for (let i = 0; i < 10; i++)
      await this.api('POST', '/v1/routes', {
        name: `orders-${i}`, path: { matchType: 'PRE', matchValue: `/orders/${i}` }, services: [{ name: 'shop.static', port: 80, weight: 100 }],
      });
    writeFileSync(join(this.dir, 'password'), password);
    this.env = {
      PATH: process.env.PATH, HOME: this.dir, HIGRESS_OPS_URL: `http://127.0.0.1:${this.port}`,
      HIGRESS_OPS_PASSWORD_FILE: join(this.dir, 'password'), HIGRESS_OPS_STATE: join(this.dir, 'state'),
    };
    return this;
  }

  start(args) {
    const child = spawn(binary, args, { env: this.env ?? process.env, stdio: ['ignore', 'ignore', 'inherit'] });
    this.children.push(child);
    return child;
  }

  // Again on the same port when it is called twice; the one before is killed, as a crash would.
  async serve() {
    await this.kill();
    const port = (this.servePort ??= await freePort());
    const child = this.start(['serve', '--listen', `127.0.0.1:${port}`]);
    this.server = child;
    await listening(port, 'the server');
    return { url: new URL(`http://127.0.0.1:${port}/mcp`), child, port };
  }

  // The port of a relay that keeps what the server says (tests/e2e/tap.py).
  async tap() {
    const child = spawn('python3', [tap, 'http', `${this.servePort}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.children.push(child);
    return new Promise((done) => child.stdout.once('data', (port) => done(parseInt(port))));
  }

  async kill() {
    if (!this.server) return;
    const gone = new Promise((done) => this.server.on('exit', done));
    this.server.kill('SIGKILL');
    await gone;
    this.server = null;
  }

  async api(method, path, body) {
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      method, body: body && JSON.stringify(body),
      headers: { 'content-type': 'application/json', authorization: 'Basic ' + Buffer.from(`admin:${password}`).toString('base64') },
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    const text = await response.text();
    return text && JSON.parse(text);
  }

  async pathOf(route) {
    return (await this.api('GET', `/v1/routes/${route}`)).data.path.matchValue;
  }

  // What a person at a terminal does: runs the command and types the answer when asked.
  person(args, answer) {
    return run('python3', [join(root, 'tests/clients/terminal.py'), answer, binary, ...args], this.env);
  }

  async close() {
    for (const child of this.children) child.kill('SIGTERM');
    await Promise.all(this.children.map((c) => c.exitCode !== null || c.signalCode ? null : new Promise((done) => c.on('exit', done))));
    rmSync(this.dir, { recursive: true, force: true });
  }
}

export function run(command, args, env) {
  return new Promise((done) => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '', err = '';
    child.stdout.on('data', (d) => (out += d));
    child.stderr.on('data', (d) => (err += d));
    child.on('close', (code) => done({ code, out, err }));
  });
}

let passed = 0, failed = 0;
export async function check(name, fn) {
  try {
    await fn();
    passed++;
    console.log(`ok   ${name}`);
  } catch (e) {
    failed++;
    console.log(`FAIL ${name}\n     ${e.stack}`);
  }
}
export function summary() {
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0); // whatever a failed check has left running
}
