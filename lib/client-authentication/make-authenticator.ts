import { type TrustAnchors, trustAnchors } from '../certificates/path-validation.js';
import { parsePemCertificates } from '../certificates/pem.js';
import type { ClientRegistry } from '../clients/client.js';
import type { WarningName } from '../events.js';
import { joinPath, OptionsError } from '../options.js';
import type { ServerResources } from '../server-resources.js';
import type { Store } from '../stores/store.js';
import { Authenticator } from './authenticator.js';
import type { ClientAuthenticationStrategy } from './strategy.js';

/** What one issuer decides about client authentication. */
export interface IssuerRules {
  readonly issuer: string;
  /** Stands before the paths of mistakes, such as `workspaces[2]`. */
  readonly at: string;
  readonly clients: ClientRegistry;
  /** The issuer's own part of the store. */
  readonly store: Store;
  readonly strategies: readonly ClientAuthenticationStrategy[];
  readonly enabledMethods: readonly string[];
  readonly signingAlgorithms: readonly string[];
  /** PEM texts. */
  readonly rootCertificates: readonly string[];
  /** Seconds. */
  readonly clockTolerance: number;
  readonly tokenEndpoint: string;
  warn(name: WarningName, detail: Readonly<Record<string, unknown>>): void;
}

/** The one authenticator of an issuer: token endpoint, other endpoints and the host's own routes share its rules. */
export function makeAuthenticator(rules: IssuerRules, { now }: Pick<ServerResources, 'now'>): Authenticator {
  return new Authenticator({
    strategies: rules.strategies,
    enabledMethods: new Set(rules.enabledMethods),
    clients: rules.clients,
    context: {
      issuer: rules.issuer,
      legacyAudiences: new Set([rules.tokenEndpoint]),
      store: rules.store,
      signingAlgorithms: new Set(rules.signingAlgorithms),
      clockTolerance: rules.clockTolerance,
      trustAnchors: anchorsFrom(rules.rootCertificates, joinPath(rules.at, ['root_cas'])),
      now,
      warn: rules.warn,
    },
  });
}

function anchorsFrom(pemTexts: readonly string[], path: string): TrustAnchors {
  const certificates = pemTexts.flatMap((text, index) => {
    const parsed = parsePemCertificates(text);
    if (parsed.ok) return parsed.certificates;
    throw new OptionsError([{ path: `${path}[${index}]`, message: parsed.problem }]);
  });
  try {
    return trustAnchors(certificates);
  } catch (thrown) {
    throw new OptionsError([{ path, message: thrown instanceof Error ? thrown.message : String(thrown) }]);
  }
}
