import { publishedDocument } from './public-document.js';

/** The public halves of the workspace's signing keys (RFC 7517 5), those that sign next and those that did among them. */
export const jwksEndpoint = publishedDocument(
  'jwks',
  async ({ signingKeys }) => ({ keys: (await signingKeys.all()).map(({ publicJwk }) => publicJwk) }),
  ({ signingKeys }) => signingKeys.cacheSeconds,
);
