// An OpenID Connect provider on loopback: whoever gives a name is signed in as it, with any password.
// usage: node provider.mjs REDIRECT_URI ; prints its issuer in one line.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      { client_id: "farhand", client_secret: "s+cr/t %", redirect_uris: [process.argv[2]], grant_types: ["authorization_code"] },
    ],
    pkce: { required: () => true },
    cookies: { keys: ["only for tests"] },
    claims: { openid: ["sub"], profile: ["preferred_username"] },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, preferred_username: sub }) }),
    features: { devInteractions: { enabled: true } },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
process.stdin.on("end", () => process.exit(0)).resume();
