import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as library from '../../index.js';

const name = 'express-client-auth';

const leftOut = /\/\/ \.\.\.$|\/\* \.\.\. \*\//gm;

/** What pages speak of and do not declare: the rest of somebody's program. */
const surroundings = `
import type { Express, RequestHandler } from 'express';
import type * as library from '${name}';
declare global {
  ${Object.keys(library)
    .map((each) => `const ${each}: typeof library.${each};`)
    .join('\n  ')}
  type DeliverCode = library.DeliverCode;
  const app: Express;
  const handler: RequestHandler;
  const passport: typeof import('passport');
  const express: typeof import('express');
  namespace express { type Request = import('express').Request; type Response = import('express').Response; }
  const { readFileSync }: typeof import('node:fs');
  const { randomBytes }: typeof import('node:crypto');
  const server: import('node:https').Server;
  const request: import('express').Request;
  namespace Express { interface Request { session: any } }
  const options: library.GrantRouterOptions;
  const router: library.GrantRouter;
  const store: library.Store;
  const onEvent: library.EventListener;
  const deliverCode: library.DeliverCode;
  const clients: library.ClientMetadataInput[];
  const machines: library.ClientMetadataInput[];
  const grants: ReturnType<typeof library.authorizationCode>[];
  const issuer: string, audience: string, client_id: string, client_secret: string;
  const key: string, cert: string, caPem: string, certificatePem: string;
  const secret_keys: string[], root_cas: string[];
  const database: any, yourDatabase: any, directory: any, mailer: any, keys: any;
  const apiKey: (keys: unknown) => library.ClientAuthenticationStrategy;
}
`;

/** Writes each `ts` block as a module of its own, as a reader would paste it; what it leaves out is in `options`. */
export function writeBlocks(target: string, texts: Readonly<Record<string, string>>): void {
  for (const [page, text] of Object.entries(texts)) {
    const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block = '']) => block);
    for (const [index, block] of blocks.entries()) {
      const path = join(target, placeOf(page.replace(/\W/g, '-'), index, block));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${block.replace(leftOut, '...options,')}\nexport {};\n`);
    }
  }
  writeFileSync(join(target, 'surroundings.d.ts'), surroundings);
}

/** Blocks that begin with the name of a file are files of one program, and import each other. */
function placeOf(page: string, index: number, block: string): string {
  const file = /^\/\/ (\S+\.ts)\n/.exec(block)?.[1];
  return file === undefined ? `${page}-${index + 1}.ts` : join(page, file);
}
