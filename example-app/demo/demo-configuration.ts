import { createPublicKey } from 'node:crypto';
import type { Configuration } from '../configuration/configuration.js';
import { makeConfiguration } from '../configuration/configuration.js';
import type { ConfigurationInput } from '../configuration/schema.js';
import type { DataDirectory } from '../data-directory.js';
import type { ClientPki } from '../pki/client-pki.js';
import { organization } from '../pki/forge-certificates.js';
import { keepPrivateKey } from '../pki/keys.js';
import type { DemoSecrets } from './secrets.js';

/** The person of the demo. */
export const demoUser = {
  id: '6833b9b9908740b2b1c68608054c1477',
  username: 'johndoe',
  email: 'johndoe@example.com',
  name: 'John Doe',
} as const;

/** Where the demo's clients live. */
export const demoTenant = 'acme';
export const demoWorkspace = 'demo';
export const demoPool = 'staff';

/** The demo's mails stay here, to be looked at. */
export const demoMail = 'outbox:';

/** Generate Code of Specific Type, for the person of the demo. */
export function demoGenerateCodeUrl(publicUrl: string): string {
  return `${publicUrl}/api/identity/${demoTenant}/system/pools/${demoPool}/user/code/generate`;
}

/** The key file of a client that signs its assertions, within the data directory. */
export const privateKeyJwtKey = 'clients/demo-private-key-jwt.key';

/** Its `kid`. */
export const assertionKeyId = 'demo';

/** What the demo configuration is made of. */
export interface DemoMaterial {
  /** Whether JSON replies say why a request failed. */
  readonly explainInReply: boolean;
  readonly secrets: DemoSecrets;
  readonly pki: ClientPki;
  /** PKCS#8 PEM, P-256: the key of demo-private-key-jwt. */
  readonly assertionKey: string;
  /** Absolute path of the authority's certificate. */
  readonly authorityPath: string;
}

/** The key with which demo-private-key-jwt signs, made on first start. Rejects with StartUpError. */
export function keepAssertionKey(directory: DataDirectory): Promise<string> {
  return keepPrivateKey(directory, privateKeyJwtKey, 'ec');
}

/** The configuration that runs when no file is given: one client per method, and one of each grant. */
export function demoConfiguration(publicUrl: string, material: DemoMaterial): Configuration {
  return makeConfiguration(demoInput(publicUrl, material), '/');
}

function demoInput(
  publicUrl: string,
  { secrets, authorityPath, explainInReply, ...material }: DemoMaterial,
): ConfigurationInput {
  return {
    public_url: publicUrl,
    mail: demoMail,
    explain_in_reply: explainInReply,
    tenants: {
      [demoTenant]: {
        pools: { [demoPool]: { users: [demoUser] } },
        workspaces: {
          system: {
            clients: [
              {
                client_id: 'signin',
                client_secret: secrets.signin,
                token_endpoint_auth_method: 'client_secret_post',
                grant_types: ['client_credentials'],
                scope: 'identity_self_registration',
              },
            ],
          },
          [demoWorkspace]: {
            pool: demoPool,
            pkce: 'public-clients',
            audience: 'https://api.example.com',
            accept_json_requests: true,
            grant_types: ['authorization_code', 'client_credentials', 'refresh_token', 'password', 'tls_client_auth'],
            oracle_endpoints: true,
            app_roles: { Reader: ['read'] },
            root_cas: [authorityPath],
            scopes: {
              openid: {},
              profile: { description: 'Your name' },
              email: { description: 'Your e-mail address' },
              offline_access: {},
              read: { description: 'Read your data' },
              'accounts.*': { description: 'One account' },
            },
            clients: demoClients(publicUrl, secrets, material),
          },
          opaque: {
            access_token_format: 'opaque',
            // No ID tokens: without people there is nobody to sign in.
            signing_keys: ['ES256'],
            grant_types: ['client_credentials'],
            scopes: { read: {} },
            clients: [
              {
                client_id: 'demo-opaque',
                client_name: 'Demo with opaque tokens',
                client_secret: secrets['demo-opaque'],
                grant_types: ['client_credentials'],
                response_types: [],
                scope: 'read introspect_tokens',
              },
            ],
          },
        },
      },
    },
  };
}

type Clients = NonNullable<ConfigurationInput['tenants'][string]['workspaces'][string]['clients']>;

function demoClients(
  publicUrl: string,
  secrets: DemoSecrets,
  { pki, assertionKey }: Pick<DemoMaterial, 'pki' | 'assertionKey'>,
): Clients {
  const both = {
    grant_types: ['authorization_code', 'client_credentials'],
    response_types: ['code'],
    redirect_uris: [`${publicUrl}/callback`, `${publicUrl}/playground`],
    scope: 'openid profile email read',
  };
  const own = { grant_types: ['client_credentials'], response_types: [], scope: 'read accounts.*' };
  const publicKey = createPublicKey(assertionKey).export({ format: 'jwk' });
  return [
    {
      ...both,
      client_id: 'demo-basic',
      client_name: 'Demo with a secret in the header',
      client_secret: secrets['demo-basic'],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: [...both.grant_types, 'refresh_token'],
      scope: `${both.scope} offline_access`,
    },
    {
      ...both,
      client_id: 'demo-post',
      client_name: 'Demo with a secret in the body',
      client_secret: secrets['demo-post'],
      token_endpoint_auth_method: 'client_secret_post',
    },
    {
      ...own,
      client_id: 'demo-secret-jwt',
      client_name: 'Demo with an assertion by secret',
      client_secret: secrets['demo-secret-jwt'],
      token_endpoint_auth_method: 'client_secret_jwt',
    },
    {
      ...both,
      client_id: 'demo-private-key-jwt',
      client_name: 'Demo with an assertion by private key',
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [{ ...publicKey, kid: assertionKeyId, use: 'sig', alg: 'ES256' }] },
    },
    {
      ...own,
      client_id: 'demo-tls',
      client_name: 'Demo with a certificate by an authority',
      token_endpoint_auth_method: 'tls_client_auth',
      // RFC 4514 writes the last component first.
      tls_client_auth_subject_dn: `CN=demo-tls,O=${organization}`,
    },
    {
      ...own,
      client_id: 'demo-self-signed',
      client_name: 'Demo with a self-signed certificate',
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      certificate: pki.selfSigned.certificate,
    },
    {
      client_id: 'demo-oracle',
      client_name: 'Demo with the grant of Oracle',
      token_endpoint_auth_method: 'tls_client_auth',
      grant_types: ['tls_client_auth'],
      response_types: [],
      certificate: pki.rsa.certificate,
      app_roles: ['Reader'],
    },
    {
      ...both,
      client_id: 'demo-passwordless',
      client_name: 'Demo with one-time codes',
      client_secret: secrets['demo-passwordless'],
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['password', 'authorization_code'],
      // One alone, so that authorization requests may leave it out.
      redirect_uris: [`${publicUrl}/callback`],
    },
    {
      client_id: 'demo-sign-in',
      client_name: 'Demo sign-in page',
      client_secret: secrets['demo-sign-in'],
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: [`${publicUrl}/sign-in/callback`],
      post_logout_redirect_uris: [`${publicUrl}/sign-in`],
      scope: 'openid profile email read',
    },
    {
      client_id: 'demo-public',
      client_name: 'Demo application',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: [`${publicUrl}/callback`, `${publicUrl}/playground`],
      scope: 'openid profile email read',
    },
  ];
}
