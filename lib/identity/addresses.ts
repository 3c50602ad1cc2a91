/** Octets of an address and of the part before its `@` (RFC 5321 4.5.3.1, RFC 3696 erratum 1690). */
const maximumLength = 254;
const maximumLocalLength = 64;

/** RFC 5321 4.1.2 Dot-string. The quoted form is legal and unknown to people; it only ever hides a second `@`. */
const localPart = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const domainLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * An e-mail address in the one form in which addresses are compared and kept: NFKC, lower case, no blanks or tabs around
 * it. Undefined for whatever is not exactly one plain ASCII address: lists, quoted or commented ones, `Name <address>`,
 * line breaks, address literals, hosts without a dot, and characters that only look like part of one.
 */
export function normalizeAddress(text: string): string | undefined {
  // Before anything else: NFKC grows, and a long text is none of ours.
  if (text.length > 2 * maximumLength) return undefined;
  // NFKC makes @ of these. Where one program sees one @ and the next sees two, a mail goes to the wrong person.
  if (/[\uFF20\uFE6B]/.test(text)) return undefined;
  // Full-width letters become plain ones here, so that what is judged is what will be used.
  const address = withoutBlanks(text).normalize('NFKC').toLowerCase();
  if (address.length > maximumLength) return undefined;
  const [local = '', domain = '', ...more] = address.split('@');
  if (more.length > 0 || local.length > maximumLocalLength || !localPart.test(local)) return undefined;
  return isDomain(domain) ? address : undefined;
}

/** Whether both are one mailbox, however each is written. */
export function sameAddress(one: string | undefined, other: string | undefined): boolean {
  return (
    one !== undefined && other !== undefined && (normalizeAddress(one) ?? one) === (normalizeAddress(other) ?? other)
  );
}

/** Without blanks and tabs around it, as people paste them. Nothing else is one: a line break could start a mail's header. */
function withoutBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

function isDomain(domain: string): boolean {
  const labels = domain.split('.');
  // An address literal or a numeric host is nobody's mailbox (RFC 3696 2: a top-level domain is not all-numeric).
  return labels.length > 1 && labels.every((label) => domainLabel.test(label)) && /[a-z]/.test(labels.at(-1) ?? '');
}
