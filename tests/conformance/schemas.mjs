// schemas.mjs - validates what the server said in this test run (build/record/*.jsonl, see tests/e2e/client.py) against
// the JSON schemas of the five revisions. Four come out of the pinned conformance package, where they are part of its
// program text; that of 2024-11-05 is the next one without what that one added.
//   node build/conformance/schemas.mjs RECORD-FOLDER
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const home = new URL(".", import.meta.url).pathname;
const program = readFileSync(join(home, "node_modules/@modelcontextprotocol/conformance/dist/index.js"), "utf8");

function schemasOfThePackage() {
    const map = /;const \w+=\{"2025-03-26":(\w+),"2025-06-18":(\w+),"2025-11-25":(\w+),\[\w+\]:(\w+)\}/.exec(program);
    const from = program.indexOf(`${map[1]}={$schema:`);
    const text = program.slice(from, map.index);
    const [a, b, c, d] = new Function(`const ${text};return [${map.slice(1, 5).join(",")}];`)();
    return { "2025-03-26": a, "2025-06-18": b, "2025-11-25": c, "2026-07-28": d };
}

// The revision before 2025-03-26 had no audio, no annotations of tools and no message beside progress.
function before(schema) {
    const old = structuredClone(schema);
    delete old.definitions.AudioContent;
    delete old.definitions.ToolAnnotations;
    const refs = new Set(["#/definitions/AudioContent", "#/definitions/ToolAnnotations"]);
    const walk = (node) => {
        if (node === null || typeof node !== "object")
            return;
        for (const [key, value] of Object.entries(node)) {
            if (Array.isArray(value))
                node[key] = value.filter((v) => !refs.has(v?.$ref));
            else if (refs.has(value?.$ref))
                node[key] = { not: {} };
            walk(node[key]);
        }
    };
    walk(old);
    return old;
}

class Revision {
    constructor(name, schema) {
        this.key = "$defs" in schema ? "$defs" : "definitions";
        this.id = `mcp://${name}`;
        this.ajv = new (this.key === "$defs" ? Ajv2020 : Ajv)({ strict: false, allErrors: true });
        addFormats(this.ajv);
        this.ajv.addFormat("byte", true);
        // The published schemas say integer where the specification's text says number.
        for (const edge of ["minimum", "maximum", "default"])
            if (schema[this.key].NumberSchema?.properties?.[edge]?.type === "integer")
                schema[this.key].NumberSchema.properties[edge].type = "number";
        this.ajv.addSchema({ ...schema, $id: this.id });
        this.defs = schema[this.key];
        this.methods = {};
        for (const [def, one] of Object.entries(this.defs)) {
            const method = one.properties?.method?.const;
            if (method && /(Request|Notification)$/.test(def))
                this.methods[method] = def;
        }
    }

    errors(def, value) {
        const check = this.ajv.getSchema(`${this.id}#/${this.key}/${def}`);
        if (!check)
            throw new Error(`${this.id} has no ${def}`);
        return check(value) ? [] : check.errors.slice(0, 4).map((e) => `${def}${e.instancePath}: ${e.message}`);
    }

    // method: of the request that the message answers
    check(message, method) {
        if (Array.isArray(message))
            return message.flatMap((one) => this.check(one, undefined));
        if (typeof message?.method === "string")
            return this.errors(this.methods[message.method]
                ?? ("id" in message ? "JSONRPCRequest" : "JSONRPCNotification"), message);
        if (message?.error) { // older schemas want an id even where none could be read
            const known = message.id === undefined ? { id: 0, ...message } : message;
            return this.errors(["JSONRPCErrorResponse", "JSONRPCError"].find((d) => d in this.defs), known);
        }
        const result = message?.result;
        const def = this.methods[method]?.replace(/Request$/, "Result");
        if (result?.resultType === "input_required")
            return this.errors("InputRequiredResult", result);
        if (result?.resultType !== "task" && def in this.defs)
            return this.errors(def, result).map((e) => `${e} (answer to ${method})`);
        return this.errors(["JSONRPCResultResponse", "JSONRPCResponse"].find((d) => d in this.defs), message);
    }
}

const schemas = schemasOfThePackage();
const revisions = { "2024-11-05": new Revision("2024-11-05", before(schemas["2025-03-26"])) };
for (const [name, schema] of Object.entries(schemas))
    revisions[name] = new Revision(name, schema);

// A validator that accepts everything would pass as well: each must refuse what is plainly wrong.
let passed = 0, failed = 0;
for (const [name, revision] of Object.entries(revisions)) {
    const wrong = [
        [{ jsonrpc: "2.0", id: 1, result: { tools: [{ name: "x" }] } }, "tools/list"],
        [{ jsonrpc: "2.0", id: 1, result: { content: "x" } }, "tools/call"],
        [{ jsonrpc: "2.0", id: null, error: { code: 1, message: "x" } }],
        [{ jsonrpc: "2.0", method: "notifications/progress", params: { progress: "x" } }],
    ];
    if (name === "2026-07-28")
        wrong.push([{ jsonrpc: "2.0", id: 1, result: { tools: [] } }, "tools/list"]);
    if (name === "2024-11-05")
        wrong.push([{ jsonrpc: "2.0", id: 1, result: { content: [{ type: "audio", data: "", mimeType: "a/b" }] } },
            "tools/call"]);
    for (const [message, method] of wrong) {
        if (revision.check(message, method).length) {
            passed++;
        } else {
            failed++;
            console.log(`${name} accepts ${JSON.stringify(message)}`);
        }
    }
}

const counts = {}, told = new Set();
for (const file of readdirSync(process.argv[2]).filter((f) => f.endsWith(".jsonl"))) {
    for (const line of readFileSync(join(process.argv[2], file), "utf8").split("\n").filter(Boolean)) {
        const { era, method, message } = JSON.parse(line);
        const name = era in revisions ? era : era > "2026" ? "2026-07-28" : "2025-11-25";
        counts[name] = (counts[name] ?? 0) + 1;
        const errors = revisions[name].check(message, method);
        if (!errors.length) {
            passed++;
            continue;
        }
        failed++;
        const text = `${name} ${errors.join("; ")}`;
        if (!told.has(text) && told.size < 40)
            console.log(`${text}\n    ${JSON.stringify(message).slice(0, 500)}`);
        told.add(text);
    }
}
console.log(Object.entries(counts).map(([name, n]) => `${name}: ${n} messages`).join(", "));
for (const name of process.argv.slice(3)) {
    if (!counts[name]) {
        failed++;
        console.log(`nothing was recorded of ${name}`);
    }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
