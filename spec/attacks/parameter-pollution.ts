import { claimsBeginningWith, forge, rightClaims } from '../support/assertion-requests.js';
import { assertion, secrets } from '../support/methods.js';
import { type Attack, type AttackTable, invalidRequest, notAuthenticated, type Verdict } from './attack.js';
import { type AttackWorld, authorization, callback, oneWorld } from './attack-world.js';

const repeated = invalidRequest('parameter_repeated');
const noCredentials = notAuthenticated('no_credentials');
const postClient = { client_id: 'post-client', client_secret: secrets.post };

/** A raw form at the token endpoint, where the same client's ordinary one goes through. */
function form(name: string, body: string, refused: Verdict, type?: string): Attack<AttackWorld> {
  const headers = type === undefined ? {} : { 'content-type': type };
  return {
    at: 'token',
    name,
    attempt: async (world) => (await world.token(body, { as: null, headers })).verdict,
    refused,
    twin: async (world) => (await world.token(postClient, { as: null })).verdict,
  };
}

const right = `grant_type=client_credentials&client_id=post-client&client_secret=${secrets.post}`;
const multipart = `--x\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\nclient_credentials\r\n--x--`;
const json = (members: object) => JSON.stringify({ grant_type: 'client_credentials', ...members });

/** A parameter of the authorization endpoint sent twice. */
const twice = (name: string, value: string, refused: Verdict): Attack<AttackWorld> => ({
  at: 'authorize',
  name: `${name} twice`,
  attempt: async (world) => (await world.authorize({ [name]: [authorization[name as 'scope'], value] })).verdict,
  refused,
  twin: async (world) => (await world.authorize()).verdict,
  allowed: [303, undefined, undefined],
});

const onPage: Verdict = [400, undefined, 'parameter_repeated'];
const inRedirect: Verdict = [303, 'invalid_request', 'parameter_repeated'];

/** Whether anything was planted on Object.prototype, as the verdict of the request that tried. */
async function planting(attempt: Promise<{ verdict: Verdict }>): Promise<Verdict> {
  const { verdict } = await attempt;
  const planted = ({} as Record<string, unknown>).polluted;
  return planted === undefined ? verdict : [0, String(planted), 'Object.prototype was changed'];
}

const metadata = {
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'client_secret_post',
  scope: 'read',
};
const withMembers = (text: string) => `{${text},${JSON.stringify(metadata).slice(1)}`;
const registering = (name: string, body: string, refused: Verdict): Attack<AttackWorld> => ({
  at: 'register',
  name,
  attempt: (world) => planting(world.register(body)),
  refused,
  twin: async (world) => (await world.register(metadata)).verdict,
  allowed: [201, undefined, undefined],
});
const ordering = (name: string, body: string, refused: Verdict): Attack<AttackWorld> => ({
  at: 'identity API',
  name,
  attempt: (world) => planting(world.identity(body)),
  refused,
  twin: async (world) => (await world.identity({ type: 'authentication', address: 'johndoe@example.com' })).verdict,
  allowed: [201, undefined, undefined],
});

const inJwt = (
  name: string,
  text: string,
  reason: string,
  more: Record<string, unknown> = {},
): Attack<AttackWorld> => ({
  at: 'token',
  name,
  attempt: (world) =>
    planting(
      world
        .assertion(forge({ claims: claimsBeginningWith(text, rightClaims('private-key-client', more)) }))
        .then((verdict) => ({ verdict })),
    ),
  refused: notAuthenticated(reason),
  twin: async (world) => world.assertion(await assertion('private-key-client')),
});

/** RFC 6749 3.1 and 3.2, RFC 8725 2.4: a name is sent once, and a name is nothing but a name. */
export const parameterPollution: AttackTable<AttackWorld> = {
  family: 'parameter and prototype pollution',
  ...oneWorld,
  cases: [
    form('grant_type twice', `${right}&grant_type=password`, repeated),
    form('client_id twice', `${right}&client_id=web`, repeated),
    form('client_secret twice, the right one first', `${right}&client_secret=guess`, repeated),
    form('client_secret twice, equal', `${right}&client_secret=${secrets.post}`, repeated),
    form('scope twice', `${right}&scope=read&scope=write`, repeated),
    form('a name percent-encoded beside the plain one', `${right}&client%5Fid=web`, repeated),
    form(
      'client_secret[] in place of client_secret',
      right.replace('client_secret=', 'client_secret[]='),
      noCredentials,
    ),
    form(
      'client_secret[$ne], as for a document store',
      `grant_type=client_credentials&client_id=post-client&client_secret[$ne]=x`,
      noCredentials,
    ),
    form(
      '__proto__[client_secret]',
      `grant_type=client_credentials&client_id=post-client&__proto__[client_secret]=${secrets.post}`,
      noCredentials,
    ),
    form(
      'constructor[prototype][client_id]',
      'grant_type=client_credentials&constructor[prototype][client_id]=post-client',
      noCredentials,
    ),
    form(
      'JSON where only forms are read',
      json(postClient),
      invalidRequest('media_type_unsupported'),
      'application/json',
    ),
    form('a form called JSON', right, invalidRequest('media_type_unsupported'), 'application/json'),
    form('multipart', multipart, invalidRequest('media_type_unsupported'), 'multipart/form-data; boundary=x'),
    form('plain text', right, invalidRequest('media_type_unsupported'), 'text/plain'),
    form('UTF-16', Buffer.from(right, 'utf16le').toString('latin1'), noCredentials),
    form('a percent sign alone', `${right}&scope=%`, invalidRequest('body_malformed')),
    form('overlong UTF-8', `${right}&scope=%C0%AF`, invalidRequest('body_malformed')),
    form('semicolons between parameters', right.replaceAll('&', ';'), noCredentials),
    {
      at: 'token',
      name: 'grant_type in the query alone',
      attempt: async (world) =>
        (await world.post('/oauth2/token?grant_type=client_credentials', postClient, { as: null })).verdict,
      refused: invalidRequest('parameter_missing'),
      twin: async (world) => (await world.token(postClient, { as: null })).verdict,
    },
    twice('redirect_uri', 'https://attacker.example', onPage),
    twice('client_id', 'other', onPage),
    twice('scope', 'openid', inRedirect),
    twice('state', 'x', inRedirect),
    twice('code_challenge', 'x', inRedirect),
    twice('response_type', 'token', inRedirect),
    {
      at: 'introspect',
      name: 'token twice',
      attempt: async (world) => (await world.post('/oauth2/introspect', { token: ['a', 'b'] })).verdict,
      refused: repeated,
      twin: async (world) => (await world.post('/oauth2/introspect', { token: 'a' })).verdict,
    },
    {
      at: 'revoke',
      name: 'token twice',
      attempt: async (world) => (await world.post('/oauth2/revoke', { token: ['a', 'b'] })).verdict,
      refused: repeated,
      twin: async (world) => (await world.post('/oauth2/revoke', { token: 'a' })).verdict,
    },
    {
      at: 'par',
      name: 'redirect_uri twice',
      attempt: async (world) => (await world.push({ redirect_uri: [callback, 'https://attacker.example'] })).verdict,
      refused: repeated,
      twin: async (world) => (await world.push()).verdict,
      allowed: [201, undefined, undefined],
    },
    inJwt('sub twice in an assertion', '"sub":"second-key-client"', 'assertion_malformed'),
    inJwt('aud twice in an assertion', '"aud":"https://attacker.example"', 'assertion_malformed'),
    inJwt(
      '__proto__ in an assertion, in place of its exp',
      '"__proto__":{"exp":9999999999,"polluted":"yes"}',
      'assertion_claim_invalid',
      {
        exp: undefined,
      },
    ),
    inJwt(
      'constructor.prototype in an assertion, in place of its jti',
      '"constructor":{"prototype":{"jti":"x","polluted":"yes"}}',
      'assertion_claim_invalid',
      {
        jti: undefined,
      },
    ),
    registering('grant_types twice in client metadata', withMembers('"grant_types":["password"]'), [
      400,
      'invalid_request',
      'body_malformed',
    ]),
    registering(
      '__proto__ in client metadata, with a redirect URI of its own',
      '{"__proto__":{"redirect_uris":["https://attacker.example"],"polluted":"yes"}}',
      [400, 'invalid_redirect_uri', 'redirect_uri_invalid'],
    ),
    registering(
      'client metadata nested deeply',
      withMembers(`"contacts":${'['.repeat(20_000)}${']'.repeat(20_000)}`),
      invalidRequest('body_malformed'),
    ),
    ordering(
      'type twice in an order for a code',
      '{"type":"x","type":"authentication","address":"johndoe@example.com"}',
      invalidRequest('body_malformed'),
    ),
    ordering(
      '__proto__ in an order for a code',
      '{"type":"authentication","__proto__":{"address":"johndoe@example.com","polluted":"yes"}}',
      invalidRequest('parameter_missing'),
    ),
    ordering(
      'an object in place of an address',
      '{"type":"authentication","address":{"$ne":null}}',
      invalidRequest('parameter_invalid'),
    ),
  ],
};
