// view.mjs - the view of a change (MCP Apps) runs against a host made of forty lines: what it says, shows and asks for.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';
import { check, root } from './house.mjs';

class Element {
  constructor(name) {
    Object.assign(this, { name, children: [], listeners: {}, text: '', className: '', scrollWidth: 1, scrollHeight: 1 });
  }
  set textContent(text) { this.text = text; this.children = []; }
  get textContent() { return this.text + this.children.map((c) => c.textContent).join('\n'); }
  append(child) { this.children.push(child); }
  replaceChildren() { this.text = ''; this.children = []; }
  addEventListener(event, run) { this.listeners[event] = run; }
  all(name) { return this.children.flatMap((c) => [...(c.name === name ? [c] : []), ...c.all(name)]); }
}

function open() {
  const page = readFileSync(join(root, 'server/mcp/assets/plan.html'), 'utf8');
  const said = [], listeners = [], main = new Element('main');
  const parent = { postMessage: (m, to) => said.push({ m, to }) };
  const document = {
    createElement: (name) => new Element(name), documentElement: new Element('html'),
    getElementById: (id) => (assert.equal(id, 'view'), main),
  };
  const window = { parent, addEventListener: (name, run) => listeners.push(run) };
  vm.runInNewContext(page.match(/<script>([\s\S]*)<\/script>/)[1], { window, document, Map, Promise, String });
  const hear = async (data, source = parent) => {
    listeners.forEach((run) => run({ source, data }));
    await new Promise((done) => setImmediate(done));
  };
  return { said, hear, main };
}

const change = {
  id: 'abc123', state: 'pending', title: 'Change route pay', risk: 'change', warnings: ['a <b>warning</b>'],
  operations: [{ verb: 'update', kind: 'route', name: 'pay', diff: ['~ path: /a to <img src=x onerror=alert(1)>', '- old', '+ new'] }],
};

export async function checkView() {
  await check('the view of a change: initialize, diff, warnings, how to decide, no way to approve', async () => {
    const { said, hear, main } = open();
    assert.equal(said[0].m.method, 'ui/initialize');
    assert.equal(said.length, 1, 'nothing is said before the host has answered');
    await hear({ jsonrpc: '2.0', id: said[0].m.id, result: { hostCapabilities: { serverTools: {} } } });
    assert.equal(said[1].m.method, 'ui/notifications/initialized');
    await hear({ jsonrpc: '2.0', method: 'ui/notifications/tool-result', params: { structuredContent: { ...change, title: 'x' } } }, {});
    assert.match(main.textContent, /^Waiting|^$/, 'only the host is listened to');
    await hear({ jsonrpc: '2.0', method: 'ui/notifications/tool-result', params: { structuredContent: change } });
    for (const words of ['Change route pay', 'update route pay', '<img src=x onerror=alert(1)>', 'a <b>warning</b>', 'higress-ops approve abc123'])
      assert.ok(main.textContent.includes(words), words + ' in ' + main.textContent);
    assert.deepEqual(main.all('div').filter((d) => /plus|minus|tilde/.test(d.className)).map((d) => d.className), ['tilde', 'minus', 'plus']);
    const buttons = main.all('button');
    assert.deepEqual(buttons.map((b) => b.textContent), ['Look again']);
    buttons[0].listeners.click();
    const asked = said.at(-1).m;
    assert.equal(JSON.stringify(asked.params), '{"name":"get_change","arguments":{"id":"abc123"}}');
    await hear({ jsonrpc: '2.0', id: asked.id, result: { structuredContent: { ...change, state: 'applied', result: { text: 'applied: all' } } } });
    assert.ok(main.textContent.includes('applied: all') && !main.textContent.includes('higress-ops approve'));
    await hear({ jsonrpc: '2.0', id: 9, method: 'ui/resource-teardown', params: {} });
    assert.equal(JSON.stringify(said.at(-1).m), '{"jsonrpc":"2.0","id":9,"result":{}}');
  });
  await check('the view of a change: an error and a host without tools', async () => {
    const { said, hear, main } = open();
    await hear({ jsonrpc: '2.0', id: said[0].m.id, result: {} });
    await hear({ jsonrpc: '2.0', method: 'ui/notifications/tool-result', params: { isError: true, content: [{ type: 'text', text: 'no route' }] } });
    assert.equal(main.textContent, 'no route');
    await hear({ jsonrpc: '2.0', method: 'ui/notifications/tool-result', params: { structuredContent: change } });
    assert.equal(main.all('button').length, 0);
  });
}
