export type { ClientCertificate } from './lib/certificates/client-certificate.js';
export type { RevocationOptionsInput } from './lib/certificates/revocation/options.js';
export type { PathRevocation, RevocationCheck } from './lib/certificates/revocation/revocation-check.js';
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
export type { CertificateJwk } from './lib/clients/certificate-jwk.js';
export type { RegisteredClient } from './lib/clients/client.js';
export { type CertificateDescription, describeCertificate } from './lib/clients/describe-certificate.js';
export { type ClientMetadata, type ClientMetadataInput, clientMetadataSchema } from './lib/clients/metadata.js';
export type { ClientSource } from './lib/clients/registry.js';
export type { ClientDescription, ClientSummary, SecretStatus } from './lib/clients/stored/client-description.js';
export type { ClientDifference, ClientEntries, MadeDifference } from './lib/clients/stored/client-entries.js';
export type { ClientEntry, MemberDifference } from './lib/clients/stored/client-entry.js';
export type { ClientDirectory, EnteredClient, NewClient } from './lib/clients/stored/directory.js';
export { ClientDirectoryError, type ClientDirectoryProblem } from './lib/clients/stored/directory-error.js';
export type { KnownKey } from './lib/clients/stored/key-administration.js';
export type { IssuedSecret, RotatedSecret, SecretRotation } from './lib/clients/stored/secret-administration.js';
export type { GeneratedCode } from './lib/codes/one-time-codes.js';
export {
  type OtpSettings,
  type OtpSettingsInput,
  type OtpType,
  otpSetting,
  otpSettingsSchema,
} from './lib/codes/otp-settings.js';
export { authorizationServerMetadata } from './lib/endpoints/metadata.js';
export { type FailureDetail, type FailureReason, OAuthError, type OAuthErrorCode } from './lib/errors.js';
export { eventLine } from './lib/event-line.js';
export type { AuthorizationServerEvent, EventListener, OutcomeEvent, WarningEvent, WarningName } from './lib/events.js';
export type { FailureAdvice } from './lib/explanations/failure-advice.js';
export {
  type FailureExplanation,
  FailureExplanations,
  type FailureExplanationsOptions,
} from './lib/explanations/failure-explanations.js';
export { authorizationCode } from './lib/grants/authorization-code.js';
export { clientCredentials } from './lib/grants/client-credentials.js';
export type { Grant, TokenRequest } from './lib/grants/grant.js';
export { passwordless } from './lib/grants/password.js';
export { refreshToken } from './lib/grants/refresh-token.js';
export { tlsClientAuthGrant } from './lib/grants/tls-client-auth.js';
export type { Form } from './lib/http/form.js';
export { normalizeAddress } from './lib/identity/addresses.js';
export type { CodeDelivery, DeliverCode } from './lib/identity/deliver-code.js';
export type { IdentityPool } from './lib/identity/pool.js';
export { userList, userSchema } from './lib/identity/user-list.js';
export type { SignedInUser, User, UserDirectory, UserKey } from './lib/identity/users.js';
export { OptionsError, parseOptions } from './lib/options.js';
export { type GrantRouter, grantRouter } from './lib/router.js';
export type { GrantRouterOptions } from './lib/router-options.js';
export { trustedProxySchema } from './lib/server-resources.js';
export { storeConformance } from './lib/stores/conformance.js';
export { copyStore, type StoreCopy } from './lib/stores/copy.js';
export { migrateStore, type StoreMigration } from './lib/stores/migrate.js';
export { openStore } from './lib/stores/open.js';
export { type StoreShare, storeStats } from './lib/stores/stats.js';
export type { Claim, Store, StoreEntry } from './lib/stores/store.js';
export { type RevocationScope, revokeByClient, revokeBySubject } from './lib/tokens/bulk-revocation.js';
export type { Confirmation } from './lib/tokens/confirmation.js';
export { inspectToken, type TokenInspection } from './lib/tokens/inspect-token.js';
export {
  type KeyScope,
  listSigningKeys,
  rotateSigningKeys,
  type WorkspaceSigningKey,
} from './lib/tokens/key-rotation.js';
export type { RotationOrder, SigningKeyStatus } from './lib/tokens/key-upkeep.js';
export { protectResource } from './lib/tokens/protect-resource.js';
export type { ProtectResourceOptions } from './lib/tokens/resource/options.js';
export {
  type ProtectedResourceMetadataOptions,
  protectedResourceMetadata,
} from './lib/tokens/resource/resource-metadata.js';
export { accessOf, type VerifiedAccess, type VerifiedClaims } from './lib/tokens/resource/verified-access.js';
export type { AddedClaims, TokenClaims, TokenClaimsAnswer, TokenClaimsRequest } from './lib/tokens/token-claims.js';
export type { IssuedTokens, TokenOrder, TokenResponse } from './lib/tokens/token-issuer.js';
export type { TraceMessage } from './lib/tracing/channels.js';
export { traceWithOpenTelemetry } from './lib/tracing/open-telemetry.js';
export type { WorkspaceSource } from './lib/workspaces/found-workspaces.js';
export type { WorkspaceOptions } from './lib/workspaces/options.js';
export { type WorkspacePolicy, type WorkspacePolicyInput, workspacePolicySchema } from './lib/workspaces/policy.js';
export { profileDefaults } from './lib/workspaces/profiles.js';
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
