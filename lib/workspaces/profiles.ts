import type { ParsedClientMetadata } from '../clients/metadata.js';
import type { WorkspacePolicy, WorkspacePolicyInput } from './policy.js';

/** Something a profile forbids: `path` from the workspace's, or the client's, own object on. */
export interface ProfileMistake {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

type Report = (message: string, ...path: (string | number)[]) => void;

interface Profile {
  /** What an absent member means, where that differs from the profile `default`. */
  readonly defaults: WorkspacePolicyInput;
  readonly checkPolicy: (policy: WorkspacePolicy, report: Report) => void;
  readonly checkClient: (client: ParsedClientMetadata, report: Report) => void;
}

const fapiMethods = ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'];
/** FAPI 2.0 5.4.1. Its text still says EdDSA, which RFC 9864 calls Ed25519. */
const fapiAlgorithms = ['PS256', 'ES256', 'Ed25519'] as const;
const fapiAlgorithmNames = new Set<string>([...fapiAlgorithms, 'EdDSA']);
/** Seconds (FAPI 2.0 5.3.2.1). */
const fapiCodeLife = 60;
/** Seconds that a client's clock may be ahead at least (FAPI 2.0 5.3.2.1). */
const fapiTolerance = 10;

const profiles: Readonly<Record<WorkspacePolicy['profile'], Profile>> = {
  default: { defaults: {}, checkPolicy: () => undefined, checkClient: () => undefined },

  /** draft-ietf-oauth-v2-1. */
  oauth21: {
    defaults: {},
    checkPolicy: (policy, report) => {
      if (policy.pkce !== 'required') report('must be required (OAuth 2.1, 4.1.1)', 'pkce');
      refusePassword(policy, 'OAuth 2.1, 10', report);
      const methods = policy.token_endpoint_auth_methods;
      if (methods.includes('client_secret_basic') && !methods.includes('client_secret_post')) {
        const message = 'has client_secret_basic and lacks client_secret_post, which must be there (OAuth 2.1, 2.4.1)';
        report(message, 'token_endpoint_auth_methods');
      }
    },
    checkClient: (client, report) => refusePassword(client, 'OAuth 2.1, 10', report),
  },

  /** FAPI 2.0 Security Profile. */
  fapi2: {
    defaults: {
      token_endpoint_auth_methods: fapiMethods,
      token_endpoint_auth_signing_alg_values: [...fapiAlgorithms],
      dpop_signing_alg_values: [...fapiAlgorithms],
      signing_keys: ['ES256', 'PS256'],
      require_pushed_authorization_requests: true,
    },
    checkPolicy: checkFapiPolicy,
    checkClient: checkFapiClient,
  },
};

/**
 * A workspace as it was written, with what its profile sets where nothing was. What is no workspace comes back as it
 * is, for the schema to refuse.
 */
export function withProfileDefaults<T>(written: T): T {
  const { profile } = (written ?? {}) as { readonly profile?: unknown };
  if (typeof profile !== 'string' || !Object.hasOwn(profiles, profile)) return written;
  const { defaults } = profiles[profile as WorkspacePolicy['profile']];
  const present = Object.entries(written as object).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(present) } as T;
}

/** What an absent member of a policy means under this profile, where that is not the usual default. */
export function profileDefaults(profile: WorkspacePolicy['profile']): WorkspacePolicyInput {
  return profiles[profile].defaults;
}

/** Whether the profile lets a JWT of somebody else be signed by this algorithm (FAPI 2.0 5.4.1). */
export function allowsAlgorithm(profile: WorkspacePolicy['profile'], alg: string): boolean {
  return profile !== 'fapi2' || fapiAlgorithmNames.has(alg);
}

/** What the profile of this policy forbids in it. */
export function policyMistakes(policy: WorkspacePolicy): ProfileMistake[] {
  return collect((report) => profiles[policy.profile].checkPolicy(policy, report), policy.profile);
}

/** What the profile forbids in a client. */
export function clientMistakes(profile: WorkspacePolicy['profile'], client: ParsedClientMetadata): ProfileMistake[] {
  return collect((report) => profiles[profile].checkClient(client, report), profile);
}

function collect(check: (report: Report) => void, profile: string): ProfileMistake[] {
  const mistakes: ProfileMistake[] = [];
  check((message, ...path) => mistakes.push({ path, message: `${message}: profile ${profile}` }));
  return mistakes;
}

function refusePassword({ grant_types }: { readonly grant_types: readonly string[] }, text: string, report: Report) {
  const index = grant_types.indexOf('password');
  if (index !== -1) report(`must not be password (${text})`, 'grant_types', index);
}

function checkFapiPolicy(policy: WorkspacePolicy, report: Report): void {
  if (policy.pkce !== 'required') report('must be required (FAPI 2.0 5.3.2.2)', 'pkce');
  if (!policy.require_pushed_authorization_requests) {
    report('must be true (FAPI 2.0 5.3.2.2)', 'require_pushed_authorization_requests');
  }
  policy.token_endpoint_auth_methods.forEach((method, index) => {
    if (!fapiMethods.includes(method)) report(methodMessage, 'token_endpoint_auth_methods', index);
  });
  const lists = ['token_endpoint_auth_signing_alg_values', 'dpop_signing_alg_values', 'signing_keys'] as const;
  for (const list of lists) {
    policy[list].forEach((alg, index) => {
      if (!fapiAlgorithmNames.has(alg)) report(algorithmMessage, list, index);
    });
  }
  refusePassword(policy, 'FAPI 2.0 5.3.2.1', report);
  checkCodeLife(policy.token_ttls.authorization_code, report);
  if (policy.clock_tolerance < fapiTolerance) {
    report(`must be at least ${fapiTolerance} (FAPI 2.0 5.3.2.1)`, 'clock_tolerance');
  }
}

const methodMessage = `must be ${fapiMethods.slice(0, -1).join(', ')} or ${fapiMethods.at(-1)} (FAPI 2.0 5.3.2.1)`;
const algorithmMessage = 'must be PS256, ES256 or Ed25519 (FAPI 2.0 5.4.1)';

function checkCodeLife(seconds: number | undefined, report: Report): void {
  if (seconds === undefined || seconds <= fapiCodeLife) return;
  report(`must be at most ${fapiCodeLife} (FAPI 2.0 5.3.2.1)`, 'token_ttls', 'authorization_code');
}

function checkFapiClient(client: ParsedClientMetadata, report: Report): void {
  const { token_endpoint_auth_method: method, token_endpoint_auth_signing_alg: alg } = client;
  if (!fapiMethods.includes(method)) report(methodMessage, 'token_endpoint_auth_method');
  if (alg !== undefined && !fapiAlgorithmNames.has(alg)) report(algorithmMessage, 'token_endpoint_auth_signing_alg');
  if (client.legacy_assertion_audience) report('must be false (FAPI 2.0 5.3.2.1)', 'legacy_assertion_audience');
  const bound = client.dpop_bound_access_tokens || client.tls_client_certificate_bound_access_tokens;
  // A client that authenticates by certificate gets tokens bound to it, whatever it registers.
  if (method === 'private_key_jwt' && !bound) {
    const message = 'or tls_client_certificate_bound_access_tokens must be true (FAPI 2.0 5.3.2.1)';
    report(message, 'dpop_bound_access_tokens');
  }
  if (client.refresh_token_rotation) report('must not be true (FAPI 2.0 5.3.2.1)', 'refresh_token_rotation');
  refusePassword(client, 'FAPI 2.0 5.3.2.1', report);
  checkCodeLife(client.token_ttls?.authorization_code, report);
}
