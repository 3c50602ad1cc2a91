import type { FailureReason } from '../errors.js';
import { authorizationEndpoint } from './advice/authorization-endpoint.js';
import { clientAuthentication } from './advice/client-authentication.js';
import { dpopProofs } from './advice/dpop-proofs.js';
import { identityApi } from './advice/identity-api.js';
import { oursToMend } from './advice/ours-to-mend.js';
import { protectedResources } from './advice/protected-resources.js';
import { registration } from './advice/registration.js';
import { request } from './advice/request.js';
import { tokenEndpoint } from './advice/token-endpoint.js';
import type { FailureAdvice } from './failure-advice.js';

/** The words of docs/failure-reasons.md, section by section; a spec holds page and code together. */
export const failureAdvice: Readonly<Record<FailureReason, FailureAdvice>> = {
  ...clientAuthentication,
  ...request,
  ...tokenEndpoint,
  ...dpopProofs,
  ...authorizationEndpoint,
  ...identityApi,
  ...registration,
  ...protectedResources,
  ...oursToMend,
};
