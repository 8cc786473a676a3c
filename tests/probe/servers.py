"""servers.py - real servers that probes are held against, in one process: prints its ports as JSON, then waits for the end of its
input.

    servers.py CERT KEY
    {"grpc", "grpc_tls", "grpc_down", "grpc_none", "mcp", "mcp_json", "mcp_sse"}
"""
import json
import socket
import sys
import threading
from concurrent import futures

import grpc
import uvicorn
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from mcp.server import MCPServer


def grpc_server(status, tls=None):
    server = grpc.server(futures.ThreadPoolExecutor(2))
    if status is not None:
        servicer = health.HealthServicer()
        servicer.set("", status)
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    port = server.add_secure_port("127.0.0.1:0", tls) if tls else server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port


def mcp_server(**how):
    server = MCPServer("warehouse", version="7.1")

    @server.tool()
    def count_parts(bin: str) -> int:
        """Parts in a bin."""
        return len(bin)

    @server.tool()
    def move_part(part: str, to: str) -> str:
        """Moves a part."""
        return part + to

    app = server.sse_app() if how.pop("sse", False) else server.streamable_http_app(**how)
    s = socket.create_server(("127.0.0.1", 0))
    run = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
    threading.Thread(target=run.run, kwargs={"sockets": [s]}, daemon=True).start()
    return s.getsockname()[1]


def main():
    with open(sys.argv[1], "rb") as c, open(sys.argv[2], "rb") as k:
        tls = grpc.ssl_server_credentials([(k.read(), c.read())])
    serving, down = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
    servers = {"grpc": grpc_server(serving), "grpc_tls": grpc_server(serving, tls), "grpc_down": grpc_server(down),
               "grpc_none": grpc_server(None)}
    ports = {name: port for name, (_, port) in servers.items()}
    ports.update(mcp=mcp_server(), mcp_json=mcp_server(json_response=True), mcp_sse=mcp_server(sse=True))
    print(json.dumps(ports), flush=True)
    sys.stdin.read()


main()
