export type { ClientCertificate } from './lib/certificates/client-certificate.js';
export { type AuthenticateClientOptions, authenticateClient } from './lib/client-authentication/middleware.js';
export { PassportClientStrategy } from './lib/client-authentication/passport-strategy.js';
export type { AuthenticationOptions, ProvenClient } from './lib/client-authentication/service.js';
export type {
  AuthenticationContext,
  ClientAuthenticationStrategy,
  ClientRequest,
  Evidence,
  Mechanism,
  Verification,
} from './lib/client-authentication/strategy.js';
export type { RegisteredClient } from './lib/clients/client.js';
export { type ClientMetadata, type ClientMetadataInput, clientMetadataSchema } from './lib/clients/metadata.js';
export type { ClientSource } from './lib/clients/registry.js';
export type { GeneratedCode } from './lib/codes/one-time-codes.js';
export { type OtpSettings, type OtpSettingsInput, type OtpType, otpSettingsSchema } from './lib/codes/otp-settings.js';
export { type FailureDetail, type FailureReason, OAuthError, type OAuthErrorCode } from './lib/errors.js';
export { eventLine } from './lib/event-line.js';
export type { AuthorizationServerEvent, EventListener, OutcomeEvent, WarningEvent, WarningName } from './lib/events.js';
export { authorizationCode } from './lib/grants/authorization-code.js';
export { clientCredentials } from './lib/grants/client-credentials.js';
export type { Grant, TokenRequest } from './lib/grants/grant.js';
export { passwordless } from './lib/grants/password.js';
export { refreshToken } from './lib/grants/refresh-token.js';
export type { Form } from './lib/http/form.js';
export { normalizeAddress } from './lib/identity/addresses.js';
export type { CodeDelivery, DeliverCode } from './lib/identity/deliver-code.js';
export type { IdentityPool } from './lib/identity/pool.js';
export { userList, userSchema } from './lib/identity/user-list.js';
export type { SignedInUser, User, UserDirectory, UserKey } from './lib/identity/users.js';
export { OptionsError, parseOptions } from './lib/options.js';
export { type GrantRouter, grantRouter } from './lib/router.js';
export type { GrantRouterOptions } from './lib/router-options.js';
export { storeConformance } from './lib/stores/conformance.js';
export { openStore } from './lib/stores/open.js';
export type { Claim, Store } from './lib/stores/store.js';
export { type RevocationScope, revokeByClient, revokeBySubject } from './lib/tokens/bulk-revocation.js';
export { type ProtectResourceOptions, protectResource, type VerifiedAccess } from './lib/tokens/protect-resource.js';
export type { IssuedTokens, TokenOrder, TokenResponse } from './lib/tokens/token-issuer.js';
export type { WorkspaceOptions } from './lib/workspaces/options.js';
export { type WorkspacePolicy, type WorkspacePolicyInput, workspacePolicySchema } from './lib/workspaces/policy.js';
export type { WorkspaceServices } from './lib/workspaces/services.js';
export type {
  AskConsent,
  AuthenticateUser,
  ConsentAnswer,
  ConsentQuestion,
  Interaction,
  Workspace,
} from './lib/workspaces/workspace.js';
export * from './strategies/index.js';
