// run.mjs - runs the official conformance suites against the test build and reads every checks.json they leave: a
// failure or a warning anywhere is a failure here, scored or not, because the suites' exit codes hide the unscored.
//   node build/conformance/run.mjs SERVER-BINARY OUTPUT-FOLDER [LEG...]
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";

const [binary, out, ...wanted] = process.argv.slice(2);
const home = new URL(".", import.meta.url).pathname;
const suite = join(home, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
const sessions = join(home, "node_modules/conformance-sessions/dist/index.js");

// name, program, arguments, scenarios that must have run at least
const legs = [
    ["2025-11-25", suite, ["--requirements", "2025-11-25"], 33],
    ["2026-07-28", suite, ["--requirements", "2026-07-28"], 50],
    ["2025-06-18", suite, ["--spec-version", "2025-06-18"], 27],
    ["2025-03-26", suite, ["--spec-version", "2025-03-26"], 1],
    ["suite-0.1.16", sessions, [], 30],
];

async function freePort() {
    const s = createServer();
    await new Promise((done) => s.listen(0, "127.0.0.1", done));
    const { port } = s.address();
    await new Promise((done) => s.close(done));
    return port;
}

async function start() {
    const port = await freePort();
    const state = join(out, "state");
    const server = spawn(binary, ["serve", "--listen", `127.0.0.1:${port}`, "--state", state, "--max-calls", "256"],
        { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((done, fail) => {
        server.stdout.once("data", done);
        server.once("exit", (code) => fail(new Error(`the server ended with ${code}`)));
    });
    // The suites hear the server through a relay that keeps what it says for tests/parts/90-schemas.
    const tap = spawn("python3", [join(home, "../../tests/e2e/tap.py"), "http", `${port}`],
        { stdio: ["ignore", "pipe", "inherit"] });
    const [own] = await once(tap.stdout, "data");
    return { server, tap, url: `http://localhost:${parseInt(own)}/mcp` };
}

// Every check of every scenario below a leg's folder.
function readChecks(folder) {
    const all = [];
    for (const one of existsSync(folder) ? readdirSync(folder) : []) {
        const file = join(folder, one, "checks.json");
        if (existsSync(file))
            for (const c of JSON.parse(readFileSync(file)))
                all.push({ scenario: one.replace(/^server-|-\d{4}-\d\d-\d\dT.*$/g, ""), ...c });
    }
    return all;
}

function judge(name, least, checks, scenarios) {
    const count = (s) => checks.filter((c) => c.status === s).length;
    const bad = checks.filter((c) => c.status === "FAILURE" || c.status === "WARNING");
    console.log(`${name}: ${scenarios} scenarios, ${count("SUCCESS")} checks passed, ${count("FAILURE")} failures, `
        + `${count("WARNING")} warnings, ${count("SKIPPED")} skipped`);
    for (const c of bad)
        console.log(`  ${c.status} ${c.scenario}/${c.id}: ${(c.errorMessage || c.description || "").slice(0, 400)}`);
    if (scenarios < least)
        console.log(`  only ${scenarios} scenarios ran, at least ${least} must`);
    return [count("SUCCESS"), bad.length + (scenarios < least ? 1 : 0)];
}

const { server, tap, url } = await start();
let passed = 0, failed = 0;
if (readFileSync(binary).includes("test_simple_text")
    && !readFileSync(join(dirname(binary), "higress-ops")).includes("test_simple_text")) {
    passed++;
} else {
    failed++;
    console.log("the program itself must not hold the fixtures");
}
for (const [name, program, args, least] of legs) {
    if (wanted.length && !wanted.includes(name))
        continue;
    const folder = join(out, name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const r = spawnSync(process.execPath, [program, "server", "--url", url, ...args, "-o", folder],
        { encoding: "utf8", timeout: 300000 });
    const scenarios = readdirSync(folder).length;
    if (process.env.VERBOSE)
        console.log(r.stdout);
    if (!scenarios)
        console.log((r.stdout + r.stderr).slice(-2000));
    const [p, f] = judge(name, least, readChecks(folder), scenarios);
    passed += p;
    failed += f;
    if (r.status !== 0) {
        failed++;
        console.log(`  the suite ended with ${r.status}`);
    }
}
tap.kill();
if ((await once(tap, "exit"))[0] !== 0) {
    console.log("the relay failed");
    failed++;
}
server.removeAllListeners("exit");
server.kill();
const code = await new Promise((done) => server.once("exit", done));
if (code !== 0) {
    console.log(`the server ended with ${code}`);
    failed++;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
