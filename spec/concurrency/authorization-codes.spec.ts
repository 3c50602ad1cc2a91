import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type StorePlace, sharedStoreKinds } from '../support/store-kinds.js';
import { noteSecret } from '../support/suite-log.js';
import { type HttpReply, send, type TwoProcesses, twoProcesses } from '../support/two-processes.js';

/** RFC 7636 Appendix B. */
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const redeemers = 50;
const client = {
  client_id: 'app',
  token_endpoint_auth_method: 'none',
  redirect_uris: ['https://app.example.com/cb'],
  scope: 'openid',
  trusted: true,
};

let place: StorePlace;
let processes: TwoProcesses;

const secretKeys = [noteSecret(randomBytes(32).toString('base64'))];

async function start(): Promise<void> {
  const user = { id: 'u-1', authTime: 1 };
  processes = await twoProcesses({ store: place.url, secretKeys, clients: [client], user });
}

/** A code, asked of the first process. */
async function newCode(): Promise<string> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'app',
    redirect_uri: 'https://app.example.com/cb',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  const reply = await send(`${processes.servers[0].origin}/oauth2/authorize?${query}`);
  expect(reply.status).toBe(303);
  return noteSecret(new URL(String(reply.headers.location)).searchParams.get('code') ?? '');
}

const redemption = (code: string, more = {}) => ({
  grant_type: 'authorization_code',
  client_id: 'app',
  redirect_uri: 'https://app.example.com/cb',
  code,
  code_verifier: verifier,
  ...more,
});

const counted = (replies: readonly HttpReply[]) => replies.filter(({ status }) => status === 200).length;

describe.each(sharedStoreKinds)('ACG-03 one code at once, two processes on one store, $name', (kind) => {
  beforeAll(async () => {
    place = await kind.newPlace();
  });
  afterEach(() => processes.stop());
  afterAll(() => place.remove());

  it(`ACG-03 of ${redeemers} redemptions exactly one is accepted`, async () => {
    await start();
    for (let round = 0; round < 3; round += 1) {
      const replies = await processes.fire('/oauth2/token', redemption(await newCode()), redeemers);
      expect(counted(replies)).toBe(1);
      const losers = replies.filter(({ status }) => status !== 200);
      expect(losers.map(({ status, body }) => [status, body?.error])).toEqual(losers.map(() => [400, 'invalid_grant']));
    }
  });

  it('PKC-04 ACG-03 a wrong verifier in one process burns the code in the other', async () => {
    await start();
    const [first, second] = processes.servers;
    const code = await newCode();
    const wrong = await send(`${second.origin}/oauth2/token`, redemption(code, { code_verifier: 'x'.repeat(43) }));
    const right = await send(`${first.origin}/oauth2/token`, redemption(code));
    expect([wrong.status, right.status]).toEqual([400, 400]);
    const [told] = await second.outcomes(1);
    expect(told?.reason).toBe('verifier_mismatch');
    expect((await first.outcomes(2)).at(-1)?.reason).toBe('code_used');
  });

  it('ACG-03 a code used before both died stays used after they start again', async () => {
    await start();
    const code = await newCode();
    expect((await send(`${processes.servers[0].origin}/oauth2/token`, redemption(code))).status).toBe(200);
    await processes.kill();
    await start();
    expect((await send(`${processes.servers[1].origin}/oauth2/token`, redemption(code))).status).toBe(400);
    expect((await processes.servers[1].outcomes(1)).at(-1)?.reason).toBe('code_used');
  });
});
