// provider.mjs PORT CLIENTS - oidc-provider as the place where people log in: whoever types a name is that subject. Its own
// forms ask for the name and for consent. GET /forget?code=CODE: that code is known no more, as if it were too old.
import { Provider } from "oidc-provider";

const [port, clients] = [Number(process.argv[2]), JSON.parse(process.argv[3])];
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  conformIdTokenClaims: false,
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.com`, email_verified: id !== "unverified" }) }),
  pkce: { required: () => true },
});
provider.use(async (ctx, next) => {
  if (ctx.path !== "/forget") return next();
  await (await provider.AuthorizationCode.find(ctx.query.code)).destroy();
  ctx.body = "forgotten";
});
provider.listen(port, "127.0.0.1");
