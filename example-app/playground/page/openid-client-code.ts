import { quote } from '../../demo/curl.js';
import type { ClientFacts, PlaygroundFacts } from '../facts.js';
import type { Choices } from './choices.js';
import { hasCertificate } from './mistakes.js';

/** What the code is made of beside the choices. */
export interface CodeParts {
  readonly facts: PlaygroundFacts;
  /** Where a code came back to, with its state; undefined: none has. */
  readonly callback: { readonly url: string; readonly state: string } | undefined;
}

/** A module that asks for the same token with openid-client 6, without the mistakes. */
export function openidClientCode(choices: Choices, { facts, callback }: CodeParts): string {
  const { client, workspace } = choices;
  const way = authentication(choices, facts);
  const options = way.options === undefined ? '' : `, ${way.options}`;
  const lines = [
    `// npm install openid-client${hasCertificate(choices.method) ? ' undici@7' : ''}`,
    `// NODE_EXTRA_CA_CERTS=${quote(facts.authorityPath)} node this-file.mjs`,
    ...way.imports,
    `import * as client from 'openid-client';`,
    '',
    ...way.preparation,
    `const issuer = new URL(${text(workspace.issuer)});`,
    `const config = await client.discovery(issuer, ${text(client.clientId)}, undefined, ${way.proof}${options});`,
    ...(choices.dpop ? [`const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));`] : []),
    `const tokens = await ${grantCall(choices, callback)};`,
    'console.log(tokens);',
  ];
  return `${lines.join('\n')}\n`;
}

interface Authentication {
  readonly imports: readonly string[];
  readonly preparation: readonly string[];
  /** The client authentication of openid-client. */
  readonly proof: string;
  /** Of the discovery. */
  readonly options?: string;
}

function authentication({ method, client, secret, certificate }: Choices, facts: PlaygroundFacts): Authentication {
  const none = { imports: [], preparation: [] };
  switch (method) {
    case 'client_secret_basic':
      return { ...none, proof: `client.ClientSecretBasic(${text(secret)})` };
    case 'client_secret_post':
      return { ...none, proof: `client.ClientSecretPost(${text(secret)})` };
    case 'client_secret_jwt':
      return { ...none, proof: `client.ClientSecretJwt(${text(secret)})` };
    case 'private_key_jwt':
      return privateKeyJwt(client);
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
      return mutualTls(certificate, facts);
    case 'none':
      return { ...none, proof: 'client.None()' };
  }
}

function privateKeyJwt({ key }: ClientFacts): Authentication {
  return {
    imports: [`import { readFileSync } from 'node:fs';`],
    preparation: [
      `const pem = readFileSync(${text(key?.path ?? 'private-key.pem')}, 'utf8');`,
      `const der = Buffer.from(pem.replace(/-----[^-]+-----|\\s/g, ''), 'base64');`,
      `const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };`,
      `const key = await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);`,
    ],
    proof: `client.PrivateKeyJwt({ key, kid: ${text(key?.kid ?? 'the kid of its public key')} })`,
  };
}

function mutualTls(name: string, { certificates }: PlaygroundFacts): Authentication {
  const files = certificates.find((certificate) => certificate.name === name);
  return {
    imports: [`import { readFileSync } from 'node:fs';`, `import { Agent, fetch } from 'undici';`],
    preparation: [
      `const cert = readFileSync(${text(files?.certificate ?? 'client.crt')});`,
      `const key = readFileSync(${text(files?.key ?? 'client.key')});`,
      'const dispatcher = new Agent({ connect: { cert, key } });',
    ],
    proof: 'client.TlsClientAuth()',
    options: '{\n  [client.customFetch]: (url, options) => fetch(url, { ...options, dispatcher }),\n}',
  };
}

function grantCall(choices: Choices, callback: CodeParts['callback']): string {
  const { grant, scope, refresh, username, password, verifier, dpop } = choices;
  const scopes: Readonly<Record<string, string>> = scope.trim() === '' ? {} : { scope: scope.trim() };
  const options = dpop ? ['{ DPoP }'] : [];
  const call = (name: string, ...given: string[]) => `client.${name}(${['config', ...given].join(', ')})`;
  switch (grant) {
    case 'client_credentials':
      return call('clientCredentialsGrant', object(scopes), ...options);
    case 'authorization_code': {
      const checks = object({ pkceCodeVerifier: verifier, expectedState: callback?.state ?? '' });
      const url = `new URL(${text(callback?.url ?? '')})`;
      return call('authorizationCodeGrant', url, checks, ...(dpop ? ['undefined', ...options] : []));
    }
    case 'refresh_token':
      return call('refreshTokenGrant', text(refresh), object(scopes), ...options);
    case 'password':
      return call('genericGrantRequest', text(grant), object({ username, password, ...scopes }), ...options);
    case 'tls_client_auth':
      return call('genericGrantRequest', text(grant), object(scopes), ...options);
  }
}

function object(members: Readonly<Record<string, string>>): string {
  const entries = Object.entries(members).map(([name, value]) => `${name}: ${text(value)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

/** A string literal of JavaScript. */
function text(value: string): string {
  const literal = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${literal}'`;
}
