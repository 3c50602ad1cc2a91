import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import express from 'express';
import { clientCredentials, clientSecretBasic, eventLine, grantRouter, openStore } from 'express-client-auth';

const port = Number(process.env.PORT ?? 8443);
const router = grantRouter({
  issuer: `https://localhost:${port}`,
  clients: [
    {
      client_id: 'shop',
      client_secret: 'a-secret-of-the-shop-made-by-nobody',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['client_credentials'],
      scope: 'read',
    },
  ],
  scopes: { read: {} },
  store: await openStore('memory:'),
  strategies: [clientSecretBasic()],
  grants: [clientCredentials()],
  onEvent: (event) => console.error(eventLine(event)),
});
await router.ready();

const app = express();
app.use(router);
const tls = { key: readFileSync('server.key'), cert: readFileSync('server.crt') };
createServer(tls, app).listen(port, () => console.log(`Listening on https://localhost:${port}`));
