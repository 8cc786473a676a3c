"""routes.py N DIR [SERVICES] - a data folder with N routes, as the embedded console would have written them: all to one service, or
each to one of so many, which are there."""
import os
import sys

n, root = int(sys.argv[1]), sys.argv[2]
services = int(sys.argv[3]) if len(sys.argv) > 3 else 0
os.makedirs(os.path.join(root, "ingresses"), exist_ok=True)
TEXT = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  annotations:
    higress.io/destination: %(service)s.static:80
    higress.io/ignore-path-case: "false"
  labels:
    higress.io/resource-definer: higress
  name: route-%(i)d
  namespace: higress-system
  resourceVersion: "1"
spec:
  ingressClassName: higress
  rules:
  - http:
      paths:
      - backend:
          resource:
            apiGroup: networking.higress.io
            kind: McpBridge
            name: default
        path: /shop/%(i)d
        pathType: Prefix
"""
for i in range(n):
    with open(os.path.join(root, "ingresses", "route-%d.yaml" % i), "w") as f:
        f.write(TEXT % {"i": i, "service": "svc%d" % (i % services) if services else "shop"})
if services:
    os.makedirs(os.path.join(root, "mcpbridges"), exist_ok=True)
    with open(os.path.join(root, "mcpbridges", "default.yaml"), "w") as f:
        f.write("apiVersion: networking.higress.io/v1\nkind: McpBridge\nmetadata:\n  name: default\n  namespace: higress-system\n"
                "  resourceVersion: \"1\"\nspec:\n  registries:\n")
        for i in range(services):
            f.write("  - domain: 10.%d.%d.1:80,10.%d.%d.2:80\n    name: svc%d\n    port: 80\n    type: static\n"
                    % (i // 250, i % 250, i // 250, i % 250, i))
