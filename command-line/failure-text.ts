import { missingPackageText } from '../example-app/missing-package.js';

/** What went wrong, with the reasons behind it, a line each. */
export function failureText(thrown: unknown): string {
  const missing = missingPackageText(thrown);
  if (missing !== undefined) return missing;
  const lines: string[] = [];
  for (let each: unknown = thrown; each !== undefined && lines.length < 5; each = causeOf(each)) {
    const line = each instanceof Error ? each.message : String(each);
    // Messages often repeat what caused them.
    if (!lines.some((known) => known.includes(line))) lines.push(line);
  }
  return lines.join('\n');
}

function causeOf(thrown: unknown): unknown {
  return thrown instanceof Error ? thrown.cause : undefined;
}
