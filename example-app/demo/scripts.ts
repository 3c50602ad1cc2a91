import type { DataDirectory } from '../data-directory.js';
import { demoUser, privateKeyJwtKey } from './demo-configuration.js';

/** Absolute paths of the scripts that the banner's command lines use. */
export interface DemoScripts {
  /** Prints a client assertion. */
  readonly assertion: string;
  /** Prints a curl that redeems a fresh authorization code of the public client. */
  readonly code: string;
  /** Prints a curl that calls the protected API with a fresh DPoP-bound token. */
  readonly dpop: string;
}

/** What the scripts have to know about the server that runs. */
export interface ScriptFacts {
  readonly issuer: string;
  readonly workspace: string;
  readonly redirectUri: string;
  readonly systemIssuer: string;
  readonly generateCodeUrl: string;
  /** The protected API. */
  readonly apiUrl: string;
  /** Absolute path of the authority's certificate. */
  readonly authorityPath: string;
  /** Absolute path of the clients' secrets. */
  readonly secretsPath: string;
  /** The port we listen on: servers that share a data directory each have scripts of their own. */
  readonly port: number;
}

/** Writes the scripts for the server that runs now. Rejects with StartUpError. */
export async function writeScripts(directory: DataDirectory, facts: ScriptFacts): Promise<DemoScripts> {
  const folder = `commands/${facts.port}`;
  const files = {
    'assertion.js': script('assertion', 'printAssertion', 'process.argv[2]', {
      issuer: facts.issuer,
      secrets: facts.secretsPath,
      privateKey: directory.file(privateKeyJwtKey),
    }),
    'code.js': script('code', 'printRedemption', "process.argv[2] ?? 'demo-public'", {
      issuer: facts.issuer,
      workspace: facts.workspace,
      redirectUri: facts.redirectUri,
      systemIssuer: facts.systemIssuer,
      generateCodeUrl: facts.generateCodeUrl,
      address: demoUser.email,
      secrets: facts.secretsPath,
      authorityPath: facts.authorityPath,
    }),
    'dpop.js': script('dpop', 'printDpopCall', "process.argv[2] ?? 'demo-basic'", {
      issuer: facts.issuer,
      apiUrl: facts.apiUrl,
      secrets: facts.secretsPath,
      authorityPath: facts.authorityPath,
    }),
    // The nearest package.json says what a .js file is, wherever the data directory may be.
    'package.json': '{ "type": "module" }\n',
  };
  for (const [name, text] of Object.entries(files)) await directory.replace(`${folder}/${name}`, text);
  const path = (name: string) => directory.file(`${folder}/${name}`);
  return { assertion: path('assertion.js'), code: path('code.js'), dpop: path('dpop.js') };
}

function script(module: string, run: string, argument: string, facts: Readonly<Record<string, string>>): string {
  const url = new URL(`./${module}.js`, import.meta.url);
  return [
    '// Made anew at every start.',
    `import { ${run} } from ${JSON.stringify(url.href)};`,
    '',
    `await ${run}(${argument}, ${JSON.stringify(facts, undefined, 2)});`,
    '',
  ].join('\n');
}
