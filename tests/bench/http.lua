-- http.lua - wrk script: POSTs tools/call with increasing ids, in the era that BENCH_ERA names.
local id = 0
local era = os.getenv("BENCH_ERA")
local tool = os.getenv("BENCH_TOOL") or "list_changes"
local session = os.getenv("BENCH_SESSION")

function init(args)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Accept"] = "application/json, text/event-stream"
  if era == "2026-07-28" then
    wrk.headers["MCP-Protocol-Version"] = era
    wrk.headers["Mcp-Method"] = "tools/call"
    wrk.headers["Mcp-Name"] = tool
  elseif session then
    wrk.headers["Mcp-Session-Id"] = session
  end
end

function request()
  id = id + 1
  local meta = ""
  if era == "2026-07-28" then
    meta = ',"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'
  end
  return wrk.format(nil, "/mcp", nil,
    '{"jsonrpc":"2.0","id":' .. id .. ',"method":"tools/call","params":{"name":"' .. tool .. '","arguments":{}' .. meta .. '}}')
end
