import { parsePemCertificates } from './pem.js';
import { type TrustAnchorOptions, type TrustAnchors, trustAnchors } from './trust-anchors.js';

/** Trust anchors, or what is wrong with them; `index` is that of the wrong text, where one alone is wrong. */
export type CompiledAnchorTexts =
  | { readonly ok: true; readonly anchors: TrustAnchors }
  | { readonly ok: false; readonly index?: number; readonly problem: string };

/** Compiles trust anchors from PEM texts, of which each may hold several certificates. Never throws. */
export function compileAnchorTexts(texts: readonly string[], options: TrustAnchorOptions = {}): CompiledAnchorTexts {
  const certificates: Buffer[] = [];
  for (const [index, text] of texts.entries()) {
    const parsed = parsePemCertificates(text);
    if (!parsed.ok) return { ok: false, index, problem: parsed.problem };
    certificates.push(...parsed.certificates);
  }
  try {
    return { ok: true, anchors: trustAnchors(certificates, options) };
  } catch (thrown) {
    return { ok: false, problem: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
