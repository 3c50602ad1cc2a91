import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { foreignClients, publicClient, rejection, ways } from '../support/foreign-clients/registered.js';
import { type LiveServer, liveServer } from '../support/live-server.js';

const options = { clients: [publicClient, ...ways.map(({ metadata }) => metadata)] };
let [root, nested]: LiveServer[] = [];
beforeAll(async () => {
  [root, nested] = await Promise.all([liveServer({ options }), liveServer({ options, path: '/acme/demo' })]);
});
afterAll(() => Promise.all([root?.close(), nested?.close()]));

describe.each(foreignClients)('$name', (client) => {
  describe.each(['oidc', 'oauth2'] as const)('reads the %s document', (document) => {
    it.each(['at the root', 'below a path'])('MET-01 of an issuer %s', async (place) => {
      const { issuer } = place === 'at the root' ? root! : nested!;
      expect(await client.discover(issuer, document)).toMatchObject({
        issuer,
        authorization_endpoint: `${issuer}/oauth2/authorize`,
        token_endpoint: `${issuer}/oauth2/token`,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        response_types_supported: ['code'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        tls_client_certificate_bound_access_tokens: true,
      });
    });

    it('MET-02 and refuses it under another name of the same server', async () => {
      const elsewhere = root!.origin.replace('localhost', '127.0.0.1');
      const thrown = await rejection(client.discover(elsewhere, document));
      expect(client.name === 'openid-client 5' ? String(thrown) : client.refusal(thrown).kind).toMatch(
        /OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED|the issuer is https:\/\/localhost/,
      );
    });

    it('and finds nothing where no issuer is', async () => {
      const thrown = await rejection(client.discover(`${nested!.origin}/acme/other`, document));
      expect(String(thrown)).toMatch(/not_found|unexpected HTTP response status|not a conform/);
    });
  });

  it('MET-04 MET-05 finds every method and algorithm that it goes on to use', async () => {
    const metadata = await client.discover(root!.issuer, 'oidc');
    const used = new Set(ways.map(({ credentials }) => credentials.method));
    expect(new Set(metadata.token_endpoint_auth_methods_supported as string[])).toEqual(new Set([...used, 'none']));
    const algorithms = ways.flatMap(({ credentials: { key } }) => (key ? [key.alg] : []));
    expect(new Set(metadata.token_endpoint_auth_signing_alg_values_supported as string[])).toEqual(
      new Set([...algorithms, 'HS256']),
    );
  });
});
