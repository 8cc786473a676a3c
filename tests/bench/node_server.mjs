// node_server.mjs [PORT] - the smallest server that the official TypeScript SDK makes for the session revisions: `echo`,
// and `get`, which asks BENCH_UPSTREAM once. On stdio, or over Streamable HTTP with one transport a session.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

const headers = { Authorization: process.env.BENCH_AUTHORIZATION ?? '' };

function server() {
  const s = new McpServer({ name: 'tiny', version: '1.0.0' });
  s.tool('echo', 'Says something.', async () => ({ content: [{ type: 'text', text: 'echo' }] }));
  s.tool('get', 'Asks the upstream.', async () => {
    const answer = await (await fetch(process.env.BENCH_UPSTREAM, { headers })).json();
    return { content: [{ type: 'text', text: JSON.stringify(answer) }] };
  });
  return s;
}

const sessions = new Map();

async function open() {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => sessions.set(id, transport),
    onsessionclosed: (id) => sessions.delete(id),
  });
  await server().connect(transport);
  return transport;
}

const port = process.argv[2];
if (port)
  createServer(async (request, response) => {
    const known = sessions.get(request.headers['mcp-session-id']);
    await (known ?? (await open())).handleRequest(request, response);
  }).listen(Number(port), '127.0.0.1');
else await server().connect(new StdioServerTransport());
