import { createPrivateKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, type Outcome, present, refused } from '../support/assertion-requests.js';
import { certificateJwk } from '../support/client-keys.js';
import { assertion, ca } from '../support/methods.js';
import { type Certificate, makeCa } from '../support/pki.js';
import { listsAt, makeList } from '../support/revocation-authority.js';
import { type RevocationServer, revocationServer } from '../support/revocation-server.js';
import { specServer } from '../support/spec-server.js';

let authority: RevocationServer;
const clients: object[] = [];
const signers = new Map<string, Certificate>();
let revoked: Certificate[] = [];

function register(client_id: string, signer: Certificate, jwk: object, more: object = {}): void {
  signers.set(client_id, signer);
  clients.push({
    client_id,
    token_endpoint_auth_method: 'private_key_jwt',
    grant_types: ['client_credentials'],
    scope: 'read',
    jwks: { keys: [jwk] },
    ...more,
  });
}

beforeAll(async () => {
  authority = await revocationServer(() => makeList(ca, { revoked }));
  const listed = () => ca.issue({ subject: 'CN=signer', extensions: [listsAt(authority.url())] });
  const [good, bad, bare] = [listed(), listed(), listed()];
  register('good', good, certificateJwk(good));
  register('bad', bad, certificateJwk(bad));
  const { x5c: _x5c, ...bareJwk } = certificateJwk(bare);
  register('bare', bare, bareJwk);
  const foreign = makeCa({ subject: 'CN=Foreign' });
  const stranger = foreign.issue({ subject: 'CN=signer', extensions: [listsAt(authority.url('/foreign'))] });
  register('stranger', stranger, certificateJwk(stranger));
  register('own', stranger, certificateJwk(stranger), { trusted_cas: [foreign.cert] });
  const middle = ca.issue({ subject: 'CN=Middle', isCa: true, extensions: [listsAt(authority.url())] });
  const below = middle.issue({ subject: 'CN=signer', extensions: [listsAt(authority.url('/middle'))] });
  const chain = [below, middle].map((each) => each.der.toString('base64'));
  register('chain', below, { ...certificateJwk(below), x5c: chain });
  revoked = [bad, bare];
  authority.answer = ({ path }) =>
    path === '/middle' ? makeList(middle) : path === '/foreign' ? makeList(foreign) : makeList(ca, { revoked });
});
afterAll(() => authority.close());

function server(x5c: boolean) {
  return specServer({
    clients: clients as never,
    revocation: { crl: { mode: 'require' }, x5c },
    outbound: { allow_private_hosts: [authority.host] },
  });
}

async function fares(
  at: ReturnType<typeof server>,
  id: string,
  header: Record<string, unknown> = {},
): Promise<Outcome> {
  const key = createPrivateKey(signers.get(id)!.key);
  return present(at, await assertion(id, { header: { kid: undefined, ...header }, key }));
}

describe('TCA-09 x5c of private_key_jwt clients', () => {
  it('TCA-09 is looked at where the policy says so: revoked and untrusted ones are refused', async () => {
    const strict = server(true);
    expect(await fares(strict, 'good')).toEqual(accepted);
    expect(await fares(strict, 'bad')).toEqual(refused('certificate_revoked'));
    expect(await fares(strict, 'stranger')).toEqual(refused('certificate_untrusted'));
    expect(await fares(strict, 'own')).toEqual(accepted);
    expect(await fares(strict, 'chain')).toEqual(accepted);
  });

  it('TCA-09 a key without x5c is not concerned, and nothing is without the switch', async () => {
    expect(await fares(server(true), 'bare')).toEqual(accepted);
    authority.requests.length = 0;
    for (const id of ['good', 'bad', 'stranger']) expect(await fares(server(false), id)).toEqual(accepted);
    expect(authority.requests).toEqual([]);
  });

  it('TCA-09 an x5c in the assertion changes nothing', async () => {
    const clean = [signers.get('good')!.der.toString('base64')];
    expect(await fares(server(true), 'bad', { x5c: clean })).toEqual(refused('certificate_revoked'));
    const dirty = [signers.get('bad')!.der.toString('base64')];
    expect(await fares(server(true), 'good', { x5c: dirty })).toEqual(accepted);
  });

  it('TCA-09 nothing is asked for an assertion that the key did not sign', async () => {
    const strict = server(true);
    authority.requests.length = 0;
    const forged = await assertion('bad', {
      header: { kid: undefined },
      key: createPrivateKey(signers.get('good')!.key),
    });
    expect(await present(strict, forged)).toEqual(refused('assertion_signature_invalid'));
    expect(authority.requests).toEqual([]);
  });
});
