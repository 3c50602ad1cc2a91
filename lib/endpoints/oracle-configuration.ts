import type { Workspace } from '../workspaces/workspace.js';
import { authorizationServerMetadata } from './metadata.js';
import { publishedDocument } from './public-document.js';

/**
 * Oracle's own discovery document, as far as clients of identity domains look into it: the metadata of OpenID Connect
 * in a group, and `secure_token_endpoint`, where clients with certificates ask for tokens.
 */
export const oracleConfigurationEndpoint = publishedDocument('metadata', (workspace) => {
  const { urls, mtlsUrls = urls } = workspace;
  return {
    'openid-configuration': {
      ...authorizationServerMetadata(workspace),
      token_endpoint: oraclePath(urls.token),
      secure_token_endpoint: oraclePath(mtlsUrls.token),
    },
  };
});

function oraclePath(tokenUrl: string): string {
  return tokenUrl.replace(/\/token$/, '/v1/token');
}

/** Whether a workspace has Oracle's paths beside its own. */
export function servesOracle({ policy }: Workspace): boolean {
  return policy.oracle_endpoints;
}
