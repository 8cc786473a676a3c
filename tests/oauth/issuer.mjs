// issuer.mjs PORT CLIENTS - oidc-provider as the tests' authorization server: clients (JSON, as it registers them) get
// tokens by client_credentials for whatever resource they name. Those of the client "jay" are JWTs, others are opaque.
import { Provider } from "oidc-provider";

const [port, clients] = [Number(process.argv[2]), JSON.parse(process.argv[3])];
const about = (ctx, resource) => ({
  audience: resource,
  scope: "higress:read higress:change",
  accessTokenFormat: ctx.oidc.client.clientId === "jay" ? "jwt" : "opaque",
  accessTokenTTL: 300,
});
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: clients.map((c) => ({ grant_types: ["client_credentials"], redirect_uris: [], response_types: [], ...c })),
  scopes: ["higress:read", "higress:change"],
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
    resourceIndicators: { enabled: true, getResourceServerInfo: about },
  },
});
provider.listen(port, "127.0.0.1");
