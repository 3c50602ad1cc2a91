import { basicHeader, clientCertificate, issuer, secrets } from '../support/methods.js';
import { type Attack, type AttackTable, notAuthenticated, passed, type Verdict } from './attack.js';
import { type AttackWorld, authorization, callback, oneWorld, secondIssuer } from './attack-world.js';

const basic = basicHeader('web', secrets.basic);
const form = 'grant_type=client_credentials&scope=read';

/** Octets of a token request; Node's parser stands first, so there is no private reason where it refuses. */
function octets(name: string, lines: readonly string[], body: string, refused: Verdict): Attack<AttackWorld> {
  return {
    at: 'token',
    name,
    attempt: (world) => world.sendOctets(request(lines, body)),
    refused,
    twin: (world) => world.sendOctets(request([`Content-Length: ${form.length}`], form)),
  };
}

function request(lines: readonly string[], body: string): string {
  const head = ['POST /oauth2/token HTTP/1.1', 'Host: as.example.com', 'Connection: close', `Authorization: ${basic}`];
  const type = 'Content-Type: application/x-www-form-urlencoded';
  return `${[...head, type, ...lines].join('\r\n')}\r\n\r\n${body}`;
}

const chunked = `${form.length.toString(16)}\r\n${form}\r\n0\r\n\r\n`;
const badRequest: Verdict = [400, undefined, undefined];

/** Headers by which a sender says who or where it is; what was answered must not depend on them. */
function told(at: Attack<AttackWorld>['at'], path: string, headers: Record<string, string>): Attack<AttackWorld> {
  return {
    at,
    name: `${Object.keys(headers).join(', ')} names another host`,
    attempt: async (world) => {
      const [plain, lied] = [await world.send({ path }), await world.send({ path, headers })];
      return lied.text === plain.text && !lied.text.includes('attacker') ? plain.verdict : [0, lied.text, 'believed'];
    },
    refused: passed,
    twin: async (world) => (await world.send({ path, headers: { host: 'as.example.com' } })).verdict,
  };
}

const metadata = '/.well-known/openid-configuration';

/** RFC 9112 11.2, RFC 9110 7.2: no header from a stranger says where this server is, or who the client is. */
export const headerSmuggling: AttackTable<AttackWorld> = {
  family: 'header smuggling',
  ...oneWorld,
  cases: [
    octets(
      'Content-Length beside Transfer-Encoding',
      [`Content-Length: ${form.length}`, 'Transfer-Encoding: chunked'],
      chunked,
      badRequest,
    ),
    octets('two Content-Lengths', ['Content-Length: 1', `Content-Length: ${form.length}`], form, badRequest),
    octets('a Transfer-Encoding of another name', ['Transfer-Encoding: xchunked'], chunked, [
      400,
      undefined,
      'body_malformed',
    ]),
    octets('chunked twice', ['Transfer-Encoding: chunked, identity'], chunked, badRequest),
    octets('a chunk size with a sign', ['Transfer-Encoding: chunked'], `+${chunked}`, [
      400,
      undefined,
      'body_malformed',
    ]),
    octets('a header folded over lines', [`Content-Length: ${form.length}`, 'X-A: a', ' X-B: b'], form, badRequest),
    octets('a blank before the colon', [`Content-Length : ${form.length}`], form, badRequest),
    octets(
      'a bare carriage return in a header',
      [`Content-Length: ${form.length}`, 'X-A: a\rAuthorization: x'],
      form,
      badRequest,
    ),
    octets('NUL in a header', [`Content-Length: ${form.length}`, 'X-A: a\0b'], form, badRequest),
    told('metadata', metadata, { host: 'attacker.example' }),
    told('metadata', metadata, { 'x-forwarded-host': 'attacker.example', 'x-forwarded-proto': 'http' }),
    told('metadata', metadata, { forwarded: 'host=attacker.example;proto=http' }),
    told('metadata', metadata, { 'x-original-url': '/attacker', 'x-rewrite-url': '/attacker' }),
    told('jwks', '/.well-known/jwks.json', { host: 'attacker.example', 'x-forwarded-host': 'attacker.example' }),
    {
      at: 'token',
      name: 'the certificate header with underscores',
      attempt: async (world) => {
        const headers = {
          x_ssl_client_cert: encodeURIComponent(clientCertificate.cert),
          x_ssl_client_verify: 'SUCCESS',
        };
        return (await world.token({ client_id: 'tls-client' }, { as: null, headers })).verdict;
      },
      refused: notAuthenticated('certificate_missing'),
      twin: async (world) => (await world.byCertificate('tls-client', clientCertificate.cert)).verdict,
    },
    {
      at: 'token',
      name: 'the certificate header of another kind of proxy',
      attempt: async (world) => {
        const headers = { 'client-cert': `:${clientCertificate.der.toString('base64')}:` };
        return (await world.token({ client_id: 'tls-client' }, { as: null, headers })).verdict;
      },
      refused: notAuthenticated('certificate_missing'),
      twin: async (world) => (await world.byCertificate('tls-client', clientCertificate.cert)).verdict,
    },
    {
      at: 'token',
      name: 'the certificate header twice, by the sender and by the proxy',
      attempt: async (world) => {
        const cert = encodeURIComponent(clientCertificate.cert);
        const headers = { 'x-ssl-client-cert': [cert, cert], 'x-ssl-client-verify': 'SUCCESS' };
        return (await world.token({ client_id: 'tls-client' }, { as: null, headers })).verdict;
      },
      refused: notAuthenticated('certificate_missing'),
      twin: async (world) => (await world.byCertificate('tls-client', clientCertificate.cert)).verdict,
    },
    {
      at: 'token',
      name: 'X-Forwarded-For of a trusted proxy, from a stranger with a certificate header',
      attempt: async (world) =>
        (
          await world.byCertificate('tls-client', clientCertificate.cert, {
            from: '127.0.0.3',
            headers: { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' },
          })
        ).verdict,
      refused: notAuthenticated('certificate_missing'),
      twin: async (world) => (await world.byCertificate('tls-client', clientCertificate.cert)).verdict,
    },
    {
      at: 'token',
      name: 'GET that says it is POST',
      attempt: async (world) =>
        (
          await world.send({
            path: `/oauth2/token?${form}`,
            headers: { authorization: basic, 'x-http-method-override': 'POST' },
          })
        ).verdict,
      refused: [405, 'invalid_request', 'method_not_allowed'],
      twin: async (world) => (await world.token()).verdict,
    },
    {
      at: 'token',
      name: 'a target in absolute form that names another host',
      attempt: async (world) => {
        const answer = await world.post(
          `${secondIssuer}/oauth2/token`.replace('as.', 'attacker.'),
          { client_id: 'nobody' },
          { as: null },
        );
        return answer.verdict;
      },
      refused: notAuthenticated('unknown_client'),
      twin: async (world) => (await world.token({}, { at: '/acme/second' })).verdict,
    },
    {
      at: 'token',
      name: 'a path with dots and a percent-encoded slash',
      attempt: async (world) =>
        (await world.post('/acme%2fdemo/..%2foauth2/token', { grant_type: 'client_credentials' })).verdict,
      refused: [404, 'not_found', undefined],
      twin: async (world) => (await world.token()).verdict,
    },
    {
      at: 'token',
      name: 'a correlation id of the sender\u2019s',
      attempt: async (world) => {
        const { headers, verdict } = await world.token({}, { headers: { 'x-correlation-id': 'forged' } });
        return headers['x-correlation-id'] === 'forged' ? [0, 'forged', 'believed'] : verdict;
      },
      refused: passed,
      twin: async (world) => (await world.token()).verdict,
    },
    {
      at: 'authorize',
      name: 'state that would begin another header',
      attempt: async (world) => {
        const { headers, verdict } = await world.authorize({
          state: 'a\r\nSet-Cookie: session=forged\r\n\r\n<script>',
        });
        const isOneLine = !/[\r\n<]/.test(String(headers.location));
        return headers['set-cookie']?.join().includes('forged') || !isOneLine ? [0, 'split', 'believed'] : verdict;
      },
      refused: [303, undefined, undefined],
      twin: async (world) => (await world.authorize({ state: authorization.state, redirect_uri: callback })).verdict,
      allowed: [303, undefined, undefined],
    },
    {
      at: 'userinfo',
      name: 'two Authorization headers',
      attempt: async (world) => {
        const { access_token } = await world.tokens();
        const authorization = [`Bearer ${access_token}`, 'Bearer x'];
        return (await world.send({ path: '/userinfo', headers: { authorization } })).verdict;
      },
      refused: [400, 'invalid_request', 'token_in_several_places'],
      twin: async (world) => {
        const { access_token } = await world.tokens();
        return (await world.send({ path: '/userinfo', headers: { authorization: `Bearer ${access_token}` } })).verdict;
      },
    },
    {
      at: '/api/hello',
      name: 'Host of another server with a DPoP proof for it',
      attempt: async (world) => {
        const dpop = await world.proof('/oauth2/token');
        const token = (await world.token({ scope: 'read' }, { headers: { dpop } })).body.access_token;
        const proof = await world.dpop.forToken(token, 'GET', 'https://attacker.example/api/hello');
        return world.hello(token, { authorization: `DPoP ${token}`, dpop: proof, host: 'attacker.example' });
      },
      refused: [401, 'invalid_dpop_proof', 'dpop_url_mismatch'],
      twin: async (world) => {
        const dpop = await world.proof('/oauth2/token');
        const token = (await world.token({ scope: 'read' }, { headers: { dpop } })).body.access_token;
        const proof = await world.dpop.forToken(token, 'GET', `${issuer}/api/hello`);
        return world.hello(token, { authorization: `DPoP ${token}`, dpop: proof });
      },
    },
  ],
};
