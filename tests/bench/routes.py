"""routes.py N DIR - a data folder with N routes, as the embedded console would have written them."""
import os
import sys

n, root = int(sys.argv[1]), sys.argv[2]
os.makedirs(os.path.join(root, "ingresses"), exist_ok=True)
TEXT = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  annotations:
    higress.io/destination: shop.static:80
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
        f.write(TEXT % {"i": i})
