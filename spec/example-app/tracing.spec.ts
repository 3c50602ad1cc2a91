import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { freePort } from '../support/demo-site.js';
import { basicHeader, newSecret } from '../support/methods.js';
import { SiteVisitor } from '../support/site-visitor.js';
import { noteLogged } from '../support/suite-log.js';
import { AppProcess, killAll, Scratch } from './run-app.js';

// Processes are started.
jest.setTimeout(60_000);

const setUp = new URL('../support/span-file.js', import.meta.url).href;
const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';
const scratch = new Scratch();
const secret = newSecret();
const apps: AppProcess[] = [];

/** The app on a free port, and a visitor who trusts it. */
async function started(directory: string, args: readonly string[], environment: Record<string, string>) {
  const port = String(await freePort());
  const app = new AppProcess([...args, '--data-dir', directory, '--port', port], environment);
  apps.push(app);
  await app.listening();
  return {
    app,
    visitor: new SiteVisitor(`https://localhost:${port}`, readFileSync(join(directory, 'pki/ca.crt'), 'utf8')),
  };
}

/** The file once it has a text: spans end after the reply. */
async function holding(file: string, text: string): Promise<string> {
  const deadline = Date.now() + 10_000;
  while (Date.now() < deadline) {
    const written = existsSync(file) ? readFileSync(file, 'utf8') : '';
    if (written.includes(text) && written.endsWith('\n')) return written;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${file} never had ${text}`);
}

const guess = (visitor: SiteVisitor, headers: Record<string, string> = {}) =>
  visitor.send('POST', '/acme/demo/oauth2/token', 'grant_type=client_credentials', {
    authorization: basicHeader('demo-basic', secret),
    'content-type': 'application/x-www-form-urlencoded',
    ...headers,
  });

function fileIn(directory: string, more: object): string {
  const file = join(directory, 'as.json');
  const client = { client_id: 'demo-basic', client_secret: newSecret(), grant_types: ['client_credentials'] };
  writeFileSync(file, JSON.stringify({ tenants: { acme: { workspaces: { demo: { clients: [client] } } } }, ...more }));
  return file;
}

afterAll(async () => {
  await killAll();
  for (const { stderr } of apps) noteLogged(stderr);
  scratch.remove();
});

describe('the demo with an OpenTelemetry SDK set up before it', () => {
  const directory = scratch.directory();
  const spans = join(directory, 'spans');
  let visitor: SiteVisitor;
  beforeAll(async () => {
    ({ visitor } = await started(directory, [], { NODE_OPTIONS: `--import=${setUp}`, SPAN_FILE: spans }));
  });

  it('makes spans that continue the trace of the caller', async () => {
    const { headers } = await guess(visitor, { traceparent: `00-${traceId}-${spanId}-01` });
    const written = await holding(spans, 'oauth.token');
    const told = written
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(told.map(({ name, traceId: of }) => [name, of])).toEqual([
      ['oauth.client_authentication', traceId],
      ['oauth.token', traceId],
    ]);
    expect(told[1]).toMatchObject({
      parent: spanId,
      attributes: { 'oauth.reason': 'secret_mismatch', 'oauth.correlation_id': headers['x-correlation-id'] },
    });
    expect(written).not.toContain(secret);
  });

  it('tells newcomers in the reply why a request failed', async () => {
    const { status, text } = await guess(visitor);
    expect([status, JSON.parse(text).explanation.reason]).toEqual([401, 'secret_mismatch']);
  });
});

describe('replies do not explain themselves', () => {
  it.each([
    ['the demo in production', [], { NODE_ENV: 'production' }],
    ['the demo under a public name', ['--public-url', 'https://as.example.com'], {}],
    ['the demo that listens for others', ['--host', '0.0.0.0'], {}],
  ])('%s', async (_name, args, environment: Record<string, string>) => {
    const directory = scratch.directory();
    const { app, visitor } = await started(directory, args, environment);
    const { status, text } = await guess(visitor);
    expect([status, Object.keys(JSON.parse(text))]).toEqual([401, ['error', 'error_description']]);
    await app.kill('SIGTERM');
  });

  it('a configuration file that does not ask for it', async () => {
    const directory = scratch.directory();
    const { app, visitor } = await started(directory, ['--config', fileIn(directory, {})], {});
    expect(Object.keys(JSON.parse((await guess(visitor)).text))).toEqual(['error', 'error_description']);
    expect(app.stderr).not.toContain('explain_in_reply_on');
    await app.kill('SIGTERM');
  });
});

describe('a configuration file with explain_in_reply', () => {
  it('is warned of, and explains', async () => {
    const directory = scratch.directory();
    const file = fileIn(directory, { explain_in_reply: true });
    const { app, visitor } = await started(directory, ['--config', file], {});
    expect(JSON.parse((await guess(visitor)).text).explanation.reason).toBe('secret_mismatch');
    expect(JSON.parse(await app.logged('explain_in_reply_on'))).toMatchObject({ event: 'warning' });
    await app.kill('SIGTERM');
  });

  it('does not start in production', async () => {
    const directory = scratch.directory();
    const file = fileIn(directory, { explain_in_reply: true });
    const app = new AppProcess(['--config', file, '--data-dir', directory, '--port', '0'], { NODE_ENV: 'production' });
    const { code, stderr } = await app.ended();
    expect([code, stderr]).toEqual([1, expect.stringContaining('explain_in_reply: is for development')]);
  });
});
