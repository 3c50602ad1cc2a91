import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type StorePlace, sharedStoreKinds } from '../support/store-kinds.js';
import { noteSecret } from '../support/suite-log.js';
import { type HttpReply, send, type TwoProcesses, twoProcesses } from '../support/two-processes.js';

const browsers = 50;
const redirectUri = 'https://app.example.com/cb';
const client = {
  client_id: 'app',
  token_endpoint_auth_method: 'none',
  redirect_uris: [redirectUri],
  scope: 'openid',
  trusted: true,
};
const secretKeys = [noteSecret(randomBytes(32).toString('base64'))];

let place: StorePlace;
let processes: TwoProcesses;

async function start(): Promise<void> {
  const user = { id: 'u-1', authTime: 1 };
  processes = await twoProcesses({ store: place.url, secretKeys, clients: [client], user });
}

/** The path and query that lead a browser on, for a request pushed to the first process. */
async function pushed(): Promise<string> {
  const reply = await send(`${processes.servers[0].origin}/oauth2/par`, {
    client_id: 'app',
    response_type: 'code',
    redirect_uri: redirectUri,
    // RFC 7636 Appendix B.
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  });
  expect(reply.status).toBe(201);
  const request_uri = noteSecret(String(reply.body?.request_uri));
  return `/oauth2/authorize?${new URLSearchParams({ client_id: 'app', request_uri })}`;
}

const codeOf = ({ headers }: HttpReply) =>
  headers.location === undefined ? null : new URL(headers.location).searchParams.get('code');

describe.each(sharedStoreKinds)('PAR-05 one pushed request, two processes on one store, $name', (kind) => {
  beforeAll(async () => {
    place = await kind.newPlace();
  });
  beforeEach(start);
  afterEach(() => processes.stop());
  afterAll(() => place.remove());

  it(`PAR-05 of ${browsers} browsers at once exactly one gets a code`, async () => {
    for (let round = 0; round < 2; round += 1) {
      const path = await pushed();
      const origins = processes.servers.map(({ origin }) => origin);
      const replies = await Promise.all(
        Array.from({ length: browsers }, (_, number) => send(`${origins[number % 2]}${path}`)),
      );
      const codes = replies.map(codeOf).filter((code) => code !== null);
      expect(codes).toHaveLength(1);
      noteSecret(codes[0] ?? '');
      expect(replies.filter(({ status }) => status === 400)).toHaveLength(browsers - 1);
    }
  });

  it('PAR-05 a request that was answered before both died stays answered, another one stays good', async () => {
    const [used, unused] = [await pushed(), await pushed()];
    noteSecret(codeOf(await send(`${processes.servers[0].origin}${used}`)) ?? '');
    await processes.kill();
    await start();
    const [, second] = processes.servers;
    expect((await send(`${second.origin}${used}`)).status).toBe(400);
    expect((await second.outcomes(1)).at(-1)?.reason).toBe('request_uri_used');
    expect(noteSecret(codeOf(await send(`${second.origin}${unused}`)) ?? '')).not.toBe('');
  });
});
