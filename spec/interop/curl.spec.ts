import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ClientMetadataInput } from '../../index.js';
import { type Curl, makeCurl } from '../support/curl.js';
import { ways } from '../support/foreign-clients/registered.js';
import { type LiveServer, liveServer } from '../support/live-server.js';
import { newSecret } from '../support/methods.js';
import { noteSecret } from '../support/suite-log.js';

const post = ['--http1.1', '--data-urlencode', 'grant_type=client_credentials', '--data-urlencode', 'scope=read'];
const awkward = [...':%+/ &é~=?@', '%41', '%zz'];
const secretOf = new Map(awkward.map((text) => [text, noteSecret(`${newSecret()}${text}${newSecret()}`)]));

function secretClient(client_id: string, secret: string, more: Partial<ClientMetadataInput>): ClientMetadataInput {
  return { client_id, client_secret: secret, grant_types: ['client_credentials'], scope: 'read', ...more };
}

let server: LiveServer;
let curl: Curl;
beforeAll(async () => {
  const clients = awkward.flatMap((text, index) => [
    secretClient(`raw-${index}`, secretOf.get(text)!, { raw_basic_fallback: true }),
    secretClient(`strict-${index}`, secretOf.get(text)!, {}),
    secretClient(`post-${index}`, secretOf.get(text)!, { token_endpoint_auth_method: 'client_secret_post' }),
  ]);
  [server, curl] = await Promise.all([
    liveServer({ options: { clients: [...clients, ...ways.map(({ metadata }) => metadata)] } }),
    makeCurl(),
  ]);
});
afterAll(() => Promise.all([server.close(), curl.close()]));

const tokenUrl = () => `${server.issuer}/oauth2/token`;

describe('curl -u', () => {
  it('gets a token with a secret that needs no encoding', async () => {
    const { clientId, secret } = ways[0]!.credentials;
    const [reply] = await curl.run(...post, '-u', `${clientId}:${secret}`, tokenUrl());
    expect(reply).toMatchObject({ status: 200, body: { token_type: 'Bearer', scope: 'read' } });
    noteSecret(String(reply!.body.access_token));

    const [refused] = await curl.run(...post, '-u', `${clientId}:${newSecret()}`, tokenUrl());
    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(server.last().reason).toBe('secret_mismatch');
  });

  it.each(awkward)('CSB-06 proves a raw secret with %s where the client has raw_basic_fallback', async (text) => {
    const [id, secret] = [`raw-${awkward.indexOf(text)}`, secretOf.get(text)!];
    const [reply] = await curl.run(...post, '-u', `${id}:${secret}`, tokenUrl());
    expect(reply).toMatchObject({ status: 200 });
    const [refused] = await curl.run(...post, '-u', `${id}:${secret}.`, tokenUrl());
    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(server.last().reason).toBe('secret_mismatch');
  });

  it.each([
    ['+', 'secret_mismatch'],
    ['%41', 'secret_mismatch'],
    ['%zz', 'authorization_header_malformed'],
  ])('CSB-06 refuses a raw secret with %s where it has not', async (text, reason) => {
    const secret = secretOf.get(text)!;
    const [refused] = await curl.run(...post, '-u', `strict-${awkward.indexOf(text)}:${secret}`, tokenUrl());
    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(server.last().reason).toBe(reason);
    const encoded = new URLSearchParams({ '': secret }).toString().slice(1);
    const [reply] = await curl.run(...post, '-u', `strict-${awkward.indexOf(text)}:${encoded}`, tokenUrl());
    expect(reply).toMatchObject({ status: 200 });
  });
});

describe('curl --data-urlencode', () => {
  it.each(awkward)('CSP-01 proves a secret with %s in it', async (text) => {
    const [id, secret] = [`post-${awkward.indexOf(text)}`, secretOf.get(text)!];
    const named = (value: string) => [
      '--data-urlencode',
      `client_id=${id}`,
      '--data-urlencode',
      `client_secret=${value}`,
    ];
    const [reply] = await curl.run(...post, ...named(secret), tokenUrl());
    expect(reply).toMatchObject({ status: 200 });
    const [refused] = await curl.run(...post, ...named(`${secret}.`), tokenUrl());
    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(server.last().reason).toBe('secret_mismatch');
  });
});

describe.each(ways.filter(({ credentials }) => credentials.certificate))('curl --cert by $label', (way) => {
  const named = ['--data-urlencode', `client_id=${way.credentials.clientId}`];

  it.each(['1.2', '1.3'])('MTL-01 gets a token over TLS %s', async (version) => {
    const tls = version === '1.2' ? ['--tls-max', '1.2'] : ['--tlsv1.3'];
    const right = await curl.certificate(way.credentials.certificate!);
    const [reply] = await curl.run(...post, ...tls, ...named, ...right, tokenUrl());
    expect(reply).toMatchObject({ status: 200, body: { scope: 'read' } });
    expect(server.last()).toMatchObject({ outcome: 'success', method: way.credentials.method });

    const wrong = await curl.certificate(way.wrong.certificate!);
    const [refused] = await curl.run(...post, ...tls, ...named, ...wrong, tokenUrl());
    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(server.last().reason).toBe(way.reason);
  });

  it('gets two over one connection, and none for another client there', async () => {
    const certificate = await curl.certificate(way.credentials.certificate!);
    const right = [...post, ...named, ...certificate, tokenUrl()];
    const others = ways.find(({ credentials }) => credentials.certificate && credentials !== way.credentials)!;
    const stranger = [
      ...post,
      ...['--data-urlencode', `client_id=${others.credentials.clientId}`],
      ...certificate,
      tokenUrl(),
    ];
    const before = server.connections();
    const answers = await curl.run(...right, '--next', ...right, '--next', ...stranger);
    expect(answers.map(({ status, connects }) => [status, connects])).toEqual([
      [200, 1],
      [200, 0],
      [401, 0],
    ]);
    expect(server.connections() - before).toBe(1);
    expect(answers[2]?.body.error).toBe('invalid_client');
    expect(server.last().reason).toMatch(/^certificate_/);
  });

  it('MTL-01 gets none without a certificate', async () => {
    const [refused] = await curl.run(...post, ...named, tokenUrl());
    expect(refused).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
    expect(server.last().reason).toBe('certificate_missing');
  });
});

describe('curl over one HTTP/1.1 connection', () => {
  it('mixes clients, methods and failures, each judged by itself', async () => {
    const [basic, body] = [ways[0]!.credentials, ways[1]!.credentials];
    const first = [...post, '-u', `${basic.clientId}:${basic.secret}`, tokenUrl()];
    const failed = [...post, '-u', `${basic.clientId}:${newSecret()}`, tokenUrl()];
    const second = [...post, '-d', `client_id=${body.clientId}&client_secret=${body.secret}`, tokenUrl()];
    const answers = await curl.run(...first, '--next', ...failed, '--next', ...second);
    expect(answers.map(({ status, connects }) => [status, connects])).toEqual([
      [200, 1],
      [401, 0],
      [200, 0],
    ]);
  });
});
