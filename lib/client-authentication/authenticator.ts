import type { ClientCertificate } from '../certificates/client-certificate.js';
import { ExpiryNotices } from '../certificates/expiry-notices.js';
import type { ClientRegistry, RegisteredClient } from '../clients/client.js';
import { OAuthError } from '../errors.js';
import { following, rescued, type Soon } from '../soon.js';
import type { GuessLimits } from '../throttling/guess-limits.js';
import type {
  AuthenticationContext,
  ClientAuthenticationStrategy,
  ClientRequest,
  Evidence,
  Mechanism,
  Verification,
} from './strategy.js';

/** A client that has proven who it is. */
export interface ClientAuthentication {
  readonly client: RegisteredClient;
  /** The method that proved it; `none` for a public client. */
  readonly method: string;
  /** The certificate of the connection, whatever the method: tokens may be bound to it (RFC 8705 3). */
  readonly certificate: ClientCertificate | undefined;
  /** The id of the secret that proved it. */
  readonly secretId?: string;
}

export interface AuthenticatorOptions {
  readonly strategies: readonly ClientAuthenticationStrategy[];
  /** Methods accepted here. A strategy that is not listed still recognises its evidence, so that the log can say so. */
  readonly enabledMethods: ReadonlySet<string>;
  readonly clients: ClientRegistry;
  /** Absent: guesses are not counted. */
  readonly limits: GuessLimits | undefined;
  readonly context: AuthenticationContext;
}

interface Finding {
  readonly strategy: ClientAuthenticationStrategy;
  readonly evidence: Evidence;
}

/** A client, and what its strategy told of the proof. */
interface Verified {
  readonly client: RegisteredClient;
  readonly proven: Verification | undefined;
}

/** What one strategy makes of a request: evidence, or that it is malformed. */
interface Answer {
  readonly strategy: ClientAuthenticationStrategy;
  readonly evidence: Evidence | OAuthError;
}

function isFinding(answer: Answer): answer is Finding {
  return !(answer.evidence instanceof OAuthError);
}

const bodyParameters = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'];

/**
 * Decides which one strategy judges a request, and lets no other near it. One mechanism per request (RFC 6749 2.3),
 * one look-up of the client, and the client's registered method alone is accepted (RFC 7591 2).
 */
export class Authenticator {
  /** The names of the methods it understands. */
  readonly methods: readonly string[];
  /** Body parameters of all strategies: none may be sent twice. */
  readonly parameters: readonly string[];
  /** What counts wrong guesses; absent where nobody counts. */
  readonly limits: GuessLimits | undefined;
  readonly #options: AuthenticatorOptions;
  readonly #expiryNotices: ExpiryNotices;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.limits = options.limits;
    this.#expiryNotices = new ExpiryNotices((name, detail) => options.context.warn(name, detail));
    this.methods = options.strategies.map(({ name }) => name);
    this.parameters = [
      ...new Set([...bodyParameters, ...options.strategies.flatMap((strategy) => strategy.parameters ?? [])]),
    ];
  }

  /**
   * The client, at once where nothing has to be waited for. Throws or rejects with OAuthError: `several_methods`,
   * `client_id_conflict`, an `invalid_client` reason, or `client_guesses_exceeded` and `source_guesses_exceeded`.
   * Nothing is used up by a failure.
   */
  authenticate(request: ClientRequest): Soon<ClientAuthentication> {
    request.form.refuseRepeated(this.parameters);
    const findings = this.#extract(request);
    const { clientId } = (findings[0] as Finding).evidence;
    const prove = () =>
      following(this.#options.clients.find(clientId), (found) => this.#prove(found, findings, clientId, request));
    const guess = { kind: 'client', source: request.source, clientId } as const;
    return this.limits ? this.limits.guard(guess, prove) : prove();
  }

  #prove(
    found: RegisteredClient | undefined,
    findings: readonly Finding[],
    clientId: string,
    { certificate }: ClientRequest,
  ): Soon<ClientAuthentication> {
    if (!found) return this.#refuse(findings, new OAuthError('unknown_client', { detail: { client_id: clientId } }));
    const finding = this.#forRegisteredMethod(found, findings);
    if (finding instanceof OAuthError) return this.#refuse(findings, finding);
    const { name } = finding.strategy;
    if (!this.#options.enabledMethods.has(name)) {
      return this.#refuse(
        findings,
        new OAuthError('method_not_enabled', { detail: { client_id: clientId, method: name } }),
      );
    }
    return following(this.#verifyNewest(finding, found), ({ client, proven }) => {
      if (!client.active) throw new OAuthError('client_inactive', { detail: { client_id: clientId, method: name } });
      if (proven) this.#note(proven, client);
      const secretId = proven?.secret?.id;
      return secretId === undefined
        ? { client, method: name, certificate }
        : { client, method: name, certificate, secretId };
    });
  }

  /** A credential that is too new for what we remember of the client gets a second look. */
  #verifyNewest(finding: Finding, found: RegisteredClient): Soon<Verified> {
    return rescued(
      () => this.#verify(finding, found),
      async (thrown) => {
        const client = await this.#options.clients.newer?.(found);
        if (client?.method !== found.method) throw thrown;
        return this.#verify(finding, client);
      },
    );
  }

  #note({ certificate, secret }: Verification, { id }: RegisteredClient): void {
    const now = this.#options.context.now();
    if (certificate) this.#expiryNotices.note(certificate, id, now);
    if (!secret) return;
    this.#expiryNotices.noteSecret(secret, id, now);
    this.#options.clients.noteUse?.(id, secret.id, now);
  }

  /** What the presented mechanism says, by every strategy that understands it. At least one. */
  #extract(request: ClientRequest): readonly Finding[] {
    const answers: Answer[] = [];
    const presented = explicitMechanisms(request);
    for (const strategy of this.#options.strategies) {
      const evidence = strategy.extract(request);
      if (evidence === undefined) continue;
      answers.push({ strategy, evidence });
      if (!isAmbient(strategy.mechanism)) presented.add(strategy.mechanism);
    }
    if (presented.size > 1)
      throw new OAuthError('several_methods', { detail: { presented_mechanisms: [...presented] } });
    const [mechanism] = presented;
    const relevant = answers.filter(({ strategy }) =>
      mechanism === undefined ? isAmbient(strategy.mechanism) : strategy.mechanism === mechanism,
    );
    const findings = relevant.filter(isFinding);
    if (findings.length === 0) throw nothingUsable(request, mechanism, relevant[0]?.evidence);
    refuseOtherClientIds(request, findings);
    return findings;
  }

  #forRegisteredMethod(client: RegisteredClient, findings: readonly Finding[]): Finding | OAuthError {
    const exact = findings.find(({ strategy }) => strategy.name === client.method);
    if (exact) return exact;
    const presented = findings.map(({ strategy }) => strategy.name);
    const detail = { client_id: client.id, registered: client.method, presented };
    const [first] = findings as [Finding, ...Finding[]];
    if (isAmbient(first.strategy.mechanism)) return new OAuthError('no_credentials', { detail });
    const other = findings.find(({ strategy }) => mayStandIn(strategy.name, client));
    if (!other) return new OAuthError('method_not_registered', { detail });
    this.#options.context.warn('basic_or_post_used', detail);
    return other;
  }

  #verify({ strategy, evidence }: Finding, client: RegisteredClient): Soon<Verified> {
    return rescued(
      () => following(strategy.verify(evidence, client, this.#options.context), (proven) => ({ client, proven })),
      (thrown) => {
        if (!(thrown instanceof OAuthError)) throw thrown;
        throw new OAuthError(thrown.reason, {
          description: thrown.description,
          cause: thrown.cause,
          detail: { client_id: client.id, method: strategy.name, ...thrown.detail },
        });
      },
    );
  }

  /** Takes as long as a verification would, then fails. Of strategies that share a mechanism, each knows its own part. */
  async #refuse(findings: readonly Finding[], failure: OAuthError): Promise<never> {
    for (const { strategy, evidence } of findings) await strategy.rehearse?.(evidence, this.#options.context);
    throw failure;
  }
}

/** Mechanisms that are seen even when no strategy here understands them: two of them are two methods all the same. */
function explicitMechanisms({ authorization, form }: ClientRequest): Set<Mechanism> {
  const presented = new Set<Mechanism>();
  if (authorization.length > 0) presented.add('authorization');
  if (form.has('client_secret')) presented.add('client_secret');
  if (form.has('client_assertion') || form.has('client_assertion_type')) presented.add('client_assertion');
  return presented;
}

/** A certificate or a bare client_id comes along with other methods, so it counts only when nothing else was sent. */
function isAmbient(mechanism: Mechanism): boolean {
  return mechanism === 'certificate' || mechanism === 'client_id';
}

function mayStandIn(method: string, { metadata, method: registered }: RegisteredClient): boolean {
  const secretMethods = ['client_secret_basic', 'client_secret_post'];
  return (
    metadata.secret_methods === 'basic-or-post' && secretMethods.includes(method) && secretMethods.includes(registered)
  );
}

function nothingUsable(request: ClientRequest, mechanism: Mechanism | undefined, answer: unknown): OAuthError {
  if (answer instanceof OAuthError) return answer;
  if (mechanism === 'authorization') {
    // Only what looks like a scheme: a header without one may be a credential.
    const scheme = /^([A-Za-z]{1,20}) /.exec(request.authorization[0] ?? '')?.[1];
    return new OAuthError('authorization_scheme_unsupported', { detail: { scheme } });
  }
  if (mechanism !== undefined)
    return new OAuthError('method_not_enabled', { detail: { presented_mechanisms: [mechanism] } });
  const clientId = request.form.get('client_id');
  return new OAuthError('no_credentials', clientId === undefined ? {} : { detail: { client_id: clientId } });
}

/** Every client_id in the request must be the same one (RFC 6749 2.3.1, RFC 7521 4.2). */
function refuseOtherClientIds({ form }: ClientRequest, findings: readonly Finding[]): void {
  const [{ evidence, strategy }] = findings as [Finding, ...Finding[]];
  const other = findings.find((finding) => finding.evidence.clientId !== evidence.clientId);
  if (other) {
    const detail = { [strategy.name]: evidence.clientId, [other.strategy.name]: other.evidence.clientId };
    throw new OAuthError('client_id_conflict', { detail });
  }
  const inBody = form.get('client_id');
  if (inBody !== undefined && inBody !== evidence.clientId) {
    const reason = strategy.mechanism === 'client_assertion' ? 'client_id_mismatch' : 'client_id_conflict';
    throw new OAuthError(reason, { detail: { in_body: inBody, in_credentials: evidence.clientId } });
  }
}
