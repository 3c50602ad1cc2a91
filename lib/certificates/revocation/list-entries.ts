import { setImmediate } from 'node:timers/promises';
import { readExtensions } from '../certificate-fields.js';
import { DerError, type DerValue, expectTag, readDerAt, readSequence, TAG } from '../der.js';

/** How many entries are read before others get their turn. */
const entriesPerTurn = 500;

/** Of indirect lists: from this entry on, another CA's certificates are meant (RFC 5280 5.3.3). */
const CERTIFICATE_ISSUER = '2.5.29.29';
/** RFC 5280 5.3.1. Whatever the reason, revoked is revoked. */
const REASON = '2.5.29.21';

/**
 * The serial numbers in the contents of revokedCertificates (RFC 5280 5.1.2.6), each as the octets of its INTEGER in
 * latin1. `undefined` when an entry is malformed or has a critical extension that we do not process (5.3).
 */
export async function indexEntries(content: Buffer): Promise<ReadonlySet<string> | undefined> {
  const serials = new Set<string>();
  try {
    let turn = 0;
    for (let at = 0; at < content.length; ) {
      const entry = readDerAt(content, at);
      serials.add(readEntry(entry));
      at += entry.der.length;
      turn += 1;
      if (turn % entriesPerTurn === 0) await setImmediate();
    }
    return serials;
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}

function readEntry(entry: DerValue): string {
  const [serial, date, extensions, ...more] = readSequence(entry);
  if (date === undefined || more.length > 0) throw new DerError('broken entry');
  if (extensions) refuseForeign(extensions);
  return expectTag(serial, TAG.integer).content.toString('latin1');
}

function refuseForeign(value: DerValue): void {
  // An entry has its extensions without the EXPLICIT tag that a certificate puts around them.
  const extensions = readExtensions({ tag: value.tag, content: value.der, der: value.der });
  for (const [id, { critical }] of extensions) {
    if (id === CERTIFICATE_ISSUER || (critical && id !== REASON)) throw new DerError(`extension ${id} in an entry`);
  }
}
