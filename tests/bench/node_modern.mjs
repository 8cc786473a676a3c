// node_modern.mjs [PORT] - as node_server.mjs, by the SDK that speaks 2026-07-28: a server is made for each request.
import { createServer } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';

function server() {
  const s = new McpServer({ name: 'tiny', version: '1.0.0' });
  s.registerTool('echo', { description: 'Says something.' }, async () => ({ content: [{ type: 'text', text: 'echo' }] }));
  return s;
}

const port = process.argv[2];
if (port) createServer(toNodeHandler(createMcpHandler(server))).listen(Number(port), '127.0.0.1');
else serveStdio(server);
