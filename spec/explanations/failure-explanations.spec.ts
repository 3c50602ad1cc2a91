import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { FailureExplanations, type OutcomeEvent, openStore, type Store } from '../../index.js';
import { failureReasons } from '../../lib/errors.js';
import { failureAdvice } from '../../lib/explanations/advice.js';
import { breakableStore } from '../support/breakable-store.js';
import { basicHeader, secrets } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const memory = () => openStore('memory:?acknowledge=single-process');
const id = (number: number) => String(number).padStart(20, 'x');
const failure = (number: number): OutcomeEvent => ({
  event: 'token',
  outcome: 'failure',
  error: 'invalid_client',
  reason: 'secret_mismatch',
  client_id: 'web',
  issuer: 'https://as.example.com',
  correlation_id: id(number),
});

async function kept(store: Store): Promise<number> {
  let count = 0;
  for await (const _ of store.scan('')) count += 1;
  return count;
}

describe('an explanation', () => {
  it('tells an operator what the caller was not told', async () => {
    const explanations = new FailureExplanations({ store: await memory() });
    const server = specServer();
    const refused = await server.token(
      { grant_type: 'client_credentials' },
      { Authorization: basicHeader('basic-client', 'wrong') },
    );
    for (const event of server.events) explanations.listen(event);
    expect(refused.text).not.toContain('secret_mismatch');
    const told = await explanations.find(refused.headers['x-correlation-id'] as string);
    expect(told).toMatchObject({
      event: 'token',
      error: 'invalid_client',
      reason: 'secret_mismatch',
      client_id: 'basic-client',
      method: 'client_secret_basic',
      grant_type: 'client_credentials',
      happened: failureAdvice.secret_mismatch.happened,
      remedy: failureAdvice.secret_mismatch.remedy,
    });
    expect(JSON.stringify(told)).not.toContain('wrong');
    expect(JSON.stringify(told)).not.toContain(secrets.basic);
  });

  it('is not kept of a success, nor found under a name that is none', async () => {
    const store = await memory();
    const explanations = new FailureExplanations({ store });
    explanations.listen({ ...failure(1), outcome: 'success' });
    explanations.listen({ event: 'warning', name: 'grant_revoked', detail: {} });
    expect(await kept(store)).toBe(0);
    await store.set('explanations/short', '{}', 60);
    for (const name of ['short', '', id(1), `${id(1)}/`, '../explanations/short']) {
      expect(await explanations.find(name)).toBeUndefined();
    }
  });

  it('is gone after its time', async () => {
    const explanations = new FailureExplanations({ store: await memory(), ttl: 0.05 });
    explanations.listen(failure(1));
    expect(await explanations.find(id(1))).toMatchObject({ reason: 'secret_mismatch' });
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect(await explanations.find(id(1))).toBeUndefined();
  });

  it('has what was thrown, when the failure is ours', async () => {
    const explanations = new FailureExplanations({ store: await memory() });
    explanations.listen({ ...failure(1), reason: 'internal_error', cause: new RangeError('disk full') });
    expect(await explanations.find(id(1))).toMatchObject({ cause: 'RangeError: disk full' });
  });

  it('is not kept of every request of a flood, and again when it is over', async () => {
    let now = 0;
    const store = await memory();
    const explanations = new FailureExplanations({ store, perSecond: 5, now: () => now });
    for (let number = 0; number < 1000; number += 1) explanations.listen(failure(number));
    expect(await kept(store)).toBe(50);
    now += 2000;
    for (let number = 1000; number < 2000; number += 1) explanations.listen(failure(number));
    expect(await kept(store)).toBe(60);
  });

  it('is lost with a store that is away, and nothing else is', async () => {
    const { store, broken } = breakableStore();
    const explanations = new FailureExplanations({ store });
    broken.add('set');
    explanations.listen(failure(1));
    broken.clear();
    expect(await explanations.find(id(1))).toBeUndefined();
  });
});

describe('the advice', () => {
  const page = readFileSync(new URL('../../docs/failure-reasons.md', import.meta.url), 'utf8');
  const rows = new Map(
    [...page.matchAll(/^\| `([a-z_]+)` \|(.*)\|$/gm)].map(([, reason = '', cells = '']) => [
      reason,
      cells
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .split('|')
        .slice(-2)
        .map((cell) => cell.trim()),
    ]),
  );

  it.each(Object.keys(failureReasons) as (keyof typeof failureReasons)[])('%s has the words of the page', (reason) => {
    const { happened, remedy } = failureAdvice[reason];
    expect([happened, remedy]).toEqual(rows.get(reason));
  });
});
