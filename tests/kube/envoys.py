"""envoys.py - several real Envoys (tests/setup/envoy.sh), each by a folder of its own: what a gateway's replicas are. A resource is
refused, late or missing in one of them because its folder says so."""
import atexit
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from rig import TOP, free_port

T = "type.googleapis.com/envoy."
PLUGIN = "higress-system.key-auth-1.0.0"
SECRET = "Bearer rk9QxVtL3mZ8sW2pYb7NdC5h"  # set by a route, kept by the plugin: never shown


def name_of(service, port=80):
    return "outbound|%d||%s" % (port, service)


def cluster(name, endpoints, **more):
    """endpoints: ports of this host, or ADDRESS:PORT."""
    where = [e.rsplit(":", 1) if isinstance(e, str) else ("127.0.0.1", e) for e in endpoints]
    return dict({"@type": T + "config.cluster.v3.Cluster", "name": name, "type": "STATIC", "connect_timeout": "1s",
                 "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [
                     {"endpoint": {"address": {"socket_address": {"address": a, "port_value": int(p)}}}} for a, p in where]}]}}, **more)


def checked(c):
    """The same with a health check that judges within a second."""
    return dict(c, common_lb_config={"healthy_panic_threshold": {"value": 0}}, health_checks=[{
        "timeout": "0.5s", "interval": "0.2s", "no_traffic_interval": "0.2s", "unhealthy_threshold": 1, "healthy_threshold": 1,
        "http_health_check": {"path": "/healthz"}}])


def route(name, prefix, to, **more):
    return dict({"name": name, "match": {"prefix": prefix}, "route": dict({"cluster": to}, **more), "request_headers_to_add": [
        {"header": {"key": "x-upstream", "value": SECRET}}]})


def table(routes, domains=("api.example.com",)):
    return {"@type": T + "config.route.v3.RouteConfiguration", "name": "http.80", "virtual_hosts": [
        {"name": "%s:80 %d" % (d, i), "domains": [d], "routes": routes} for i, d in enumerate(domains)]}


def plugin(loaded=True):
    """An ECDS filter; what the gateway's agent puts in its place when the module cannot be had. Lua stands for a module that runs."""
    typed = {"@type": T + "extensions.filters.http.rbac.v3.RBAC"}
    if loaded:
        typed = {"@type": T + "extensions.filters.http.lua.v3.Lua", "default_source_code": {
            "inline_string": "-- %s\nfunction envoy_on_request(h) end" % SECRET}}
    return {"@type": T + "config.core.v3.TypedExtensionConfig", "name": PLUGIN, "typed_config": typed}


class Envoy:
    """One replica. It runs until stop()."""

    def __init__(self, clusters, routes, extension=None, version="1", source="127.0.0.1", port=None):
        """source: the address that it connects from."""
        self.connects_from = source
        self.folder = tempfile.mkdtemp(prefix="replica-")
        self.port, self.admin, self.process = port or free_port(), free_port(), None
        self.write("cds", clusters, version)
        self.write("rds", [routes], version)
        self.write("ecds", [extension or plugin()], version)
        self.write("lds", [self.listener()], version)
        self.start()
        atexit.register(self.stop)

    def path(self, name):
        return os.path.join(self.folder, name)

    def source(self, kind):
        return {"resource_api_version": "V3", "path_config_source": {
            "path": "./%s.json" % kind, "watched_directory": {"path": "."}}}  # of its own folder: the same words in each

    def listener(self):
        lua, rbac = T + "extensions.filters.http.lua.v3.Lua", T + "extensions.filters.http.rbac.v3.RBAC"
        return {"@type": T + "config.listener.v3.Listener", "name": "0.0.0.0_80",
                "address": {"socket_address": {"address": "127.0.0.1", "port_value": self.port}}, "filter_chains": [{"filters": [{
                    "name": "envoy.filters.network.http_connection_manager", "typed_config": {
                        "@type": T + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                        "stat_prefix": "outbound_0.0.0.0_80", "rds": {"route_config_name": "http.80", "config_source": self.source("rds")},
                        "http_filters": [
                            {"name": PLUGIN, "config_discovery": {"config_source": self.source("ecds"), "type_urls": [lua, rbac]}},
                            {"name": "envoy.filters.http.router",
                             "typed_config": {"@type": T + "extensions.filters.http.router.v3.Router"}}]}}]}]}

    def write(self, kind, resources, version):
        """Takes the place of the file at once, as pilot pushes one."""
        with open(self.path(kind + ".next"), "w") as f:
            json.dump({"version_info": version, "resources": resources}, f)
        os.replace(self.path(kind + ".next"), self.path(kind + ".json"))

    def start(self):
        with open(self.path("envoy.json"), "w") as f:
            json.dump({"node": {"id": "router~127.0.0.1~x.higress-system~x", "cluster": "higress-gateway"},
                       "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": self.admin}}},
                       "cluster_manager": {"upstream_bind_config": {"source_address": {"address": self.connects_from, "port_value": 0}}},
                       "dynamic_resources": {"cds_config": self.source("cds"), "lds_config": self.source("lds")}}, f)
        binary = subprocess.run(["tests/setup/envoy.sh"], cwd=TOP, capture_output=True, text=True, check=True).stdout.strip()
        log = open(self.path("envoy.log"), "w")
        self.process = subprocess.Popen([binary, "-c", self.path("envoy.json"), "--disable-hot-restart", "--concurrency", "1"],
                                        stdout=log, stderr=log, cwd=self.folder)
        self.until(lambda: self.page("/ready").strip() == "LIVE", "it is not ready")

    def page(self, path):
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d%s" % (self.admin, path), timeout=5) as r:
                return r.read().decode()
        except (OSError, urllib.error.URLError) as x:
            return str(x)

    def until(self, fn, why, seconds=15):
        end = time.time() + seconds
        while time.time() < end:
            if fn():
                return
            time.sleep(0.05)
        raise AssertionError(why + ": " + open(self.path("envoy.log")).read()[-600:])

    def shows(self, words, page="/config_dump"):
        self.until(lambda: words in self.page(page), "%s does not show %r" % (page, words))

    def ask(self, path, host="api.example.com"):
        r = urllib.request.Request("http://127.0.0.1:%d%s" % (self.port, path), headers={"Host": host})
        try:
            return urllib.request.urlopen(r, timeout=5).status
        except urllib.error.HTTPError as x:
            return x.code

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None
        shutil.rmtree(self.folder, ignore_errors=True)
