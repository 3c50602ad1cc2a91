import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { reasonOf } from '../start-up-error.js';
import type { Mistake } from './mistakes.js';

/** Members that hold a PEM text or the path of one. `*` stands for every member of an object or array. */
const pemMembers: readonly string[] = [
  'tls.cert',
  'tls.key',
  'outbound.ca',
  'tenants.*.workspaces.*.root_cas.*',
  'tenants.*.workspaces.*.intermediate_cas.*',
  'tenants.*.workspaces.*.revocation.ocsp.responder_certificate',
  'tenants.*.workspaces.*.clients.*.certificate',
  'tenants.*.workspaces.*.clients.*.trusted_cas.*',
  'tenants.*.workspaces.*.clients.*.intermediate_cas.*',
];

/** Members that hold the path of a file which is read again while the server runs. */
const pathMembers: readonly string[] = ['tenants.*.workspaces.*.revocation.crl.files.*'];

/**
 * The configuration with the text of each file in place of its path, or its absolute path where it is read later; relative
 * paths begin at `directory`.
 * What is not shaped as expected is left for the schema to refuse. Appends to `mistakes` what cannot be read.
 */
export function inlineFiles(configuration: unknown, directory: string, mistakes: Mistake[]): unknown {
  const copy: unknown = structuredClone(configuration);
  for (const member of pemMembers) {
    replaceStrings(copy, member.split('.'), '', (text, path) => {
      if (text.includes('-----BEGIN')) return text;
      const file = resolve(directory, text);
      try {
        return readFileSync(file, 'utf8');
      } catch (cause) {
        mistakes.push({ path, message: `cannot be read: ${reasonOf(cause)}` });
        return text;
      }
    });
  }
  for (const member of pathMembers) {
    replaceStrings(copy, member.split('.'), '', (path) => resolve(directory, path));
  }
  return copy;
}

function replaceStrings(
  value: unknown,
  pattern: readonly string[],
  path: string,
  replace: (text: string, path: string) => string,
): void {
  const [step, ...rest] = pattern;
  if (step === undefined || typeof value !== 'object' || value === null) return;
  const members = value as Record<string, unknown>;
  for (const name of step === '*' ? Object.keys(members) : [step]) {
    const here = Array.isArray(value) ? `${path}[${name}]` : `${path === '' ? '' : `${path}.`}${name}`;
    const member = Object.hasOwn(members, name) ? members[name] : undefined;
    if (rest.length > 0) replaceStrings(member, rest, here, replace);
    else if (typeof member === 'string') members[name] = replace(member, here);
  }
}
