import { EventEmitter, once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { jane } from '../support/openid-flow.js';
import { fresh, RefreshServer, redemption, refusedAs } from '../support/refresh-flow.js';
import { noteSecret } from '../support/suite-log.js';

const taken = [200, undefined];
const dead = [401, 'token_revoked'];
const revoked = refusedAs('grant_revoked');

let server: RefreshServer;
beforeEach(() => {
  server = new RefreshServer();
});
afterEach(() => server.spec.router.close());

describe('ACG-04 ACG-05 a code that comes again', () => {
  const used = refusedAs('code_used');
  /** A code that was redeemed, and what it gave. */
  async function redeemed(client_id = 'web') {
    const code = await server.code({ client_id, scope: 'openid offline_access read' });
    const { body } = await server.as(client_id, redemption(code));
    return { code, tokens: body };
  }
  async function replay(code: string, clientId = 'web', changes: Record<string, string> = {}) {
    const { status, body } = await server.as(clientId, { ...redemption(code), ...changes });
    return [status, body.error, server.spec.last().reason];
  }

  it.each(['web', 'app'])('ACG-04 right in all else it ends what it gave (%s)', async (client_id) => {
    const { code, tokens } = await redeemed(client_id);
    const bystander = await server.first({ client_id });
    expect(await server.call(tokens.access_token)).toEqual(taken);
    expect(await replay(code, client_id)).toEqual(used);
    expect(await server.call(tokens.access_token)).toEqual(dead);
    expect(await server.verdict(tokens.refresh_token, {}, client_id)).toEqual(revoked);
    expect(server.warnings).toEqual(['grant_revoked', 'code_replayed']);
    expect(await server.call(bystander.access_token)).toEqual(taken);
    expect(await replay(code, client_id)).toEqual(used);
    expect(server.warnings).toHaveLength(2);
  });

  it('ACG-04 also what was refreshed meanwhile', async () => {
    const { code, tokens } = await redeemed();
    const second = await server.next(tokens.refresh_token);
    expect(await replay(code)).toEqual(used);
    expect(await server.call(second.access_token)).toEqual(dead);
    expect(await server.verdict(second.refresh_token)).toEqual(revoked);
  });

  it('ACG-04 for as long as anything of it could live, by a clock that was ahead too', async () => {
    await server.spec.router.close();
    server = new RefreshServer({ token_ttls: { access_token: 100, refresh_token: 100 } });
    server.now += 60;
    const { code, tokens } = await redeemed();
    server.now -= 60;
    expect(await replay(code)).toEqual(used);
    server.now += 159;
    expect(await server.call(tokens.access_token)).toEqual(dead);
    expect(await server.verdict(tokens.refresh_token)).toEqual(revoked);
  });

  it('ACG-05 with bad authentication, wrong client, redirect_uri or verifier it ends nothing', async () => {
    const { code, tokens } = await redeemed();
    const wrong = { Authorization: `Basic ${Buffer.from('web:wrong').toString('base64')}` };
    expect((await server.spec.token(redemption(code), wrong)).body.error).toBe('invalid_client');
    expect(await replay(code, 'other')).toEqual(refusedAs('code_client_mismatch'));
    expect(await replay(code, 'web', { redirect_uri: 'https://evil.example/' })).toEqual(
      refusedAs('redirect_uri_mismatch'),
    );
    expect(await replay(code, 'web', { code_verifier: 'x'.repeat(43) })).toEqual(used);
    expect(await replay(code, 'web', { code_verifier: '' })).toEqual(used);
    expect(server.warnings).toEqual([]);
    expect(await server.call(tokens.access_token)).toEqual(taken);
    expect(await server.verdict(tokens.refresh_token)).toEqual(fresh);
  });

  it('ACG-03 ACG-04 a replay while the first redemption is under way does not take its place', async () => {
    const signals = new EventEmitter();
    const [underWay, held] = [once(signals, 'under way'), once(signals, 'go on')];
    let holding = false;
    const find = async () => {
      if (holding) {
        signals.emit('under way');
        await held;
      }
      return jane;
    };
    const slow = new RefreshServer({ users: { find } });
    const code = await slow.code({ scope: 'openid offline_access read' });
    holding = true;
    const first = slow.as('web', redemption(code)).then((reply) => reply);
    await underWay;
    expect((await slow.as('web', redemption(code))).status).toBe(400);
    expect(slow.spec.last().reason).toBe('code_used');
    holding = false;
    signals.emit('go on');
    const { status, body } = await first;
    expect(status).toBe(200);
    expect(await slow.verdict(noteSecret(body.refresh_token))).toEqual(revoked);
    await slow.spec.router.close();
  });
});
