import { type Attack, type AttackTable, invalidRequest, type Verdict } from './attack.js';
import { type AttackWorld, type Changes, callback, oneWorld } from './attack-world.js';

const onPage = invalidRequest('redirect_uri_unregistered');
const toApp: Verdict = [303, undefined, undefined];

/** A redirect URI that only looks like the registered one: answered by a page, never by a redirect. */
function leading(name: string, redirect_uri: string | undefined, more: Changes = {}): Attack<AttackWorld> {
  return {
    at: 'authorize',
    name: `redirect_uri: ${name}`,
    attempt: async (world) => {
      const { headers, verdict } = await world.authorize({ redirect_uri, ...more });
      return headers.location === undefined ? verdict : [303, headers.location, 'redirected'];
    },
    refused: [400, undefined, onPage[2]],
    twin: async (world) => (await world.authorize({ redirect_uri: callback })).verdict,
    allowed: toApp,
  };
}

/** A wrong request whose error goes to the client, and to nobody else. */
function told(name: string, changes: Changes, error: string, reason: string): Attack<AttackWorld> {
  return {
    at: 'authorize',
    name,
    attempt: async (world) => {
      const { headers, verdict } = await world.authorize(changes);
      return String(headers.location).startsWith(`${callback}?`)
        ? verdict
        : [0, headers.location, 'redirected elsewhere'];
    },
    refused: [303, error, reason],
    twin: async (world) => (await world.authorize()).verdict,
    allowed: toApp,
  };
}

/** RFC 9700 2.1, 4.1 and 4.11: exact redirect URIs, and no open redirector. */
export const redirectTricks: AttackTable<AttackWorld> = {
  family: 'redirect tricks',
  ...oneWorld,
  cases: [
    leading('of an attacker', 'https://attacker.example/callback'),
    leading('absent, with openid', undefined),
    leading('with more path', `${callback}/../evil`),
    leading('with a path parameter', `${callback};x=1`),
    leading('with a query', `${callback}?next=https://attacker.example`),
    leading('with a fragment', `${callback}#frag`),
    leading('with a slash at its end', `${callback}/`),
    leading('with a percent-encoded letter', callback.replace('callback', 'call%62ack')),
    leading('in capitals', callback.toUpperCase()),
    leading('with a default port', callback.replace('.com/', '.com:443/')),
    leading('with user information', callback.replace('https://', 'https://attacker.example@')),
    leading('as user information', callback.replace('app.example.com', 'app.example.com@attacker.example')),
    leading('of a host that begins alike', callback.replace('.com/', '.com.attacker.example/')),
    leading('of a subdomain', callback.replace('app.', 'x.app.')),
    leading('with a backslash', callback.replace('.com/', '.com\\@attacker.example/')),
    leading('with a tab', callback.replace('.com/', '.com\t/')),
    leading('with NUL', `${callback}\0`),
    leading('http in place of https', callback.replace('https', 'http')),
    leading('relative to the scheme', callback.replace('https:', '')),
    leading('javascript:', 'javascript:alert(1)'),
    leading('data:', 'data:text/html,<script>alert(1)</script>'),
    leading('of another client of this server', 'http://127.0.0.1/cb'),
    leading('loopback by name for a native application', 'http://localhost/cb', { client_id: 'app' }),
    leading('loopback with user information for a native application', 'http://127.0.0.1@attacker.example/cb', {
      client_id: 'app',
    }),
    {
      at: 'authorize',
      name: 'an unknown client with a redirect URI of its own',
      attempt: async (world) =>
        (await world.authorize({ client_id: 'nobody', redirect_uri: 'https://attacker.example' })).verdict,
      refused: [400, undefined, 'authorize_client_unknown'],
      twin: async (world) =>
        (await world.authorize({ client_id: 'app', redirect_uri: 'http://127.0.0.1:5555/cb' })).verdict,
      allowed: toApp,
    },
    told('response_type token', { response_type: 'token' }, 'unsupported_response_type', 'response_type_unsupported'),
    told(
      'response_type code id_token',
      { response_type: 'code id_token' },
      'unsupported_response_type',
      'response_type_unsupported',
    ),
    told(
      'a request object',
      { request: 'eyJhbGciOiJub25lIn0.e30.' },
      'request_not_supported',
      'request_object_unsupported',
    ),
    told('a scope that the client does not have', { scope: 'write' }, 'invalid_scope', 'scope_not_allowed'),
    {
      at: 'authorize',
      name: 'request_uri that is a URL to fetch',
      attempt: async (world) => (await world.authorize({ request_uri: 'http://169.254.169.254/latest' })).verdict,
      refused: [303, 'request_uri_not_supported', 'request_uri_unsupported'],
      twin: async (world) => (await world.authorize()).verdict,
      allowed: toApp,
    },
    {
      at: 'authorize',
      name: 'response_mode that would post the code elsewhere',
      attempt: async (world) => (await world.authorize({ response_mode: 'web_message' })).verdict,
      refused: [303, 'invalid_request', 'parameter_invalid'],
      twin: async (world) => (await world.authorize({ response_mode: 'query' })).verdict,
      allowed: toApp,
    },
    {
      at: 'par',
      name: 'redirect_uri that is not registered',
      attempt: async (world) => (await world.push({ redirect_uri: 'https://attacker.example' })).verdict,
      refused: invalidRequest('redirect_uri_unregistered'),
      twin: async (world) => (await world.push()).verdict,
      allowed: [201, undefined, undefined],
    },
    ...[
      'http://app.example.com/cb',
      'https://app.example.com/cb#x',
      'javascript:alert(1)',
      'https://*.example.com/cb',
    ].map(
      (redirect_uri): Attack<AttackWorld> => ({
        at: 'register',
        name: `the redirect URI ${redirect_uri}`,
        attempt: async (world) => (await world.register({ redirect_uris: [redirect_uri] })).verdict,
        refused: [400, 'invalid_redirect_uri', 'redirect_uri_invalid'],
        twin: async (world) => (await world.register({ redirect_uris: ['https://app.example.com/cb'] })).verdict,
        allowed: [201, undefined, undefined],
      }),
    ),
  ],
};
