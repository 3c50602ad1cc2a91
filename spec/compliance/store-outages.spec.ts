import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect } from '@jest/globals';
import request, { type Response } from 'supertest';
import {
  authorizationCode,
  clientCredentials,
  type Grant,
  passwordless,
  protectResource,
  refreshToken,
} from '../../index.js';
import { ProofMaker } from '../support/dpop.js';
import type { FailingStore } from '../support/failing-store.js';
import { assertion, assertionType, issuer } from '../support/methods.js';
import { is, ofTest, outages, type Scenario } from '../support/outages.js';
import { TokenServer } from '../support/token-world.js';

const grants = [authorizationCode(), clientCredentials(), refreshToken(), passwordless()] as Grant[];

/** A server at which each token request, introspection and API call works. */
async function tokenServer({ store }: FailingStore, more: ConstructorParameters<typeof TokenServer>[0] = {}) {
  const server = new TokenServer({ store, grants, ...more });
  await server.spec.router.ready();
  return server;
}

function backChannel(
  make: (server: TokenServer) => Promise<() => Promise<Response>>,
  options: ConstructorParameters<typeof TokenServer>[0] = {},
): Scenario['prepare'] {
  return async (failing) => {
    const server = await tokenServer(failing, options);
    const send = await make(server);
    return {
      send: async () => ofTest(await send()),
      isGood: is(200),
      close: () => server.spec.router.close(),
    };
  };
}

const formats = ['jwt', 'opaque'] as const;

function api(server: TokenServer) {
  const guard = protectResource({ authorizationServer: server.spec.router });
  return (message: IncomingMessage, response: ServerResponse) =>
    void guard(message, response, () => response.end('{}'));
}

const scenarios: Record<string, Scenario> = {
  'client_credentials by secret': {
    prepare: backChannel(
      async (server) => async () => server.as('auditor', { grant_type: 'client_credentials', scope: 'read' }),
    ),
  },
  'client_credentials by secret, opaque': {
    prepare: backChannel(
      async (server) => async () => server.as('auditor', { grant_type: 'client_credentials', scope: 'read' }),
      { access_token_format: 'opaque' },
    ),
  },
  'client_credentials by assertion': {
    prepare: backChannel(async (server) => async () => {
      const client_assertion = await assertion('key', { now: server.now * 1000 });
      return server.spec.token({
        grant_type: 'client_credentials',
        client_assertion,
        client_assertion_type: assertionType,
      });
    }),
  },
  'client_credentials with a DPoP proof': {
    prepare: backChannel(async (server) => async () => {
      const proof = await new ProofMaker().proof('POST', `${issuer}/oauth2/token`, { now: server.now * 1000 });
      return server.as('auditor', { grant_type: 'client_credentials', scope: 'read' }).set('DPoP', proof);
    }),
  },
  authorization_code: {
    spent: [400],
    prepare: backChannel(async (server) => {
      const code = await server.code({ scope: 'openid offline_access read' });
      return () => server.redeem(code);
    }),
  },
  ...Object.fromEntries(
    (['web', 'still'] as const).map((client): [string, Scenario] => [
      `refresh_token of ${client}`,
      {
        // Whoever lost the reply may ask again: that is what the time of grace is for.
        prepare: backChannel(async (server) => {
          const { refresh_token } = await server.first({ client_id: client });
          return () => server.refresh(refresh_token, {}, client);
        }),
      },
    ]),
  ),
  ...Object.fromEntries(
    formats.flatMap((access_token_format): [string, Scenario][] => [
      [
        `introspection, ${access_token_format}`,
        {
          prepare: backChannel(
            async (server) => {
              const { access_token } = await server.first();
              return () => server.introspect({ token: access_token }, 'auditor');
            },
            { access_token_format },
          ),
        },
      ],
      [
        `userinfo, ${access_token_format}`,
        {
          prepare: backChannel(
            async (server) => {
              const { access_token } = await server.first();
              return () => server.userinfo(access_token);
            },
            { access_token_format, audience: issuer },
          ),
        },
      ],
      [
        `protectResource, ${access_token_format}`,
        {
          prepare: backChannel(
            async (server) => {
              const { access_token } = await server.first();
              return async () => request(api(server)).get('/').set('Authorization', `Bearer ${access_token}`);
            },
            { access_token_format },
          ),
        },
      ],
      [
        `revocation of an access token, ${access_token_format}`,
        {
          prepare: async (failing) => {
            const server = await tokenServer(failing, { access_token_format });
            const { access_token } = await server.first();
            return {
              send: async () => ofTest(await server.revoke({ token: access_token }, 'web')),
              isGood: is(200),
              check: async () => expect(await server.alive(access_token)).toBe(false),
              close: () => server.spec.router.close(),
            };
          },
        },
      ],
    ]),
  ),
  'revocation of a refresh token': {
    prepare: async (failing) => {
      const server = await tokenServer(failing);
      const { access_token, refresh_token } = await server.first();
      return {
        send: async () => ofTest(await server.revoke({ token: refresh_token }, 'web')),
        isGood: is(200),
        check: async () => {
          expect(await server.alive(access_token)).toBe(false);
          expect((await server.refresh(refresh_token)).status).toBe(400);
        },
        close: () => server.spec.router.close(),
      };
    },
  },
};

outages(scenarios);
