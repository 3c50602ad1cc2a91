import type { IncomingMessage } from 'node:http';
import { BasicStrategy } from 'passport-http';
import { type BasicCredentials, parseBasicCredentials } from '../lib/client-authentication/basic-credentials.js';
import { checkSecret, rehearseSecret } from '../lib/client-authentication/client-secret.js';
import { answerPassport, type PassportVerdict } from '../lib/client-authentication/passport-strategy.js';
import { type AuthenticationOptions, ClientAuthenticationService } from '../lib/client-authentication/service.js';
import type {
  AuthenticationContext,
  ClientAuthenticationStrategy,
  Verification,
} from '../lib/client-authentication/strategy.js';
import type { RegisteredClient } from '../lib/clients/client.js';
import { OAuthError } from '../lib/errors.js';

/**
 * `Authorization: Basic`, with id and secret form-encoded before the base64 (RFC 6749 2.3.1, RFC 7617 2).
 * A client with `raw_basic_fallback` may also leave out the form-encoding, as `curl -u` does.
 */
export function clientSecretBasic(): ClientAuthenticationStrategy<BasicCredentials> {
  return {
    name: 'client_secret_basic',
    mechanism: 'authorization',
    extract: ({ authorization }) => parseBasicCredentials(authorization),
    verify(evidence, client, context) {
      const { secret, rawSecret } = evidence;
      if (client.metadata.raw_basic_fallback !== true || rawSecret === secret) {
        return checkDecoded(evidence, client, context);
      }
      const decoded = secret === undefined ? undefined : client.secrets.match(secret, context.now()).secret;
      if (decoded) return { secret: decoded };
      const verification = checkSecret(rawSecret, client, context);
      context.warn('raw_basic_fallback_used', { client_id: client.id });
      return verification;
    },
    rehearse,
  };
}

function checkDecoded(
  evidence: BasicCredentials,
  client: RegisteredClient,
  context: AuthenticationContext,
): Verification {
  if (evidence.secret !== undefined) return checkSecret(evidence.secret, client, context);
  rehearse(evidence);
  throw new OAuthError('authorization_header_malformed', {
    detail: { what: 'the secret is not form-encoded (RFC 6749 2.3.1)', fix: 'encode it, or set raw_basic_fallback' },
  });
}

function rehearse({ clientId, secret, rawSecret }: BasicCredentials): void {
  rehearseSecret({ clientId, secret: secret ?? rawSecret });
}

/** {@link clientSecretBasic} for bare Passport; realm and challenge are passport-http's, the parsing is not. */
export class ClientSecretBasicStrategy extends BasicStrategy {
  override readonly name = 'client_secret_basic';
  protected readonly service: ClientAuthenticationService;

  /** Throws OptionsError for wrong options. */
  constructor(options: AuthenticationOptions) {
    super({ realm: options.issuer }, refuse);
    this.service = new ClientAuthenticationService([clientSecretBasic()], options);
  }

  override authenticate(request: IncomingMessage): void {
    void answerPassport(this as unknown as PassportVerdict, this.service, request);
  }
}

// passport-http splits at every colon and never form-decodes, so its own authenticate and this callback stay unused.
function refuse(_id: string, _secret: string, done: (error: unknown) => void): void {
  done(new OAuthError('secret_mismatch'));
}
