// record.mjs - keeps what the server says to an official client, for tests/parts/90-schemas.
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './house.mjs';

const claim = 'io.modelcontextprotocol/protocolVersion';
const folder = join(root, 'build/record');
const seen = new Set();

function keep(era, method, message) {
  const text = JSON.stringify({ era, method, message });
  const plain = JSON.stringify({ era, method, message: { ...message, id: 0 } });
  if (seen.has(plain)) return;
  seen.add(plain);
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, `${process.pid}.jsonl`), text + '\n');
}

// The same transport; each message is kept under the revision that was spoken.
export function recording(transport) {
  const sent = new Map();
  let era = '2025-11-25', heard;
  const send = transport.send.bind(transport);
  transport.send = (message, ...rest) => {
    for (const one of [message].flat()) {
      era = one.params?._meta?.[claim] ?? (era === '2026-07-28' ? '2025-11-25' : era);
      if (one.method && one.id !== undefined) sent.set(one.id, { method: one.method, era });
    }
    return send(message, ...rest);
  };
  Object.defineProperty(transport, 'onmessage', {
    configurable: true,
    get: () => heard && ((message, ...rest) => {
      const request = message.method ? undefined : sent.get(message.id);
      if (request?.method === 'initialize') era = message.result?.protocolVersion ?? era;
      keep(request?.method === 'initialize' ? era : request?.era ?? era, request?.method, message);
      return heard(message, ...rest);
    }),
    set: (fn) => { heard = fn; },
  });
  return transport;
}
