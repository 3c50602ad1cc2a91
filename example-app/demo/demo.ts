import type { DemoFacts } from '../banner.js';
import type { Configuration } from '../configuration/configuration.js';
import type { DataDirectory } from '../data-directory.js';
import { keepClientPki } from '../pki/client-pki.js';
import type { ServerPki } from '../pki/server-pki.js';
import {
  assertionKeyId,
  demoConfiguration,
  demoGenerateCodeUrl,
  demoTenant,
  demoUser,
  demoWorkspace,
  keepAssertionKey,
  privateKeyJwtKey,
} from './demo-configuration.js';
import { writeScripts } from './scripts.js';
import { keepDemoSecrets, secretsPath } from './secrets.js';

/** What runs when no configuration file is given. */
export interface Demo {
  configuration(publicUrl: string): Configuration;
  /** Writes the scripts for the server that listens at `port`, and tells what the banner shows. */
  facts(publicUrl: string, port: number): Promise<DemoFacts>;
}

/** An authorization request of the demo to click on. */
export function demoTryUrl(publicUrl: string): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'demo-basic',
    redirect_uri: `${publicUrl}/callback`,
    scope: 'openid profile email read',
    state: 'from-the-home-page',
    login_hint: demoUser.email,
  });
  return `${publicUrl}/${demoTenant}/${demoWorkspace}/oauth2/authorize?${query}`;
}

/**
 * Finds or makes the demo's secrets, keys and certificates. `explainInReply`: whether JSON replies say why a request
 * failed. Rejects with StartUpError.
 */
export async function makeDemo(
  directory: DataDirectory,
  { authority, authorityPath }: ServerPki,
  explainInReply: boolean,
): Promise<Demo> {
  const [secrets, assertionKey, pki] = await Promise.all([
    keepDemoSecrets(directory),
    keepAssertionKey(directory),
    keepClientPki(directory, authority, 'demo-tls', 'demo-self-signed'),
  ]);
  return {
    configuration: (publicUrl) =>
      demoConfiguration(publicUrl, { secrets, pki, assertionKey, authorityPath, explainInReply }),
    facts: async (publicUrl, port) => {
      const scripts = await writeScripts(directory, {
        issuer: `${publicUrl}/${demoTenant}/${demoWorkspace}`,
        workspace: demoWorkspace,
        redirectUri: `${publicUrl}/callback`,
        systemIssuer: `${publicUrl}/${demoTenant}/system`,
        generateCodeUrl: demoGenerateCodeUrl(publicUrl),
        apiUrl: `${publicUrl}/api/hello`,
        authorityPath,
        secretsPath: secretsPath(directory),
        port,
      });
      const key = { pem: assertionKey, path: directory.file(privateKeyJwtKey), kid: assertionKeyId };
      return { secrets, pki, scripts, assertionKey: key };
    },
  };
}
