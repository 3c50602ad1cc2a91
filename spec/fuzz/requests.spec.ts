import { afterAll, describe, it } from '@jest/globals';
import fc from 'fast-check';
import { AttackWorld, authorization, type Sent } from '../attacks/attack-world.js';
import { forge } from '../support/assertion-requests.js';
import { assertionType, basicHeader, clientCertificate, secrets } from '../support/methods.js';
import { inputs, mostMilliseconds, runFor, seconds, seed } from './fuzz-run.js';

const world = new AttackWorld();
afterAll(() => world.close());

const formType = 'application/x-www-form-urlencoded';
const basic = basicHeader('web', secrets.basic);
const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
const right = form(authorization);
const certificate = encodeURIComponent(clientCertificate.cert);

/** One right request per endpoint: target, then headers, then body; each of the parts is spoilt by itself. */
const requests: readonly [name: string, method: string, path: string, headers: Record<string, string>, body: string][] =
  [
    [
      'token',
      'POST',
      '/oauth2/token',
      { 'content-type': formType, authorization: basic },
      'grant_type=client_credentials&scope=read',
    ],
    [
      'token by assertion',
      'POST',
      '/oauth2/token',
      { 'content-type': formType },
      form({ grant_type: 'client_credentials', client_assertion: forge(), client_assertion_type: assertionType }),
    ],
    [
      'token by certificate',
      'POST',
      '/oauth2/token',
      { 'content-type': formType, 'x-ssl-client-cert': certificate, 'x-ssl-client-verify': 'SUCCESS' },
      'grant_type=client_credentials&client_id=tls-client',
    ],
    [
      'token by code',
      'POST',
      '/oauth2/token',
      { 'content-type': formType, authorization: basic, dpop: forge() },
      'grant_type=authorization_code&code=abc&redirect_uri=x&code_verifier=y',
    ],
    [
      'token by one-time code',
      'POST',
      '/oauth2/token',
      { 'content-type': formType, authorization: basic },
      'grant_type=password&username=johndoe&password=12345678',
    ],
    [
      'refresh',
      'POST',
      '/oauth2/token',
      { 'content-type': formType, authorization: basic },
      'grant_type=refresh_token&refresh_token=abc',
    ],
    [
      'introspect',
      'POST',
      '/oauth2/introspect',
      { 'content-type': formType, authorization: basic },
      `token=${forge()}&token_type_hint=access_token`,
    ],
    ['revoke', 'POST', '/oauth2/revoke', { 'content-type': formType, authorization: basic }, 'token=abc'],
    ['par', 'POST', '/oauth2/par', { 'content-type': formType, authorization: basic }, right],
    ['authorize', 'GET', `/oauth2/authorize?${right}`, { cookie: 'person=john' }, ''],
    ['authorize by POST', 'POST', '/oauth2/authorize', { cookie: 'person=john', 'content-type': formType }, right],
    [
      'consent',
      'POST',
      '/oauth2/authorize/consent',
      { 'content-type': formType, origin: 'https://as.example.com' },
      'transaction=abc&decision=allow&scope=read',
    ],
    ['userinfo', 'GET', '/userinfo', { authorization: `Bearer ${forge()}` }, ''],
    [
      'register',
      'POST',
      '/oauth2/register',
      { 'content-type': 'application/json', authorization: 'Bearer x' },
      '{"redirect_uris":["https://app.example.com/cb"]}',
    ],
    [
      'client configuration',
      'PUT',
      '/oauth2/register/abc',
      { 'content-type': 'application/json', authorization: 'Bearer x' },
      '{"client_id":"abc"}',
    ],
    [
      'identity API',
      'POST',
      '/api/identity/acme/system/pools/staff/user/code/generate',
      { 'content-type': 'application/json', authorization: 'Bearer x' },
      '{"type":"authentication"}',
    ],
    ['metadata', 'GET', '/.well-known/openid-configuration', { origin: 'https://app.example.com' }, ''],
    ['API', 'GET', '/api/hello', { authorization: `DPoP ${forge()}`, dpop: forge() }, ''],
  ];

const share = (seconds * 400) / requests.length;
/** What a client of HTTP can send at all. */
const sendable = (octets: Buffer) => octets.toString('latin1').replace(/[^\t\x20-\x7e\x80-\xff]/g, '');
const target = (octets: Buffer) =>
  `/${sendable(octets)
    .replace(/[\s\x80-\xff]/g, '')
    .slice(1, 7000)}`;

/** Throws at an answer of 5xx, and at one that took the processor too long each of four times. */
async function attempt(sent: Sent): Promise<void> {
  const took: number[] = [];
  do {
    const before = process.cpuUsage();
    const { status } = await world.send(sent);
    const { user, system } = process.cpuUsage(before);
    took.push((user + system) / 1000);
    if (status >= 500) throw new Error(`${status} ${JSON.stringify(world.events.at(-1))}`);
  } while (Math.min(...took) > mostMilliseconds && took.length < 4);
  // What is kept here would grow with a long run.
  world.events.length = 0;
  if (Math.min(...took) > mostMilliseconds) throw new Error(`took ${Math.min(...took)} ms`);
}

describe(`every endpoint, FUZZ_SEED=${seed}`, () => {
  it.each(requests)(
    '%s answers what is spoilt, never by 5xx, and in time',
    async (_name, method, path, headers, body) => {
      const names = Object.keys(headers);
      const parts = [path, ...Object.values(headers), body].filter((part) => part !== '');
      const spoilt = fc
        .nat(parts.length - 1)
        .chain((index) => fc.tuple(fc.constant(index), inputs([parts[index] as string])));
      await attempt({ method, path, headers, body });
      const property = fc.asyncProperty(spoilt, async ([index, octets]) => {
        const name = names[index - 1];
        await attempt({
          method,
          path: index === 0 ? target(octets) : path,
          headers: name === undefined ? headers : { ...headers, [name]: sendable(octets).slice(0, 12_000) },
          ...(body !== '' && { body: index === parts.length - 1 ? octets : body }),
        });
      });
      await runFor(share, property);
    },
    share * 4 + 30_000,
  );
});
