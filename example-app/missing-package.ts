/** What the server needs beside the library, for its pages, log, mail, certificates and metrics. */
export const serverPackages = ['express', 'helmet', 'lmdb', 'node-forge', 'nodemailer', 'pino', 'prom-client'];

/** Which package is not there and how to install it; undefined when something else was thrown. */
export function missingPackageText(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || (thrown as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') return undefined;
  const name = /^Cannot find package '([^']+)'/.exec(thrown.message)?.[1];
  if (name === undefined) return undefined;
  if (!serverPackages.includes(name)) return `The package ${name} is missing. Install it: npm install ${name}`;
  return `The package ${name} is missing. Install all that a server needs: npm install ${serverPackages.join(' ')}`;
}
