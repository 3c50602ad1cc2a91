/** Parts of a curl command. */
export interface CurlParts {
  /** Absolute path of the authority's certificate. Absent: the system's own are enough. */
  readonly authorityPath: string | undefined;
  /** For `-u`. */
  readonly user?: string;
  /** Absolute paths, for `--cert` and `--key`. */
  readonly certificate?: { readonly certificate: string; readonly key: string };
  /** Sent as the form-encoded body. A value that begins with `$(` is left to the shell. */
  readonly form?: Readonly<Record<string, string>>;
  /** Whole header lines. */
  readonly headers?: readonly string[];
  /** Sent as a JSON body, whatever the headers say. */
  readonly json?: unknown;
  /** Leaves nothing to the shell, whatever the values look like. */
  readonly literal?: boolean;
}

/** A command line that works in any directory. It prints the reply and fails when the status is 400 or more. */
export function curl(url: string, parts: CurlParts): string {
  return curlOptions(url, parts).join(' ');
}

/** The same in pieces, each an option with its value. */
export function curlOptions(
  url: string,
  { authorityPath, user, certificate, literal, ...content }: CurlParts,
): string[] {
  const { form = {}, headers = [], json } = content;
  const isForShell = (text: string) => !literal && text.includes('$(');
  const options = ['curl -sS --fail-with-body'];
  if (authorityPath !== undefined) options.push(`--cacert ${quote(authorityPath)}`);
  if (user !== undefined) options.push(`-u ${quote(user)}`);
  if (certificate) options.push(`--cert ${quote(certificate.certificate)}`, `--key ${quote(certificate.key)}`);
  for (const header of headers) options.push(`-H ${isForShell(header) ? `"${header}"` : quote(header)}`);
  for (const [name, value] of Object.entries(form)) {
    options.push(isForShell(value) && value.startsWith('$(') ? `-d "${name}=${value}"` : formOption(name, value));
  }
  if (json !== undefined) options.push(`--data ${quote(JSON.stringify(json))}`);
  return [...options, quote(url)];
}

/** A word as a POSIX shell takes it literally. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function formOption(name: string, value: string): string {
  const encodes = /^[\w.~-]+$/.test(value);
  return `${encodes ? '-d' : '--data-urlencode'} ${quote(`${name}=${value}`)}`;
}
