import { rootCertificates } from 'node:tls';
import type { Router } from 'express';
import type { Store } from '../index.js';
import type { Configuration, WorkspaceDefinition } from './configuration/configuration.js';
import type { Log } from './log.js';
import { codeMail } from './mail/code-mail.js';
import type { Delivery } from './mail/delivery.js';
import { Sealing } from './sealing.js';
import { AuthorizationServer, type Credentials, type ServerFacts } from './sign-in-app/authorization-server.js';
import type { DemoHints } from './sign-in-app/pages.js';
import { signInApp } from './sign-in-app/sign-in-app.js';
import { Wire } from './sign-in-app/wire.js';

/** What the demo's sign-in application runs on here. */
export interface SignInParts {
  readonly publicUrl: string;
  /** PEM of the authority we made ourselves, if we did. */
  readonly authority: string | undefined;
  readonly store: Store;
  readonly secretKeys: readonly string[];
  /** Absent where mail is not set up. */
  readonly delivery: Delivery | undefined;
  readonly demo: DemoHints | undefined;
  readonly log: Log;
}

/** The demo's sign-in application, as clients of this very server; undefined when the configuration has none for it. */
export function makeSignIn(configuration: Configuration, parts: SignInParts): Router | undefined {
  const { publicUrl, store, secretKeys, delivery, demo, log } = parts;
  const found = findClients(configuration, publicUrl);
  if (!found) return undefined;
  const { facts, codeSeconds: expiresIn } = found;
  const { pathname } = new URL(publicUrl);
  return signInApp({
    base: pathname === '/' ? '' : pathname,
    url: `${publicUrl}/sign-in`,
    server: new AuthorizationServer(facts, new Wire(authorities(configuration, parts.authority))),
    apiUrl: `${publicUrl}/api/hello`,
    keep: store,
    sealing: new Sealing(secretKeys, 'sign-in'),
    post: delivery && {
      ready: () => delivery.ready(),
      post: (to, code, link) => delivery.post(codeMail({ to, code, link, expiresIn }), expiresIn),
    },
    demo,
    onFailure: (thrown) => log.error({ event: 'sign_in' }, thrown),
  });
}

/** The clients of the application, and how long codes of their pool live. */
interface SignInClients {
  readonly facts: ServerFacts;
  readonly codeSeconds: number;
}

const usualCodeSeconds = 600;

/**
 * One client of a workspace with people, whose redirect URI is the application's, and one of the tenant's system
 * workspace that may ask for codes. Both with a secret.
 */
function findClients({ workspaces }: Configuration, publicUrl: string): SignInClients | undefined {
  const redirectUri = `${publicUrl}/sign-in/callback`;
  for (const definition of workspaces) {
    const { tenant, workspace, pool } = definition;
    const system = workspaces.find((other) => other.tenant === tenant && other.workspace === 'system');
    const client = credentials(definition, ({ redirect_uris }) => redirect_uris?.includes(redirectUri) === true);
    const machine = credentials(
      system,
      ({ scope }) => scope?.split(' ').includes('identity_self_registration') === true,
    );
    if (!pool || !client || !machine) continue;
    const facts = {
      issuer: `${publicUrl}/${tenant}/${workspace}`,
      workspace,
      client,
      redirectUri,
      systemIssuer: `${publicUrl}/${tenant}/system`,
      machine,
      generateCodeUrl: `${publicUrl}/api/identity/${tenant}/system/pools/${pool.name}/user/code/generate`,
    };
    return { facts, codeSeconds: pool.otpSettings.authentication?.ttl ?? usualCodeSeconds };
  }
  return undefined;
}

type Client = WorkspaceDefinition['clients'][number];

function credentials(
  definition: WorkspaceDefinition | undefined,
  fits: (client: Client) => boolean,
): Credentials | undefined {
  for (const client of definition?.clients ?? []) {
    const { client_id: clientId, client_secret: clientSecret, token_endpoint_auth_method: method } = client;
    const written = method ?? 'client_secret_basic';
    if (clientSecret === undefined || (written !== 'client_secret_basic' && written !== 'client_secret_post')) continue;
    if (fits(client)) return { clientId, clientSecret, method: written };
  }
  return undefined;
}

/** Whom to trust when we call our own public URL: who we made, what we show ourselves, and what everybody trusts. */
function authorities({ tls, outbound }: Configuration, authority: string | undefined): string[] | undefined {
  const ours = [authority, tls ? tls.cert : undefined, outbound?.ca].filter((pem) => pem !== undefined);
  return ours.length === 0 ? undefined : [...rootCertificates, ...ours];
}
