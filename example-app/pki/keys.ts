import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { DataDirectory } from '../data-directory.js';

const generate = promisify(generateKeyPair);

export type KeyKind = 'rsa' | 'ec';

/** A private key of the data directory as a PKCS#8 PEM text, made when absent. Rejects with StartUpError. */
export function keepPrivateKey(directory: DataDirectory, name: string, kind: KeyKind): Promise<string> {
  return directory.keep(
    name,
    () => makePrivateKey(kind),
    (pem) => checkPrivateKey(pem, kind),
  );
}

/** A new private key as a PKCS#8 PEM text. */
export async function makePrivateKey(kind: KeyKind): Promise<string> {
  // To PEM and never to JWK: exporting a fresh key as JWK can hang Node 20.
  const { privateKey } =
    kind === 'rsa' ? await generate('rsa', { modulusLength: 2048 }) : await generate('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function checkPrivateKey(pem: string, kind: KeyKind): void {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new Error('it is not a private key');
  }
  if (key.asymmetricKeyType !== kind) throw new Error(`it is not a private key of type ${kind}`);
}
