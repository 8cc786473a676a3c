-- http.lua - wrk script: POSTs tools/call of BENCH_TOOL with BENCH_ARGS in the era that BENCH_ERA names, or GETs
-- without BENCH_TOOL; closes with one line of figures, times in microseconds.
local era = os.getenv("BENCH_ERA")
local tool = os.getenv("BENCH_TOOL")
local args = os.getenv("BENCH_ARGS") or "{}"
local session = os.getenv("BENCH_SESSION")
local IDS = 4096 -- made beforehand, so that the client costs little; far more than are under way at once
local requests, n = {}, 0

local function call(id)
  local meta = ""
  if era == "2026-07-28" then
    meta = ',"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'
  end
  return wrk.format("POST", wrk.path, nil, '{"jsonrpc":"2.0","id":' .. id .. ',"method":"tools/call","params":{"name":"'
    .. tool .. '","arguments":' .. args .. meta .. '}}')
end

function init()
  if not tool then
    requests[1] = wrk.format("GET", wrk.path)
    return
  end
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "application/json, text/event-stream"
  if era == "2026-07-28" then
    wrk.headers["MCP-Protocol-Version"] = era
    wrk.headers["Mcp-Method"] = "tools/call"
    wrk.headers["Mcp-Name"] = tool
  elseif session then
    wrk.headers["Mcp-Session-Id"] = session
  end
  for id = 1, IDS do
    requests[id] = call(id)
  end
end

function request()
  n = n % #requests + 1
  return requests[n]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("FIGURES requests=%d seconds=%.6f p50=%d p99=%d status=%d broken=%d timeout=%d\n", summary.requests,
    summary.duration / 1e6, latency:percentile(50), latency:percentile(99), e.status, e.connect + e.read + e.write, e.timeout))
end
