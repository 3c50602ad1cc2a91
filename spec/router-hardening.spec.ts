import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import {
  authenticateClient,
  clientCredentials,
  grantRouter,
  OptionsError,
  privateKeyJwt,
  standardStrategies,
} from '../index.js';
import { parseClientCertificate } from '../lib/certificates/client-certificate.js';
import { formFromParsedBody } from '../lib/http/form.js';
import { der, octetString, oid, sequence } from './support/der-writer.js';
import { exchange } from './support/http-exchange.js';
import { allClients, assertion, assertionType, basicHeader, issuer, secrets } from './support/methods.js';
import { selfSigned } from './support/pki.js';
import { specServer } from './support/spec-server.js';

const grant = { grant_type: 'client_credentials' };
const authorization = { Authorization: basicHeader('basic-client', secrets.basic) };

describe('what an attacker tried', () => {
  it('a certificate with an OID of 50 kB is refused at once', () => {
    const huge = der(0x06, Buffer.concat([Buffer.alloc(50_000, 0x81), Buffer.from([1])]));
    const certificate = selfSigned({ extensions: [sequence(huge, octetString(Buffer.from('x')))] });
    const begin = process.cpuUsage();
    expect(parseClientCertificate(certificate.der)).toBeUndefined();
    expect(process.cpuUsage(begin).user).toBeLessThan(30_000);
    const ordinary = selfSigned({ extensions: [sequence(oid('1.3.6.1.4.1.55555.1'), octetString(Buffer.from('x')))] });
    expect(parseClientCertificate(ordinary.der)).toBeDefined();
  });

  it('a listener that rejects does not end the process', async () => {
    const unhandled = once(process, 'unhandledRejection').then(() => 'unhandled');
    const server = grantRouter({
      issuer,
      clients: allClients,
      strategies: standardStrategies(),
      grants: [clientCredentials()],
      onEvent: async () => {
        throw new Error('the log is full');
      },
    });
    expect((await request(server).post('/oauth2/token').type('form').send({})).status).toBe(401);
    const quiet = new Promise((resolve) => setTimeout(resolve, 50, 'quiet'));
    expect(await Promise.race([unhandled, quiet])).toBe('quiet');
  });

  it.each(['http://x;', 'http://x%2f', "http://x'", 'http://x:abc', 'http://a@b;c'])(
    'the target %s... does not slip past a guard of the host',
    async (authority) => {
      const { router } = specServer();
      const app = express();
      app.use('/oauth2/token', (_request, response) => {
        response.status(429).end();
      });
      app.use(router);
      const body = new URLSearchParams(grant).toString();
      const sent = (target: string) => ({
        method: 'POST',
        path: target,
        headers: { ...authorization, 'Content-Type': 'application/x-www-form-urlencoded' },
        body,
      });
      expect((await exchange(app, sent('/oauth2/token'))).status).toBe(429);
      expect((await exchange(app, sent(`${authority}/oauth2/token`))).status).not.toBe(200);
    },
  );

  it('two workspaces cannot share an issuer, nor two workspaces their store', () => {
    const shared = { strategies: standardStrategies(), grants: [clientCredentials()] };
    const made = (...workspaces: Record<string, unknown>[]) => {
      const full = workspaces.map((each) => ({ clients: [], authenticateUser: () => undefined, ...each }));
      return () => grantRouter({ ...shared, workspaces: full as never });
    };
    const [a, b, c] = ['https://a.example/x', 'https://b.example/x', 'https://b.example/y'];
    expect(made({ issuer: a }, { issuer: a }, { issuer: c })).toThrow(OptionsError);
    expect(made({ issuer: a }, { issuer: a }, { issuer: c })).toThrow(
      'workspaces[1]: has the same issuer as workspaces[0]',
    );
    expect(made({ issuer: a }, { issuer: b }, { issuer: c })).not.toThrow();
    const named = { tenant: 't', workspace: 'w' };
    expect(made({ issuer: a, ...named }, { issuer: c, ...named })).toThrow(
      'workspaces[1]: has the same tenant and workspace as workspaces[0]',
    );
    expect(made({ issuer: a }, { issuer: c })).not.toThrow();
  });

  it('AST-11 two guarded routes without a store of their own take an assertion once', async () => {
    const guard = () => authenticateClient({ issuer, clients: allClients, strategies: [privateKeyJwt()] });
    const app = express();
    app.post('/reports', guard(), (_request, response) => void response.json({}));
    app.post('/payments', guard(), (_request, response) => void response.json({}));
    const form = { client_assertion: await assertion('private-key-client'), client_assertion_type: assertionType };
    expect((await request(app).post('/reports').type('form').send(form)).status).toBe(200);
    expect((await request(app).post('/reports').type('form').send(form)).status).toBe(401);
    expect((await request(app).post('/payments').type('form').send(form)).status).toBe(401);
  });

  it.each([{ client_secret: ['x', { a: '1' }] }, { client_secret: [{ a: '1' }, 'x'] }])(
    'GEN-04 a parameter that a parser mixed with a nested one still counts as repeated',
    (body) => {
      expect(() => formFromParsedBody(body).refuseRepeated(['client_secret'])).toThrow('client_secret was sent more');
    },
  );
});
