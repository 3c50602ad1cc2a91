import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { makeAuthorizationServer } from '../../example-app/authorization-server.js';
import { makeConfiguration } from '../../example-app/configuration/configuration.js';
import { memoryStore } from '../../lib/stores/memory.js';

const page = readFileSync(new URL('../../docs/workspaces.md', import.meta.url), 'utf8');
const [block = ''] = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text]) => text);
const log = { event: () => undefined, warning: () => undefined, error: () => undefined };

const serve = (written: unknown) =>
  makeAuthorizationServer(makeConfiguration(written, '/'), {
    publicUrl: 'https://id.example.com',
    store: memoryStore(),
    secretKeys: [Buffer.alloc(32, 7).toString('base64')],
    delivery: undefined,
    log,
  });

describe('docs/workspaces.md', () => {
  it('has a configuration of the profile fapi2 that starts', async () => {
    const router = serve(JSON.parse(block));
    const { body } = await request(router).get('/acme/bank/.well-known/openid-configuration');
    expect(body.token_endpoint_auth_methods_supported).toContain('private_key_jwt');
    expect(body.token_endpoint_auth_methods_supported).not.toContain('client_secret_basic');
    await router.close();
  });

  it('and does not without what the page says of its client', () => {
    const written = JSON.parse(block);
    delete written.tenants.acme.workspaces.bank.clients[0].dpop_bound_access_tokens;
    expect(() => serve(written)).toThrow('tenants.acme.workspaces.bank.clients[0].dpop_bound_access_tokens');
  });
});
