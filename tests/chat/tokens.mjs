// tokens.mjs - what botframework-connector says of tokens: stdin {metadata, app, cases: [{token, service, channel}]}, stdout a
// list of true and false.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const { AuthenticationConfiguration, ChannelValidation, SimpleCredentialProvider } = require("botframework-connector");
const asked = JSON.parse(readFileSync(0, "utf8"));
ChannelValidation.OpenIdMetadataEndpoint = asked.metadata;
const said = [];
for (const { token, service, channel } of asked.cases) {
  const who = new SimpleCredentialProvider(asked.app, "");
  said.push(await ChannelValidation.authenticateChannelTokenWithServiceUrl(`Bearer ${token}`, who, service, channel,
    new AuthenticationConfiguration()).then((i) => i.isAuthenticated, () => false));
}
console.log(JSON.stringify(said));
