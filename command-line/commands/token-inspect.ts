import { decodeJwt, decodeProtectedHeader } from 'jose';
import { inspectToken, type TokenInspection } from '../../index.js';
import type { Command } from '../command.js';
import { readInput } from '../input.js';
import { chosenWorkspaces, withServer } from '../open-server.js';
import { serverOptions, workspaceOption } from '../server-options.js';
import { columns, time } from '../table.js';

type Members = Readonly<Record<string, unknown>>;

/** What can be read in a JWT by anybody. Nothing of it has been verified. */
interface Read {
  readonly header: Members;
  readonly claims: Members;
}

export const tokenInspect: Command = {
  name: 'token inspect',
  summary: 'Reads a token, and says whether it is good',
  operand: 'FILE',
  options: { workspace: { ...workspaceOption, description: 'look in this one alone' }, ...serverOptions },
  details: [
    'FILE holds the token; - reads it from stdin, so that it stands in no list of processes. Access tokens of either',
    'format and refresh tokens are asked about at the server, whether it runs or not; they stay as they are. A JWT is',
    'also taken apart. What is read in it is not proof of anything: only "good" is.',
  ],
  examples: ['token inspect token.txt', 'token inspect - --workspace acme/demo < token.txt'],
  async run(given, environment) {
    const token = await readInput(given.operand);
    return withServer(given, environment, async (router) => {
      const found = await inspectToken({ workspaces: chosenWorkspaces(router, given) }, token);
      const read = readJwt(token);
      const json = { known: found !== undefined, ...found, ...(read && { jwt: read }) };
      return { text: `${[...verdict(found), ...jwtLines(read)].join('\n')}\n`, json };
    });
  },
};

function readJwt(token: string): Read | undefined {
  try {
    return { header: { ...decodeProtectedHeader(token) }, claims: decodeJwt(token) };
  } catch {
    return undefined;
  }
}

function verdict(found: TokenInspection | undefined): string[] {
  if (!found) return ['Not good here: no token of these workspaces, over, or revoked.'];
  const state = found.active ? 'Good.' : 'A refresh token that was used. It gives nothing any more.';
  return [state, '', ...table({ issuer: found.issuer, ...found.claims })];
}

function jwtLines(read: Read | undefined): string[] {
  return read ? ['', 'In the JWT, unverified', ...table({ ...read.header, ...read.claims })] : [];
}

const times: ReadonlySet<string> = new Set(['exp', 'iat', 'nbf', 'auth_time']);

function table(members: Members): string[] {
  return columns(
    Object.entries(members).map(([name, value]) => [
      name,
      times.has(name) && typeof value === 'number' ? `${value}  ${time(value)}` : shown(value),
    ]),
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
