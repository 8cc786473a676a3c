// cards.mjs FILE - our cards by what the platforms' own makers read them with. FILE holds {slack, wecom, teams, feishu: [card]} and
// {crypto: {…}} as tests/chat/makers.py writes it. Prints a line for each check that failed, and `N passed, N failed`.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));
const given = JSON.parse(readFileSync(process.argv[2], "utf8"));
let passed = 0, failed = 0;

function check(words, wrong) {
  if (wrong.length === 0) passed += 1;
  else { failed += 1; console.log(`FAIL ${words}: ${wrong.join("; ")}`); }
}

// A literal of the card must be one of the type: the compiler of TypeScript says so, excess members included.
function compile(name, source) {
  const ts = require("typescript");
  const folder = join(dirname(process.argv[2]), name);
  mkdirSync(folder, { recursive: true });
  const file = join(here, `${name}.check.ts`);
  const options = { strict: true, noEmit: true, skipLibCheck: true, module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2022, types: [] };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile;
  host.getSourceFile = (path, ...rest) => path === file ? ts.createSourceFile(path, source, options.target) : read(path, ...rest);
  host.fileExists = ((exists) => (path) => path === file || exists(path))(host.fileExists);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((d) => ts.flattenDiagnosticMessageText(d.messageText, " ").slice(0, 600));
}

const literals = (list, type) => list.map((c, i) => `export const c${i}: ${type} = ${JSON.stringify(c)};`).join("\n");

check("Slack's types", compile("slack", `import type { KnownBlock } from "@slack/types";\n${
  literals(given.slack.map((c) => c.blocks), "KnownBlock[]")}`));
check("Slack's types refuse what is none", compile("slack-wrong", `import type { KnownBlock } from "@slack/types";\n${
  literals([[{ type: "section", text: { type: "plain", text: "x" } }]], "KnownBlock[]")}`).length ? [] : ["they took it"]);
check("WeCom's types", compile("wecom", `import type { TemplateCard } from "@wecom/aibot-node-sdk";\n${
  literals(given.wecom.map((c) => c.template_card), "TemplateCard")}`));

const { AdaptiveCard, SerializationContext, Versions, Version } = require("adaptivecards/dist/adaptivecards.js");
for (const [i, json] of given.teams.entries()) {
  const card = new AdaptiveCard();
  const context = new SerializationContext(Versions.v1_4);
  card.parse(json, context);
  const wrong = [...Array(context.eventCount).keys()].map((n) => context.getEventAt(n).message);
  wrong.push(...card.validateProperties().validationEvents.map((e) => e.message));
  if (!card.version.matches?.(Version.parse("1.4", context)) && String(card.version) !== "1.4") wrong.push(`version ${card.version}`);
  const types = [];
  const walk = (e) => { types.push(e.getJsonTypeName()); for (let n = 0; n < (e.getItemCount?.() ?? 0); n += 1) walk(e.getItemAt(n)); };
  walk(card);
  if (types.filter((t) => t === "RichTextBlock").length < 2) wrong.push(`only ${types} was read`);
  check(`adaptivecards reads card ${i}`, wrong);
}

const lark = require("@larksuiteoapi/node-sdk");
for (const { key, sealed, text } of given.crypto.feishu)
  check("AESCipher of Feishu's node-sdk", new lark.AESCipher(key).decrypt(sealed) === text ? [] : ["it opens another text"]);
const { WecomCrypto } = require("@wecom/aibot-node-sdk");
const wecom = given.crypto.wecom;
const theirs = new WecomCrypto(wecom.token, wecom.key, "");
for (const { at, nonce, sealed, signature, text } of wecom.cases) {
  check("WecomCrypto verifies", theirs.verifySignature(signature, at, nonce, sealed) ? [] : ["it refuses"]);
  check("WecomCrypto opens", theirs.decrypt(sealed) === text ? [] : ["another text"]);
}
// And back: what it seals, for us to open.
writeFileSync(join(dirname(process.argv[2]), "sealed.json"), JSON.stringify(["", "a", "ä✓", "x".repeat(500), "{\"msgtype\":\"text\"}"]
  .map((text) => ({ text, ...theirs.encrypt(text, "1700000000", "n1") }))));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
