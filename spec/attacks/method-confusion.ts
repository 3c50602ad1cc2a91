import {
  assertion,
  assertionType,
  basicHeader,
  clientCertificate,
  macAssertion,
  ownCertificate,
  secrets,
} from '../support/methods.js';
import { makeCa } from '../support/pki.js';
import { type Attack, type AttackTable, invalidRequest, notAuthenticated, type Verdict } from './attack.js';
import { type AttackWorld, type Caller, type Fields, oneWorld } from './attack-world.js';

const lookalike = makeCa({ subject: 'CN=Spec CA' }).issue({
  subject: 'CN=tls.example.com,O=Example',
  eku: ['clientAuth'],
});
const basic = { authorization: basicHeader('basic-client', secrets.basic) };
const notRegistered = notAuthenticated('method_not_registered');

/** A token request in a way that the client is not registered for, or in two ways. */
function confusing(
  name: string,
  fields: Fields | (() => Promise<Fields>),
  caller: Caller,
  refused: Verdict,
): Attack<AttackWorld> {
  return {
    at: 'token',
    name,
    attempt: async (world) => {
      const form = typeof fields === 'function' ? await fields() : fields;
      return (await world.token(form, { as: null, ...caller })).verdict;
    },
    refused,
    twin: async (world) => (await world.token({}, { as: 'basic-client' })).verdict,
  };
}

const withAssertion = async (more: Fields = {}): Promise<Fields> => ({
  client_assertion: await assertion('private-key-client'),
  client_assertion_type: assertionType,
  ...more,
});

/** A certificate that does not prove the client. */
const showing = (
  name: string,
  clientId: string,
  cert: string,
  caller: Caller,
  reason: string,
  verify?: string,
): Attack<AttackWorld> => ({
  at: 'token',
  name,
  attempt: async (world) => (await world.byCertificate(clientId, cert, caller, verify)).verdict,
  refused: notAuthenticated(reason),
  twin: async (world) =>
    (await world.byCertificate(clientId, clientId === 'tls-client' ? clientCertificate.cert : ownCertificate.cert))
      .verdict,
});

const stranger: Caller = { from: '127.0.0.2' };

/** RFC 6749 2.3, RFC 7591 2: one method per request, and the client's own. */
export const methodConfusion: AttackTable<AttackWorld> = {
  family: 'method confusion',
  ...oneWorld,
  cases: [
    confusing(
      'Basic and post together, both right',
      { client_id: 'basic-client', client_secret: secrets.basic },
      { headers: basic },
      invalidRequest('several_methods'),
    ),
    confusing('Basic and an assertion', () => withAssertion(), { headers: basic }, invalidRequest('several_methods')),
    confusing(
      'an assertion and a secret',
      () => withAssertion({ client_secret: secrets.basic }),
      {},
      invalidRequest('several_methods'),
    ),
    confusing(
      'a client of Basic by post',
      { client_id: 'basic-client', client_secret: secrets.basic },
      {},
      notRegistered,
    ),
    confusing(
      'a client of post by Basic',
      {},
      { headers: { authorization: basicHeader('post-client', secrets.post) } },
      notRegistered,
    ),
    confusing(
      'a client of client_secret_jwt by its bare secret',
      {},
      { headers: { authorization: basicHeader('secret-jwt-client', secrets.jwt) } },
      notRegistered,
    ),
    confusing(
      'a client of private_key_jwt by a secret',
      {},
      { headers: { authorization: basicHeader('private-key-client', secrets.basic) } },
      notRegistered,
    ),
    confusing('a public client by a secret', { client_id: 'app', client_secret: 'guess' }, {}, notRegistered),
    confusing(
      'a confidential client by its name alone',
      { client_id: 'basic-client' },
      {},
      notAuthenticated('no_credentials'),
    ),
    confusing(
      'a confidential client by an empty secret',
      { client_id: 'post-client', client_secret: '' },
      {},
      notAuthenticated('no_credentials'),
    ),
    confusing('no credentials at all', {}, {}, notAuthenticated('no_credentials')),
    confusing(
      'a client of private_key_jwt by its certificate',
      { client_id: 'private-key-client' },
      {
        headers: { 'x-ssl-client-cert': encodeURIComponent(clientCertificate.cert), 'x-ssl-client-verify': 'SUCCESS' },
      },
      notAuthenticated('no_credentials'),
    ),
    confusing(
      'another client_id in the body than in Basic',
      { client_id: 'web' },
      { headers: basic },
      invalidRequest('client_id_conflict'),
    ),
    confusing(
      'another client_id in the body than in the assertion',
      () => withAssertion({ client_id: 'web' }),
      {},
      notAuthenticated('client_id_mismatch'),
    ),
    confusing(
      'two Authorization headers, the right one last',
      {},
      { headers: { authorization: [basicHeader('basic-client', 'wrong'), basic.authorization] } },
      notAuthenticated('authorization_header_malformed'),
    ),
    confusing(
      'an access token as client credential',
      {},
      { headers: { authorization: 'Bearer abc' } },
      notAuthenticated('authorization_scheme_unsupported'),
    ),
    confusing(
      'Basic inside another scheme',
      {},
      { headers: { authorization: `X${basic.authorization}` } },
      notAuthenticated('authorization_scheme_unsupported'),
    ),
    confusing(
      'Basic with foreign characters in the base64',
      {},
      { headers: { authorization: basic.authorization.replace('Basic ', 'Basic !!') } },
      notAuthenticated('authorization_header_malformed'),
    ),
    confusing(
      'a right secret for an inactive client',
      {},
      { headers: { authorization: basicHeader('asleep', secrets.basic) } },
      notAuthenticated('client_inactive'),
    ),
    {
      at: 'token',
      name: 'credentials in the query',
      attempt: async (world) =>
        (
          await world.post(
            `/oauth2/token?client_secret=${secrets.post}&client_id=post-client`,
            { grant_type: 'client_credentials' },
            { as: null },
          )
        ).verdict,
      refused: invalidRequest('credentials_in_query'),
      twin: async (world) =>
        (await world.token({ client_id: 'post-client', client_secret: secrets.post }, { as: null })).verdict,
    },
    {
      at: 'token',
      name: 'an HMAC assertion for a client of private_key_jwt',
      attempt: async (world) =>
        world.assertion(await macAssertion({ claims: { iss: 'private-key-client', sub: 'private-key-client' } })),
      refused: notAuthenticated('assertion_algorithm_refused'),
      twin: async (world) => world.assertion(await macAssertion()),
    },
    showing(
      'a certificate header from a peer that is no proxy',
      'tls-client',
      clientCertificate.cert,
      stranger,
      'certificate_missing',
    ),
    showing(
      'a self-signed certificate in a header from a peer that is no proxy',
      'self-signed-client',
      ownCertificate.cert,
      stranger,
      'certificate_missing',
    ),
    showing('a certificate of a CA with the same name', 'tls-client', lookalike.cert, {}, 'certificate_untrusted'),
    showing(
      'a certificate of the right CA for the self-signed client',
      'self-signed-client',
      clientCertificate.cert,
      {},
      'certificate_not_registered',
    ),
    showing(
      'a self-signed certificate for the client of a CA',
      'tls-client',
      ownCertificate.cert,
      {},
      'certificate_untrusted',
    ),
    showing(
      'a certificate that the proxy has refused',
      'tls-client',
      clientCertificate.cert,
      {},
      'certificate_refused_by_proxy',
      'FAILED:certificate has expired',
    ),
    showing(
      'two certificates in one header, the right one last',
      'tls-client',
      lookalike.cert + clientCertificate.cert,
      {},
      'certificate_missing',
    ),
    {
      at: 'introspect',
      name: 'a public client by its name',
      attempt: async (world) =>
        (await world.post('/oauth2/introspect', { token: 'x', client_id: 'app' }, { as: null })).verdict,
      refused: notAuthenticated('no_credentials'),
      twin: async (world) => (await world.post('/oauth2/introspect', { token: 'x' })).verdict,
    },
  ],
};
