import type { Router } from 'express';
import { type EventListener, FailureExplanations, type Store } from '../../index.js';
import type { DemoFacts } from '../banner.js';
import type { WorkspaceDefinition } from '../configuration/configuration.js';
import { demoGenerateCodeUrl, demoTenant, demoUser } from '../demo/demo-configuration.js';
import { isLoopbackHost } from '../loopback.js';
import {
  type CertificateFacts,
  type ClientFacts,
  type GrantType,
  type Method,
  methods,
  type PlaygroundFacts,
} from './facts.js';
import { Outcomes } from './outcomes.js';
import { playground } from './playground.js';
import { CertificateSender, type OwnListener } from './sender.js';

/** Where a server can be reached, and what it runs. */
export interface PlaygroundPlace {
  readonly demo: boolean;
  /** The host that is listened on. */
  readonly host: string;
  readonly publicUrl: string;
  readonly production: boolean;
}

/** Whether there is a playground: it shows the secrets of the demo, to whoever can reach it. */
export function hasPlayground({ demo, host, publicUrl, production }: PlaygroundPlace): boolean {
  return demo && !production && isLoopbackHost(host) && isLoopbackHost(new URL(publicUrl).hostname);
}

/** What the playground is made of. */
export interface PlaygroundParts {
  readonly publicUrl: string;
  readonly workspaces: readonly { readonly workspace: WorkspaceDefinition; readonly issuer: string }[];
  readonly demo: DemoFacts;
  readonly authorityPath: string;
  readonly listener: OwnListener;
}

/** A playground before its pages are asked for: it hears of requests from the start. */
export class PlaygroundSetup {
  readonly #outcomes: Outcomes;

  constructor(store: Store) {
    this.#outcomes = new Outcomes(store, new FailureExplanations({ store }));
  }

  get listen(): EventListener {
    return this.#outcomes.listen;
  }

  /** The pages, to be mounted at `/playground`. */
  pages(parts: PlaygroundParts): Router {
    const facts = factsOf(parts);
    const endpoints = facts.workspaces.map(({ issuer }) => `${issuer}/oauth2/token`);
    return playground({
      publicUrl: parts.publicUrl,
      facts,
      outcomes: this.#outcomes,
      sender: new CertificateSender(endpoints, facts.certificates, parts.listener),
      pkcs12: parts.demo.pki.pkcs12,
    });
  }
}

function factsOf({ publicUrl, workspaces, demo, authorityPath }: PlaygroundParts): PlaygroundFacts {
  return {
    redirectUri: `${publicUrl}/playground`,
    authorityPath,
    workspaces: workspaces.map(({ issuer, workspace }) => ({
      name: `${workspace.tenant} / ${workspace.workspace}`,
      issuer,
      clients: workspace.clients.map((client) => clientFacts(client, demo)),
    })),
    certificates: certificates(demo),
    person: {
      address: demoUser.email,
      generateCodeUrl: demoGenerateCodeUrl(publicUrl),
      tokenUrl: `${publicUrl}/${demoTenant}/system/oauth2/token`,
      clientId: 'signin',
      clientSecret: demo.secrets.signin,
    },
  };
}

const certificateOf: Readonly<Record<string, string>> = {
  'demo-tls': 'rsa',
  'demo-self-signed': 'self-signed',
  'demo-oracle': 'rsa',
};

function clientFacts(client: WorkspaceDefinition['clients'][number], { assertionKey }: DemoFacts): ClientFacts {
  const { client_id: clientId, client_secret: secret, token_endpoint_auth_method: written } = client;
  const certificate = certificateOf[clientId];
  return {
    clientId,
    method: methods.find((each) => each === written) ?? ('client_secret_basic' satisfies Method),
    grants: client.grant_types ?? (['authorization_code'] satisfies GrantType[]),
    redirectUris: client.redirect_uris ?? [],
    scope: client.scope ?? '',
    ...(secret !== undefined && { secret }),
    ...(clientId === 'demo-private-key-jwt' && { key: assertionKey }),
    ...(certificate !== undefined && { certificate }),
  };
}

function certificates({ pki }: DemoFacts): CertificateFacts[] {
  return [
    { name: 'rsa', label: 'demo-tls, RSA', ...pki.rsa },
    { name: 'elliptic', label: 'demo-tls, P-256', ...pki.elliptic },
    { name: 'self-signed', label: 'demo-self-signed', ...pki.selfSigned },
    { name: 'stranger', label: 'demo-tls, by another authority', ...pki.stranger },
  ];
}
