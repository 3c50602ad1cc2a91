export {
  type AccessTokenOptions,
  type AuthorizedOptions,
  type AwaitedRequest,
  accessToken,
  authorized,
  type TestAccessToken,
} from './access-token.js';
export { type AuthenticatedOptions, authenticated } from './authenticated.js';
export { authority, httpsServer, type TestAuthority, type TestCertificate } from './certificates.js';
export {
  client,
  impostor,
  issuer,
  methods,
  type TestClient,
  type TestClientOptions,
  type TestMethod,
} from './client.js';
export { type DpopKey, dpopKey, type ProofRequest } from './dpop-key.js';
export { proxyHeaders, type TestProxy } from './proxy-headers.js';
export type { TestRequest } from './request.js';
