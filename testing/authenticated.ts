import type { TestClient, TestMethod } from './client.js';
import { signToken, type TokenSigner } from './json-web-token.js';
import { proxyHeaders, type TestProxy } from './proxy-headers.js';
import { addParameters, type TestRequest, trustsOverTls } from './request.js';

/** How a request gets to the app under test. */
export interface AuthenticatedOptions {
  /**
   * Sends the client's certificate in the headers of this proxy instead of by TLS. The app must list `127.0.0.1/32`
   * with the same `client_certificate` in `trusted_proxies`, or the headers count nothing.
   */
  readonly proxy?: TestProxy;
}

/** RFC 7523 2.2. */
const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const lifetime = 60;

type Prove = (request: TestRequest, client: TestClient, options: AuthenticatedOptions) => void;

const prove: Readonly<Record<TestMethod, Prove>> = {
  client_secret_basic: (request, { client_id, client_secret = '' }) => {
    request.set('Authorization', `Basic ${btoa(`${formEncoded(client_id)}:${formEncoded(client_secret)}`)}`);
  },
  client_secret_post: (request, { client_id, client_secret = '' }) => {
    addParameters(request, { client_id, client_secret });
  },
  client_secret_jwt: (request, client) => assert(request, client, { secret: client.client_secret ?? '' }),
  private_key_jwt: (request, client) => assert(request, client, { privateKey: client.private_key ?? '' }),
  tls_client_auth: proveByCertificate,
  self_signed_tls_client_auth: proveByCertificate,
  none: (request, { client_id }) => addParameters(request, { client_id }),
};

/**
 * The same request with the client's authentication, by its method: the header, form parameters, or the certificate of
 * the connection. Form parameters join those of `.send({ ... })`, before or after; the body becomes a form. An
 * assertion is good once, so call this for each request. Over TLS the request trusts `authority`, unless it has a `.ca()`.
 *
 * Throws a TypeError for a certificate method where there is neither TLS nor `proxy`.
 */
export function authenticated<R extends TestRequest>(
  request: R,
  client: TestClient,
  options: AuthenticatedOptions = {},
): R {
  trustsOverTls(request);
  prove[client.method](request, client, options);
  return request;
}

/** Shows the client's certificate, where it has one: to the proxy that is named, else in the handshake. */
export function showCertificate(
  request: TestRequest,
  { certificate }: TestClient,
  { proxy }: AuthenticatedOptions,
): boolean {
  if (certificate === undefined) return false;
  if (proxy !== undefined) {
    for (const [name, value] of Object.entries(proxyHeaders(proxy, certificate))) request.set(name, value);
    return true;
  }
  if (!trustsOverTls(request)) return false;
  request.cert(certificate.cert);
  request.key(certificate.key);
  return true;
}

function proveByCertificate(request: TestRequest, client: TestClient, options: AuthenticatedOptions): void {
  if (!showCertificate(request, client, options)) {
    throw new TypeError(
      `${client.method} needs TLS: request(testing.httpsServer(app)); or a proxy: authenticated(request, client, { proxy: 'nginx' })`,
    );
  }
  addParameters(request, { client_id: client.client_id });
}

function assert(request: TestRequest, { client_id, issuer }: TestClient, signer: TokenSigner): void {
  const claims = {
    iss: client_id,
    sub: client_id,
    aud: issuer,
    exp: Math.floor(Date.now() / 1000) + lifetime,
  };
  const client_assertion = signToken({ typ: 'client-authentication+jwt' }, claims, signer);
  addParameters(request, { client_assertion_type: jwtBearer, client_assertion });
}

/** RFC 6749 2.3.1. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
