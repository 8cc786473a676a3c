// clients.mjs - the official clients against the real server: list, read, plan, approve, decline, undo, cancel, restart.
import assert from 'node:assert/strict';
import { Client as Sdk1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as Stdio1 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as Http1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { SSEClientTransport as Sse1 } from '@modelcontextprotocol/sdk/client/sse.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { Client as Sdk2, StreamableHTTPClientTransport as Http2 } from '@modelcontextprotocol/client';
import { StdioClientTransport as Stdio2 } from '@modelcontextprotocol/client/stdio';
import { encode } from 'gpt-tokenizer';
import { House, binary, check, root, run, summary, tap } from './house.mjs';
import { recording } from './record.mjs';
import { writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const modern = '2026-07-28';
const info = { name: 'client-test', version: '1.0.0' };
const approve = { action: 'accept', content: { decision: 'approve' } };

function sdk1(answer) {
  const client = new Sdk1(info, { capabilities: answer ? { elicitation: {} } : {} });
  if (answer) client.setRequestHandler(ElicitRequestSchema, async (r) => answer(r.params));
  return client;
}

function sdk2(mode) {
  return (answer) => {
    const client = new Sdk2(info, { capabilities: answer ? { elicitation: { form: {} } } : {}, versionNegotiation: { mode } });
    if (answer) client.setRequestHandler('elicitation/create', async (r) => answer(r.params));
    return client;
  };
}

const stdioOf = (Transport) => async (house) =>
  recording(new Transport({ command: binary, args: ['stdio'], env: house.env, stderr: 'inherit' }));
const httpOf = (Transport) => async (house) => recording(new Transport((await house.serve()).url));

const sseOf = (Transport) => async (house) => recording(new Transport(new URL('/sse', (await house.serve()).url)));
const bridgeOf = (Transport) => async (house) => {
  const { url } = await house.serve();
  const args = [join(root, 'build/clients/node_modules/mcp-remote/dist/proxy.js'), url.href, '--transport', 'http-only', '--allow-http'];
  return recording(new Transport({ command: process.execPath, args, env: house.env, stderr: 'ignore' }));
};

const matrix = [
  ['SDK 1.32.2, stdio', sdk1, stdioOf(Stdio1)],
  ['SDK 1.32.2, HTTP', sdk1, httpOf(Http1)],
  ['client 2.4.0 legacy, stdio', sdk2('legacy'), stdioOf(Stdio2)],
  ['client 2.4.0 legacy, HTTP', sdk2('legacy'), httpOf(Http2)],
  ['client 2.4.0 auto, stdio', sdk2('auto'), stdioOf(Stdio2), modern],
  ['client 2.4.0 auto, HTTP', sdk2('auto'), httpOf(Http2), modern],
  ['client 2.4.0 pinned, HTTP', sdk2({ pin: modern }), httpOf(Http2), modern],
  ['client 2.4.0 pinned, stdio', sdk2({ pin: modern }), stdioOf(Stdio2), modern],
  ['SDK 1.32.2, HTTP+SSE', sdk1, sseOf(Sse1)],
  ['SDK 1.32.2, mcp-remote 0.15.1', sdk1, bridgeOf(Stdio1)],
];

const patch = (name, path, more = {}) => ({
  name: 'change_resource',
  arguments: { kind: 'route', action: 'patch', name, object: { path: { matchValue: path } }, ...more },
});

async function operate(make, transport, house, era) {
  const asked = [];
  let answer = approve;
  const client = make(async (params) => (asked.push(params), answer));
  await client.connect(await transport(house));
  if (era) assert.equal(client.getNegotiatedProtocolVersion?.() ?? era, era);

  const { tools } = await client.listTools();
  assert.ok(tools.length >= 14, `${tools.length} tools`);
  const { prompts } = await client.listPrompts();
  assert.equal(prompts.length, 3);
  const prompt = await client.getPrompt({ name: 'tune-limits', arguments: { route: 'orders-1' } });
  assert.match(prompt.messages[0].content.text, /orders-1/);
  const names = await client.complete({ ref: { type: 'ref/prompt', name: 'tune-limits' }, argument: { name: 'route', value: 'orders-' } });
  assert.equal(names.completion.values.length, 10);

  const { resources } = await client.listResources();
  assert.ok(resources.some((r) => r.uri === 'higress://gateway/default/route/orders-1'), `${resources.length} resources`);
  const read = await client.readResource({ uri: 'higress://gateway/default/route/orders-1' });
  assert.equal(JSON.parse(read.contents[0].text).path.matchValue, '/orders/1');

  const list = await client.callTool({ name: 'list_routes', arguments: { text: 'orders-' } });
  assert.equal(list.structuredContent.count, 10);
  const one = await client.callTool({ name: 'get_resource', arguments: { kind: 'route', name: 'orders-1' } });
  assert.equal(one.structuredContent.object.path.matchValue, '/orders/1');

  const plan = await client.callTool(patch('orders-1', '/planned', { dry_run: true }));
  assert.equal(plan.structuredContent.state, 'draft');
  assert.equal(asked.length, 0);

  const applied = await client.callTool(patch('orders-1', '/applied'));
  assert.equal(applied.structuredContent.state, 'applied', JSON.stringify(applied));
  assert.equal(asked.length, 1);
  assert.match(asked[0].message, /\/applied/);
  assert.equal(await house.pathOf('orders-1'), '/applied');

  answer = { action: 'decline' };
  const declined = await client.callTool(patch('orders-1', '/declined'));
  assert.equal(declined.structuredContent.state, 'rejected');
  answer = { action: 'cancel' };
  const later = await client.callTool(patch('orders-1', '/cancelled'));
  assert.equal(later.structuredContent.state, 'pending');
  assert.equal(await house.pathOf('orders-1'), '/applied');

  answer = approve;
  const undone = await client.callTool({ name: 'undo_change', arguments: { id: applied.structuredContent.id } });
  assert.equal(undone.structuredContent.state, 'applied', JSON.stringify(undone));
  assert.equal(await house.pathOf('orders-1'), '/orders/1');

  const wrong = await client.callTool({ name: 'get_resource', arguments: { kind: 'route', name: 'no-such' } });
  assert.equal(wrong.isError, true);
  await client.close();
}

async function outOfBand(make, transport, house) {
  const client = make(null);
  await client.connect(await transport(house));
  const asks = await client.callTool(patch('orders-2', '/by-hand'));
  assert.equal(asks.structuredContent.status, 'approval_required', JSON.stringify(asks));
  const { id } = asks.structuredContent;
  assert.equal(await house.pathOf('orders-2'), '/orders/2');
  const pipe = await run(binary, ['approve', id], house.env);
  assert.notEqual(pipe.code, 0, 'approved from a pipe');
  const typed = await house.person(['approve', id], 'yes');
  assert.equal(typed.code, 0, typed.out + typed.err);
  const seen = await client.callTool({ name: 'get_change', arguments: { id, wait: 5 } });
  assert.equal(seen.structuredContent.state, 'applied', JSON.stringify(seen));
  assert.equal(await house.pathOf('orders-2'), '/by-hand');
  await client.close();
}

const pause = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
// An error of the client's own, and in time: to hear nothing is none.
const refused = (seconds, promise, what) => {
  const late = new Error(`nothing in ${seconds} s`);
  const both = Promise.race([promise, new Promise((_, no) => setTimeout(no, seconds * 1000, late).unref())]);
  return assert.rejects(both, (e) => e !== late, what);
};
const waiting = (client, id, options) =>
  client.callTool({ name: 'get_change', arguments: { id, wait: 30 } }, ...(client instanceof Sdk1 ? [undefined, options] : [options]));

// What a client that stays connected meets when the server behind it is another process: 2026-07-28 goes on, a session
// is refused (mcp-remote opens another by itself). Over stdio the server is the client's own child, and gone.
async function outlive(client, house, id, goesOn) {
  if (house.server) await house.serve();
  else process.kill(client.transport.pid, 'SIGKILL');
  const call = client.callTool({ name: 'get_change', arguments: { id } });
  if (house.server && goesOn) assert.equal((await call).structuredContent.state, 'pending', 'as if nothing had happened');
  else await refused(10, call, 'a session does not outlive its server');
}

// A call is cancelled, the change it waits for stays; a restarted server knows the change; a dead server is an error.
async function survive(make, transport, house, goesOn) {
  const client = make(null);
  await client.connect(await transport(house));
  const asks = await client.callTool(patch('orders-3', '/later'));
  const { id } = asks.structuredContent;
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 300);
  await refused(5, waiting(client, id, { signal: stop.signal }), 'cancelled');
  const seen = await client.callTool({ name: 'get_change', arguments: { id } });
  assert.equal(seen.structuredContent.state, 'pending', 'cancelling a call decides nothing');
  await outlive(client, house, id, goesOn);
  await client.close().catch(() => {});

  const again = make(null);
  await again.connect(await transport(house)); // over HTTP the server is another process now
  const kept = await again.callTool({ name: 'get_change', arguments: { id } });
  assert.equal(kept.structuredContent.state, 'pending', 'the change is still there');
  const dead = waiting(again, id, { timeout: 6000 });
  dead.catch(() => {});
  await pause(0.3);
  if (house.server) await house.kill();
  else process.kill(again.transport.pid, 'SIGKILL');
  await refused(15, dead, 'a dead server gives no answer');
  await again.close().catch(() => {});
  assert.equal(await house.pathOf('orders-3'), '/orders/3');
}

for (const [name, make, transport, era] of matrix) {
  await check(`${name}: list, read, plan, approve, decline, cancel, undo`, async () => {
    const house = await new House().open();
    try {
      await operate(make, transport, house, era);
    } finally {
      await house.close();
    }
  });
  await check(`${name}: cancel, reconnect after a restart, a server killed under a call`, async () => {
    const house = await new House().open();
    try {
      await survive(make, transport, house, era || name.includes('mcp-remote'));
    } finally {
      await house.close();
    }
  });
  await check(`${name}: approval by the command line`, async () => {
    const house = await new House().open();
    try {
      await outOfBand(make, transport, house);
    } finally {
      await house.close();
    }
  });
}

const inspector = join(root, 'build/clients/node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');
// Each call of the CLI is a client of its own: it connects, calls once and ends. `heard`: tests/parts/90-schemas is, too.
async function inspecting(house, way, era, heard) {
  const url = way !== 'stdio' && (await house.serve()).url;
  if (url && heard) url.port = await house.tap();
  const own = Object.entries(house.env).filter(([k]) => k.startsWith('HIGRESS')).flatMap((e) => ['-e', e.join('=')]);
  const target = {
    HTTP: () => [url.href, '--transport', 'http'], SSE: () => [new URL('/sse', url).href, '--transport', 'sse'],
    stdio: () => [...(heard ? ['python3', tap, 'stdio'] : []), binary, 'stdio', '--state', house.env.HIGRESS_OPS_STATE, ...own],
  }[way]();
  const args = [inspector, '--cli', ...target, '--protocol-era', era];
  const env = { ...house.env, NO_COLOR: '1' };
  const call = (tool, ...pairs) => ['--method', 'tools/call', '--tool-name', tool, ...pairs.flatMap((p) => ['--tool-arg', p])];
  return {
    run: (...more) => run(process.execPath, [...args, ...more], env),
    call: (...more) => run(process.execPath, [...args, ...call(...more)], env),
    start: (...more) => spawn(process.execPath, [...args, ...call(...more)], { env, stdio: 'ignore' }),
  };
}

// A change is asked for, and a person lets it through. Out of band it is a task in 2026-07-28, which the CLI asks for
// until it is decided; before, an answer.
async function byHand(house, i, era, route) {
  const asked = i.call('tune_rate_limit', `route=${route}`, 'requests=5');
  const id = era === 'modern' ? await pendingOf(house, route) : (await asked).out.match(/higress-ops approve ([\w-]+)/)?.[1];
  assert.ok(id, 'a pending change');
  assert.equal((await house.person(['approve', id], 'yes')).code, 0);
  const seen = era === 'modern' ? await asked : await i.call('get_change', `id=${id}`, 'wait=10');
  assert.match(seen.out, /applied/, seen.err + seen.out);
}

async function pendingOf(house, route) {
  for (let n = 0; n < 100; n++) {
    const { out } = await run(binary, ['changes'], house.env);
    const line = out.split('\n').find((l) => l.includes('pending') && l.includes(route));
    if (line) return line.match(/\S+/)[0];
    await pause(0.1);
  }
}

const inspected = [['HTTP', 'legacy'], ['HTTP', 'modern'], ['stdio', 'legacy'], ['stdio', 'modern'], ['SSE', 'legacy']];
for (const [way, era] of inspected)
  await check(`Inspector CLI, ${way}, ${era}: lists, reads, calls, the view, a change out of band`, async () => {
    const house = await new House().open();
    try {
      const i = await inspecting(house, way, era, true);
      const tools = await i.run('--method', 'tools/list', '--strict');
      assert.equal(tools.code, 0, tools.err + tools.out);
      assert.match(tools.out, /gateway_overview/);
      const read = await i.run('--method', 'resources/read', '--uri', 'higress://gateway/default/route/orders-3');
      assert.match(read.out, /\/orders\/3/, read.err + read.out);
      const list = await i.call('list_routes', 'text=orders-3');
      assert.match(list.out, /orders-3/, list.err + list.out);
      const app = await i.run('--method', 'tools/call', '--tool-name', 'change_resource', '--app-info');
      assert.match(app.out, /ui:\/\/higress-ops\/plan2/, app.err + app.out);
      await byHand(house, i, era, 'orders-3');
    } finally {
      await house.close();
    }
  });

// Side by side: over HTTP in sessions the CLI asks a dead server for its stream again until its own limit of a minute.
await Promise.all(inspected.map(([way, era]) =>
  check(`Inspector CLI, ${way}, ${era}: interrupted, after a restart, a server killed under a call`, async () => {
    const house = await new House().open();
    try {
      const i = await inspecting(house, way, era);
      const plan = await run(binary, ['call', 'tune_rate_limit', JSON.stringify({ route: 'orders-4', requests: 5 })], house.env);
      const id = await pendingOf(house, 'orders-4');
      assert.ok(id, plan.out + plan.err);
      const ended = async (seconds, deed) => {
        const child = i.start('get_change', `id=${id}`, 'wait=30');
        const gone = new Promise((done) => child.on('exit', (code, signal) => done(signal ?? code)));
        await pause(seconds);
        assert.equal(child.exitCode, null, 'it waits');
        await deed(child);
        const how = await Promise.race([gone, pause(90).then(() => 'still there')]);
        child.kill('SIGKILL');
        return how;
      };
      assert.notEqual(await ended(5, (child) => child.kill('SIGINT')), 'still there');
      if (house.server) await house.serve();
      assert.match((await i.call('get_change', `id=${id}`)).out, /pending/, 'interrupted and restarted: still pending');
      // in 2026-07-28 the call is a task by then, which the CLI asks for
      const dead = await ended(10, () => house.server ? house.kill()
        : run('pkill', ['-9', '-f', `^${binary} stdio --state ${house.env.HIGRESS_OPS_STATE}`], house.env));
      assert.ok(dead !== 0 && dead !== 'still there', `a dead server: ${dead}`);
    } finally {
      await house.close();
    }
  })));

for (const [name, Transport] of [['HTTP', Http2], ['stdio', Stdio2]])
  await check(`client 2.4.0 auto, ${name}: listens, and hears that the tools are others`, async () => {
    const house = await new House().open();
    try {
      const config = join(house.dir, 'narrow.yaml');
      house.env.HIGRESS_OPS_CONFIG = config;
      writeFileSync(config, '');
      let heard;
      const changed = new Promise((done) => { heard = done; });
      const client = new Sdk2(info, {
        capabilities: {}, versionNegotiation: { mode: 'auto' },
        listChanged: { tools: { autoRefresh: false, debounceMs: 0, onChanged: heard } },
      });
      const transport = Transport === Http2 ? await httpOf(Http2)(house) : await stdioOf(Stdio2)(house);
      await client.connect(transport);
      const before = (await client.listTools()).tools.length;
      writeFileSync(config, 'tools: [gateway_overview]\n');
      process.kill(transport.pid ?? house.server.pid, 'SIGHUP');
      await Promise.race([changed, new Promise((_, fail) => setTimeout(fail, 5000, new Error('nothing was heard')))]);
      assert.ok(before > 10 && (await client.listTools(undefined, { cacheMode: 'refresh' })).tools.length === 1);
      await client.close();
    } finally {
      await house.close();
    }
  });

await check('what a model pays: 10 routes, tools/list', async () => {
  const house = await new House().open();
  try {
    const client = sdk1(null);
    await client.connect(await stdioOf(Stdio1)(house));
    const list = await client.callTool({ name: 'list_routes', arguments: { text: 'orders-' } });
    const routes = encode(list.content[0].text).length;
    const { tools } = await client.listTools();
    const each = tools.map((t) => [t.name, encode(JSON.stringify({ name: t.name, description: t.description, inputSchema: t.inputSchema })).length]);
    const dear = { tune_rate_limit: 220, analyze_traffic: 190, change_resource: 175 }; // nine to twelve arguments: 165 would leave no words for them
    for (const [name, tokens] of each) assert.ok(tokens <= (dear[name] ?? 165), `${name} costs ${tokens} tokens`);
    const total = encode(JSON.stringify(tools)).length;
    const mean = Math.ceil(total / tools.length);
    console.log(`     10 routes: ${routes} tokens (at most 250); tools/list: ${total} tokens (at most 4000), ${mean} a tool (at most 165); without titles, annotations and output schemas: ${each.map((e) => e.join(' ')).join(', ')}`);
    assert.ok(routes <= 250, `10 routes cost ${routes} tokens`);
    assert.ok(total <= 4000 && mean <= 165, `tools/list costs ${total} tokens, ${mean} a tool`);
    await client.close();
  } finally {
    await house.close();
  }
});

summary();
