import { readFileSync } from 'node:fs';
import { request } from 'node:https';

const issuer = process.env.ISSUER ?? 'https://localhost:8443';
const clientId = 'shop';
const secret = 'a-secret-of-the-shop-made-by-nobody';

const headers = {
  'content-type': 'application/x-www-form-urlencoded',
  authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
};
const form = { grant_type: 'client_credentials', scope: 'read' };
console.log(await post('/oauth2/token', form));

/** Posts a form. Answers the status and the JSON that came back. */
function post(path: string, fields: Record<string, string>): Promise<string> {
  const options = { method: 'POST', headers, ca: readFileSync('server.crt') };
  return new Promise((resolve, reject) => {
    const sent = request(issuer + path, options, async (reply) => {
      let text = '';
      for await (const chunk of reply) text += chunk;
      resolve(`${reply.statusCode} ${text}`);
    });
    sent.on('error', reject).end(String(new URLSearchParams(fields)));
  });
}
