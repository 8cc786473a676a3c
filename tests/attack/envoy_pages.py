"""envoy_pages.py - admin interfaces of two Envoys that hold every secret of a filled gateway where Envoy keeps such things: settings of
plugins, headers that routes set and ask for, bodies, keys of TLS contexts, metadata. They differ, so that all of it is compared."""
import http.server
import json
import threading
from urllib.parse import parse_qs, urlparse

T = "type.googleapis.com/envoy."


def texts(o):
    """Every text in it."""
    if isinstance(o, dict):
        return [t for v in o.values() for t in texts(v)]
    if isinstance(o, list):
        return [t for v in o for t in texts(v)]
    return [o] if isinstance(o, str) else []


def headers(values):
    return [{"header": {"key": "x-%d" % i, "value": v}} for i, v in enumerate(values)]


def route(o, other):
    values = texts(o.body)
    return {"name": o.name, "match": {"prefix": "/" + o.name, "headers": [
        {"name": "x-asked", "string_match": {"exact": v}} for v in values], "query_parameters": [
            {"name": "asked", "string_match": {"exact": v}} for v in values]},
        "route": {"cluster": "outbound|80||shop.static", "timeout": "%ds" % other}, "request_headers_to_add": headers(values),
        "direct_response": {"status": 503, "body": {"inline_string": " ".join(values)}}, "metadata": {"filter_metadata": {"a": values}},
        "typed_per_filter_config": {"envoy.filters.http.lua": {"source_code": {"inline_string": "%d %s" % (other, " ".join(values))}}}}


def cluster(i, values, other):
    return {"@type": T + "config.cluster.v3.Cluster", "name": "outbound|80||s%d.static" % i, "type": "STATIC",
            "connect_timeout": "%ds" % other, "metadata": {"filter_metadata": {"a": values}}, "transport_socket": {"typed_config": {
                "sni": "shop.example.com", "common_tls_context": {"tls_certificates": [
                    {"private_key": {"inline_string": v}, "password": {"inline_string": v}} for v in values]}}}}


def plugin(o, other):
    return {"name": "higress-system.%s-%s" % (o.name, (o.scope or "").replace(":", "-")), "typed_config": {
        "@type": T + "extensions.filters.http.wasm.v3.Wasm", "config": {
            "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": json.dumps([other, o.body])},
            "vm_config": {"code": {"local": {"filename": "/var/lib/%s.wasm" % o.name}}, "environment_variables": {
                "key_values": {"k%d" % i: v for i, v in enumerate(texts(o.body))}}}}}}


def dump(objects, other):
    """The elements of each list of /config_dump."""
    every = [o for o in objects if isinstance(o.body, dict)]
    state = {"version_info": "2026-11-30T0%d:00:00Z/%d" % (other, other), "last_updated": "2026-11-30T0%d:00:00Z" % other}
    listener = {"name": "0.0.0.0_80", "address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}}, "filter_chains": [
        {"filters": [{"typed_config": {"http_filters": [{"name": "envoy.filters.http.lua", "typed_config": {
            "inline_code": " ".join(texts([o.body for o in every]))}}]}}]}], "metadata": {"a": other}}
    return {
        "dynamic_active_clusters": [dict(state, cluster=cluster(i, texts(o.body), other)) for i, o in enumerate(every)],
        "dynamic_route_configs": [dict(state, route_config={"name": "http.80", "virtual_hosts": [
            {"name": "shop.example.com:80", "domains": ["shop.example.com"], "request_headers_to_add": headers(texts(o.body)[:3]),
             "routes": [route(o, other) for o in every]} for o in every[:1]]})],
        "dynamic_listeners": [{"name": "0.0.0.0_80", "active_state": dict(state, listener=listener)}],
        "ecds_filters": [dict(state, ecds_filter=plugin(o, other)) for o in every if o.kind in ("plugin-instance", "wasm-plugin")],
    }


PARTS = {"ClustersConfigDump": "dynamic_active_clusters", "RoutesConfigDump": "dynamic_route_configs",
         "ListenersConfigDump": "dynamic_listeners", "EcdsConfigDump": "ecds_filters"}


class Envoy:
    """One of them; url is its admin interface."""

    def __init__(self, objects, other):
        lists = dump(objects, other)
        pages = {"/server_info": {"state": "LIVE", "version": "1.2.3"}, "/listeners": {"listener_statuses": []}, "/certs": {},
                 "/clusters": {"cluster_statuses": [{"name": "outbound|80||shop.static", "host_statuses": [
                     {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 9}},
                      "health_status": {"failed_outlier_check": other > 1}}]}]},
                 "/stats": {"stats": [{"name": "cluster.outbound|80||shop.static.upstream_rq_5xx", "value": other}]}}

        class Admin(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                at = urlparse(self.path)
                asked = parse_qs(at.query).get("resource", [None])[0]
                page = pages.get(at.path)
                if at.path == "/config_dump":
                    page = {"configs": lists.get(asked, []) if asked else [
                        {"@type": T + "admin.v3." + name, member: lists[member]} for name, member in PARTS.items()]}
                body = json.dumps(page).encode()
                self.send_response(404 if page is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Admin)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        self.name = self.url.split("//")[1]


def start(world, objects):
    """Two of them, which the world's servers ask from now on; their names."""
    both = [Envoy(objects, other) for other in (1, 2)]
    world.house.env["HIGRESS_OPS_ENVOY_ADMINS"] = ",".join(e.url for e in both)
    return [e.name for e in both]
