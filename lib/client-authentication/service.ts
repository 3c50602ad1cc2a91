import { z } from 'zod';
import type { CertificateHeaderProblem } from '../certificates/certificate-source.js';
import { certificateWarnings } from '../certificates/header-warnings.js';
import { clientRegistry } from '../clients/registry.js';
import { toOAuthError } from '../errors.js';
import type { WarningName } from '../events.js';
import { failureFacts } from '../failure-facts.js';
import { sourceOf } from '../http/client-address.js';
import { newCorrelationId } from '../http/correlation-id.js';
import { Form } from '../http/form.js';
import { basicChallenge } from '../http/reply.js';
import { type BodyRequest, isForm, readForm } from '../http/request-body.js';
import { storePrefix, tenantPrefix } from '../issuer.js';
import { parseOptions } from '../options.js';
import { type ServerResources, serverOptionsSchema, serverResources } from '../server-resources.js';
import { namespaced } from '../stores/namespace.js';
import { rateLimitsSchema } from '../throttling/rate-limits.js';
import { clientAuthentications, isTraced, TraceMessage, traced } from '../tracing/channels.js';
import { clientsSchema, issuerSchema } from '../workspaces/options.js';
import { workspacePolicySchema } from '../workspaces/policy.js';
import type { Authenticator, ClientAuthentication } from './authenticator.js';
import { clientRequest } from './client-request.js';
import { makeAuthenticator } from './make-authenticator.js';
import { noteProvenClient, type ProvenClient, provenFacts } from './proven-client.js';
import type { ClientAuthenticationStrategy } from './strategy.js';

const policy = workspacePolicySchema.shape;

/** Options of a strategy under bare Passport, and of `authenticateClient`. */
export const authenticationOptionsSchema = serverOptionsSchema.safeExtend({
  issuer: issuerSchema.describe(
    'The issuer identifier (RFC 8414 2): the audience of client assertions and the realm of challenges.',
  ),
  clients: clientsSchema.describe(
    'Client metadata (RFC 7591 names), or an object whose `find(clientId)` asks your own database.',
  ),
  tenant: z
    .string()
    .optional()
    .describe(
      'Name in store keys and events. A `grantRouter` and a route of yours that share names and store share the replay memory.',
    ),
  workspace: z.string().optional().describe('Name in store keys and events, beside `tenant`.'),
  token_endpoint: z
    .url({ protocol: /^https$/ })
    .optional()
    .describe('For clients with `legacy_assertion_audience`. Absent: the issuer followed by `/oauth2/token`.'),
  token_endpoint_auth_signing_alg_values: policy.token_endpoint_auth_signing_alg_values,
  root_cas: policy.root_cas,
  intermediate_cas: policy.intermediate_cas,
  revocation: policy.revocation,
  clock_tolerance: policy.clock_tolerance,
  rate_limits: rateLimitsSchema
    .prefault({})
    .describe('How often credentials may be wrong. Counts where `store` is; give one that your processes share.'),
});

export type AuthenticationOptions = z.input<typeof authenticationOptionsSchema>;

export type { ProvenClient } from './proven-client.js';

/** Client authentication for routes of the host: reads the request, authenticates, tells one event. */
export class ClientAuthenticationService {
  /** The WWW-Authenticate value of a failure. */
  readonly challenge: string;
  readonly #authenticator: Authenticator;
  readonly #resources: ServerResources;
  readonly #names: { readonly issuer: string; readonly tenant?: string; readonly workspace?: string };

  /** Throws OptionsError for wrong options. */
  constructor(strategies: readonly ClientAuthenticationStrategy[], input: AuthenticationOptions) {
    const options = parseOptions(authenticationOptionsSchema.strict(), input);
    const { issuer, tenant, workspace } = options;
    this.#names = { issuer, ...(tenant !== undefined && { tenant }), ...(workspace !== undefined && { workspace }) };
    this.#resources = serverResources(options, {
      encryptsInStore: false,
      remembers: strategies.some((strategy) => strategy.singleUse === true),
    });
    this.challenge = basicChallenge(issuer);
    const warn = (name: WarningName, detail: Readonly<Record<string, unknown>>) =>
      this.#resources.onEvent({ event: 'warning', name, detail, ...this.#names });
    this.#authenticator = makeAuthenticator(
      {
        issuer,
        at: '',
        clients: clientRegistry(options.clients, { ...this.#resources, warn }),
        store: namespaced(this.#resources.store, storePrefix(this.#names)),
        tenantStore: tenant === undefined ? undefined : namespaced(this.#resources.store, tenantPrefix(tenant)),
        strategies,
        enabledMethods: strategies.map(({ name }) => name),
        signingAlgorithms: options.token_endpoint_auth_signing_alg_values,
        rootCertificates: options.root_cas,
        intermediateCertificates: options.intermediate_cas,
        revocation: options.revocation,
        clockTolerance: options.clock_tolerance,
        rateLimits: options.rate_limits,
        tokenEndpoint: options.token_endpoint ?? `${issuer}/oauth2/token`,
        warn,
      },
      this.#resources,
    );
  }

  /** Resolves with the client and sets `request.clientAuth`; rejects with OAuthError. */
  async authenticate(request: HostRequest, correlationId = newCorrelationId()): Promise<ProvenClient> {
    const work = () => this.#authenticate(request, correlationId);
    if (!isTraced()) return noteProvenClient(request, await work());
    const names = { event: 'client_authentication', ...this.#names, correlation_id: correlationId } as const;
    return noteProvenClient(
      request,
      await traced(clientAuthentications, new TraceMessage(names, request), work, provenFacts),
    );
  }

  async #authenticate(request: HostRequest, correlationId: string): Promise<ClientAuthentication> {
    try {
      const form = await formOf(request);
      const { certificate, problem, headerName } = this.#resources.proxies.certificateOf(request);
      if (problem) this.#warnOfHeader(problem, headerName);
      const source = sourceOf(request, this.#resources.proxies);
      const authentication = await this.#authenticator.authenticate(clientRequest(request, form, certificate, source));
      this.#tell({ outcome: 'success', ...provenFacts(authentication), correlation_id: correlationId });
      return authentication;
    } catch (thrown) {
      const failure = toOAuthError(thrown);
      const outcome = { outcome: 'failure', ...failureFacts(failure), correlation_id: correlationId } as const;
      this.#tell(outcome);
      throw (
        this.#resources.explain?.(failure, { event: 'client_authentication', ...this.#names, ...outcome }) ?? failure
      );
    }
  }

  #warnOfHeader(problem: CertificateHeaderProblem, header: string | undefined): void {
    this.#resources.onEvent({
      event: 'warning',
      name: certificateWarnings[problem],
      detail: { header },
      ...this.#names,
    });
  }

  #tell(
    event: Omit<Parameters<ServerResources['onEvent']>[0] & { event: 'client_authentication' }, 'event' | 'issuer'>,
  ): void {
    this.#resources.onEvent({ event: 'client_authentication', ...this.#names, ...event });
  }
}

type HostRequest = BodyRequest & { clientAuth?: ProvenClient };

/** The form, where there is one. A route of the host may take any other body too, which is none of our business. */
async function formOf(request: HostRequest & { body?: unknown }): Promise<Form> {
  if (!isForm(request)) return new Form();
  const form = await readForm(request);
  // The stream is read now, so the host's own handler needs the body as a parser would have left it.
  if (request.body === undefined) request.body = form.toObject();
  return form;
}
