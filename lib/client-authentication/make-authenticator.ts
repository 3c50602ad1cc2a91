import { compileAnchorTexts } from '../certificates/anchor-texts.js';
import { compileIntermediates, type Intermediates } from '../certificates/intermediates.js';
import type { TrustAnchors } from '../certificates/path-validation.js';
import type { RevocationOptions } from '../certificates/revocation/options.js';
import type { ClientRegistry } from '../clients/client.js';
import type { WarningName } from '../events.js';
import { joinPath, OptionsError } from '../options.js';
import type { Store } from '../stores/store.js';
import { GuessLimits } from '../throttling/guess-limits.js';
import type { RateLimits } from '../throttling/rate-limits.js';
import { Authenticator } from './authenticator.js';
import { type CheckResources, issuerRevocation } from './issuer-revocation.js';
import { KnownChains } from './known-chains.js';
import type { ClientAuthenticationStrategy } from './strategy.js';

/** What one issuer decides about client authentication. */
export interface IssuerRules {
  readonly issuer: string;
  /** Stands before the paths of mistakes, such as `workspaces[2]`. */
  readonly at: string;
  readonly clients: ClientRegistry;
  /** The issuer's own part of the store. */
  readonly store: Store;
  /** The part that the workspaces of its tenant share. */
  readonly tenantStore: Store | undefined;
  readonly strategies: readonly ClientAuthenticationStrategy[];
  readonly enabledMethods: readonly string[];
  readonly signingAlgorithms: readonly string[];
  /** PEM texts. */
  readonly rootCertificates: readonly string[];
  /** PEM texts. */
  readonly intermediateCertificates: readonly string[];
  readonly revocation: RevocationOptions;
  /** Seconds. */
  readonly clockTolerance: number;
  /** Whether the audience of an assertion may be a list of one. Absent: it may. */
  readonly audienceLists?: boolean;
  readonly rateLimits: RateLimits;
  readonly tokenEndpoint: string;
  warn(name: WarningName, detail: Readonly<Record<string, unknown>>): void;
}

/** The one authenticator of an issuer: token endpoint, other endpoints and the host's own routes share its rules. */
export function makeAuthenticator(rules: IssuerRules, resources: CheckResources): Authenticator {
  const { now } = resources;
  const { store, tenantStore, rateLimits, warn } = rules;
  return new Authenticator({
    strategies: rules.strategies,
    enabledMethods: new Set(rules.enabledMethods),
    clients: rules.clients,
    limits: rateLimits.enabled ? new GuessLimits(rateLimits, { store, tenantStore, now, warn }) : undefined,
    context: {
      issuer: rules.issuer,
      legacyAudiences: new Set([rules.tokenEndpoint]),
      store,
      signingAlgorithms: new Set(rules.signingAlgorithms),
      clockTolerance: rules.clockTolerance,
      audienceLists: rules.audienceLists ?? true,
      trustAnchors: anchorsFrom(rules.rootCertificates, joinPath(rules.at, ['root_cas'])),
      intermediates: intermediatesFrom(rules.intermediateCertificates, joinPath(rules.at, ['intermediate_cas'])),
      knownChains: new KnownChains(store, now),
      revocation: issuerRevocation(rules, resources),
      now,
      warn,
    },
  });
}

function anchorsFrom(pemTexts: readonly string[], path: string): TrustAnchors {
  const compiled = compileAnchorTexts(pemTexts);
  if (compiled.ok) return compiled.anchors;
  const at = compiled.index === undefined ? path : joinPath(path, [compiled.index]);
  throw new OptionsError([{ path: at, message: compiled.problem }]);
}

function intermediatesFrom(pemTexts: readonly string[], path: string): Intermediates {
  const compiled = compileIntermediates(pemTexts);
  if (compiled.ok) return compiled.intermediates;
  throw new OptionsError([{ path: joinPath(path, [compiled.index]), message: compiled.problem }]);
}
