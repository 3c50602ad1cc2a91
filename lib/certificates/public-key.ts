import { createPublicKey, type KeyObject } from 'node:crypto';
import { readDer, readSequence, TAG, unlessMalformed } from './der.js';

/** The key in a SubjectPublicKeyInfo; `undefined` when OpenSSL cannot use it, and for a curve without a name. */
export function readPublicKey(spki: Buffer): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ec' && !namesItsCurve(spki) ? undefined : key;
  } catch {
    return undefined;
  }
}

/** RFC 5480 2.1.1: a curve is named, never spelled out; OpenSSL takes a spelled-out P-256 for the named one. */
function namesItsCurve(spki: Buffer): boolean | undefined {
  return unlessMalformed(() => {
    const [algorithm] = readSequence(readDer(spki, TAG.sequence));
    return readSequence(algorithm)[1]?.tag === TAG.oid;
  });
}
