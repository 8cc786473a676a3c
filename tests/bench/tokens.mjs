// tokens.mjs - reads tools as JSON, prints [total, [[tokens, name] of each, the costliest first]].
import { readFileSync } from 'node:fs';
import { encode } from 'gpt-tokenizer';

const tools = JSON.parse(readFileSync(0, 'utf8'));
const each = tools.map((tool) => [encode(JSON.stringify(tool)).length, tool.name]).sort((a, b) => b[0] - a[0]);
console.log(JSON.stringify([encode(JSON.stringify(tools)).length, each]));
