import { expect } from '@jest/globals';
import { basicHeader, secrets } from './methods.js';
import { specServer } from './spec-server.js';

type Options = Parameters<typeof specServer>[0];

/** A slot of 60 seconds begins here. */
const start = 1_800_000_000_000;
const proxy = [{ cidr: '127.0.0.0/8', client_certificate: 'nginx' as const }];
const limits = { client: { max_attempts: 5, period: 60 }, source: { max_attempts: 12, period: 60 } };

/** A server behind a proxy, so that a request can come from any address, with a clock that is moved. */
export function guessWorld(options: Options = {}) {
  const clock = { now: start };
  const server = specServer({ rate_limits: limits, trusted_proxies: proxy, now: () => clock.now, ...options });
  const ask = async (clientId: string, secret: string, from: string | undefined = '203.0.113.7') => {
    const reply = await server.token(
      { grant_type: 'client_credentials' },
      { Authorization: basicHeader(clientId, secret), ...(from !== undefined && { 'X-Forwarded-For': from }) },
    );
    return { reply, verdict: [reply.status, server.last().reason ?? 'ok'] };
  };
  const guess = async (times: number, clientId = 'basic-client', from?: string) => {
    for (let time = 0; time < times; time += 1) {
      expect((await ask(clientId, 'wrong', from)).verdict).toEqual([401, reasonFor(clientId)]);
    }
  };
  const warnings = () => server.events.filter(({ event }) => event === 'warning');
  return { clock, server, ask, guess, warnings };
}

export { limits as guessLimits, start as guessStart };
export const right = secrets.basic;
export const blocked = [429, 'client_guesses_exceeded'];

const reasonFor = (clientId: string) => (clientId === 'basic-client' ? 'secret_mismatch' : 'unknown_client');
