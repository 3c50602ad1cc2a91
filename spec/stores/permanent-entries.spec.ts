import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from '@jest/globals';
import { rememberConsent, withdrawConsent } from '../../lib/identity/consents.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { namespaced } from '../../lib/stores/namespace.js';
import { storeStats } from '../../lib/stores/stats.js';
import { issuer, newSecret } from '../support/methods.js';
import { machineMembers, noteSecrets, RegistrationServer } from '../support/registration-server.js';

const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
const [, section = ''] = /^## What grows\n(.*?)^## /ms.exec(page) ?? [];
/** The first column of the page's table. */
const told = [...section.matchAll(/^\| (`.*?`) \|/gm)].flatMap(([, names = '']) =>
  [...names.matchAll(/`([\w-]+)`/g)].map(([, kind = '']) => kind),
);

const store = memoryStore();
const value = newSecret();
const server = new RegistrationServer({
  store,
  access_token_format: 'jwt',
  registration: { initial_access_tokens: [{ value, max_uses: 9 }] },
});
afterAll(() => server.spec.router.close());

it('what never expires is what docs/operations.md says, and nothing else', async () => {
  const { status, body } = await server.register(machineMembers, value);
  expect(status).toBe(201);
  expect((await server.token(noteSecrets(body))).status).toBe(200);
  const { host } = new URL(issuer);
  const [space = ''] = (await storeStats(store)).map((share) => share.space).filter((name) => name.startsWith(host));
  const person = { issuer, store: namespaced(store, `${space}/`), now: Date.now, warn: () => undefined };
  const decision = { clientId: 'web', asked: ['read'], granted: ['read'], resources: [issuer] };
  await rememberConsent(person, 'jane', decision);
  await withdrawConsent(person, 'jane', 'web');
  await rememberConsent(person, 'jane', decision);

  const endless = (await storeStats(store)).filter((share) => share.endless > 0);
  expect(endless.map(({ kind }) => kind).sort()).toEqual(told.sort());
  expect(endless.map((share) => share.space)).toEqual(endless.map(() => space));
});
