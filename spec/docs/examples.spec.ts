import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { transformSync } from '@swc/core';
import { compiledLib } from '../support/compiled-lib.js';
import { freePort } from '../support/demo-site.js';
import { exampleNames, examplesDirectory, writeExample } from '../support/examples.js';
import { makeCa, selfSigned } from '../support/pki.js';
import { newRedisPlace } from '../support/redis-place.js';
import { noteLogged, noteSecret } from '../support/suite-log.js';

// Servers are started.
jest.setTimeout(60_000);

const root = fileURLToPath(new URL('../..', import.meta.url));
const cache = join(root, 'node_modules', '.cache', 'express-client-auth');
const redis = newRedisPlace();
const secret = noteSecret('a-secret-of-the-shop-made-by-nobody');
const authority = makeCa({ subject: 'CN=Clients' });
const server = selfSigned({ subject: 'CN=localhost', san: ['DNS:localhost'], eku: ['serverAuth'] });

/** What is changed so that the credential is wrong, and what comes of it. */
interface Wrong {
  /** In the program of the client. */
  readonly instead?: readonly [is: string, shall: string];
  /** Files that are written anew. */
  readonly files?: Readonly<Record<string, string>>;
  readonly answer: string;
  readonly reason: string;
}

function keyFiles(): Record<string, string> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    'client.key': privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'client.pub': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

function certificateFiles({ cert, key }: { readonly cert: string; readonly key: string }): Record<string, string> {
  return { 'shop.crt': cert, 'shop.key': key };
}

const issued = (subject: string) => certificateFiles(authority.issue({ subject, eku: ['clientAuth'] }));
const own = () => certificateFiles(selfSigned({ subject: 'CN=shop', eku: ['clientAuth'] }));
const otherSecret = [secret, `${secret}.`] as const;
const refused = '401 {"error":"invalid_client"';
const noProof = '400 {"error":"invalid_dpop_proof"';
const otherKey = { 'client.key': keyFiles()['client.key'] ?? '' };

/** Each example: the files that it reads, and how it is refused. */
const cases: Readonly<Record<string, { readonly files?: Readonly<Record<string, string>>; readonly wrong: Wrong }>> = {
  base: { wrong: { instead: otherSecret, answer: refused, reason: 'secret_mismatch' } },
  client_secret_post: { wrong: { instead: otherSecret, answer: refused, reason: 'secret_mismatch' } },
  client_secret_jwt: { wrong: { instead: otherSecret, answer: refused, reason: 'assertion_signature_invalid' } },
  private_key_jwt: {
    files: keyFiles(),
    wrong: { files: otherKey, answer: refused, reason: 'assertion_signature_invalid' },
  },
  tls_client_auth: {
    files: { ...issued('CN=shop'), 'ca.crt': authority.cert },
    wrong: { files: issued('CN=shed'), answer: refused, reason: 'certificate_name_mismatch' },
  },
  self_signed_tls_client_auth: {
    files: own(),
    wrong: { files: own(), answer: refused, reason: 'certificate_not_registered' },
  },
  none: {
    wrong: {
      instead: ['code_verifier: verifier', `code_verifier: '${'x'.repeat(43)}'`],
      answer: '400 {"error":"invalid_grant"',
      reason: 'verifier_mismatch',
    },
  },
  dpop: { wrong: { instead: ['DPoP: proof', ''], answer: noProof, reason: 'dpop_proof_missing' } },
  fapi2: {
    files: keyFiles(),
    wrong: { instead: ['DPoP: proof', ''], answer: noProof, reason: 'dpop_proof_missing' },
  },
  par: {
    wrong: {
      instead: ['request_uri: JSON.parse(pushed.slice(4)).request_uri', '...wanted'],
      answer: '400 {"error":"invalid_request"',
      reason: 'request_not_pushed',
    },
  },
  redis: { wrong: { instead: otherSecret, answer: refused, reason: 'secret_mismatch' } },
};

/** One example as a reader would have it, in a directory of its own. */
class Example {
  readonly directory: string;
  readonly #environment: Record<string, string | undefined>;
  #server: ChildProcess | undefined;
  #said = '';
  #told = '';

  constructor(place: string, name: string, port: number) {
    this.directory = join(place, name);
    writeExample(name, this.directory);
    this.#environment = {
      PATH: process.env.PATH,
      PORT: String(port),
      ISSUER: `https://localhost:${port}`,
      STORE_URL: redis.url,
      SECRET_KEYS: randomBytes(32).toString('base64'),
    };
    this.write({ 'server.crt': server.cert, 'server.key': server.key, ...cases[name]?.files });
    for (const program of ['server', 'client']) this.#compile(program);
  }

  #compile(program: string): void {
    const { code } = transformSync(readFileSync(join(this.directory, `${program}.ts`), 'utf8'), {
      swcrc: false,
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022', transform: { verbatimModuleSyntax: true } },
      module: { type: 'es6' },
    });
    this.write({ [`${program}.js`]: code });
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.directory, name), text);
  }

  #run(program: string): ChildProcess {
    return spawn(process.execPath, [`${program}.js`], { cwd: this.directory, env: this.#environment });
  }

  /** Resolves when the server listens. */
  start(): Promise<void> {
    const child = this.#run('server');
    this.#server = child;
    child.stderr?.on('data', (chunk) => {
      this.#told += chunk;
    });
    return new Promise((resolve, reject) => {
      child.stdout?.on('data', (chunk) => {
        this.#said += chunk;
        if (this.#said.includes('Listening on https://')) resolve();
      });
      child.once('close', () => reject(new Error(`The server ended: ${this.#told}`)));
    });
  }

  /** What the client prints. */
  async client(): Promise<string> {
    const child = this.#run('client');
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        text += chunk;
      });
    }
    await new Promise((resolve) => child.once('close', resolve));
    return text;
  }

  /** What the server told of its requests so far. */
  events(): { outcome?: string; reason?: string; method?: string }[] {
    const lines = this.#told.split('\n').filter((line) => line.startsWith('{'));
    return lines.map((line) => JSON.parse(line));
  }

  /** Makes the credential wrong. */
  spoil({ instead, files }: Wrong): void {
    if (files) this.write(files);
    if (!instead) return;
    const program = readFileSync(join(this.directory, 'client.js'), 'utf8');
    expect(program).toContain(instead[0]);
    this.write({ 'client.js': program.replace(instead[0], instead[1]) });
  }

  async stop(): Promise<void> {
    for (const event of this.events()) noteLogged(event);
    const child = this.#server;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
  }
}

let place = '';
const made = new Map<string, Example>();

beforeAll(async () => {
  mkdirSync(cache, { recursive: true });
  place = mkdtempSync(join(cache, 'examples-'));
  mkdirSync(join(place, 'node_modules'));
  symlinkSync(compiledLib(), join(place, 'node_modules', 'express-client-auth'));
  for (const name of exampleNames) made.set(name, new Example(place, name, await freePort()));
});

afterAll(async () => {
  await Promise.all([...made.values()].map((example) => example.stop()));
  rmSync(place, { recursive: true, force: true });
  await redis.remove();
});

describe('docs/examples', () => {
  it('has a case here for each diff, and a diff for each method and feature', () => {
    expect([...exampleNames].sort()).toEqual(Object.keys(cases).sort());
  });

  it('shows each diff on its page as it is in its file', () => {
    const page = readFileSync(join(examplesDirectory, 'README.md'), 'utf8');
    const blocks = [...page.matchAll(/^## (\w+)$[\s\S]*?^```diff\n([\s\S]*?)^```$/gm)].map(([, name, text]) => [
      name,
      text,
    ]);
    const files = exampleNames
      .slice(1)
      .map((name) => [name, readFileSync(join(examplesDirectory, `${name}.diff`), 'utf8')]);
    expect(blocks.sort()).toEqual(files.sort());
  });

  it.each(exampleNames)('%s gets a token, and none with a wrong credential', async (name) => {
    const example = made.get(name)!;
    const { wrong } = cases[name]!;
    await example.start();
    const answer = await example.client();
    expect(answer).toMatch(/^200 \{"access_token":"/);
    noteSecret(JSON.parse(answer.slice(4)).access_token);
    expect(example.events().at(-1)).toMatchObject({ outcome: 'success', client_id: 'shop' });

    example.spoil(wrong);
    expect(await example.client()).toContain(wrong.answer);
    expect(example.events().map(({ reason }) => reason)).toContain(wrong.reason);
    await example.stop();
  });
});
