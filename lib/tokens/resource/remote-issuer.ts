import { RemoteKeySets } from '../../clients/remote-key-sets.js';
import { OAuthError } from '../../errors.js';
import type { WarningName } from '../../events.js';
import { longestJwt } from '../../http/limits.js';
import type { ServerResources } from '../../server-resources.js';
import { IntrospectedTokens } from './introspected-token.js';
import { type IntrospectionOptions, introspectionClient } from './introspection-client.js';
import { RemoteMetadata } from './issuer-metadata.js';
import { verifyJwt } from './json-web-token.js';
import type { TokenHome, TokenSource } from './token-source.js';

/** An authorization server in another process, and how to ask it. */
export interface RemoteIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Seconds. */
  readonly clock_tolerance: number;
  /** Absent: opaque tokens are refused. */
  readonly introspection?: IntrospectionOptions | undefined;
}

/** Seconds in which keys that are not there, or cannot be had, are not fetched again. */
const cooldown = 10;

/** JWT by the keys that the issuer's metadata lead to; everything else by introspection, where that is configured. */
export function remoteIssuer(options: RemoteIssuer, resources: ServerResources): TokenSource {
  const { issuer, audience, clock_tolerance: clockTolerance, introspection } = options;
  const home = remoteHome(issuer, resources);
  const { fetchDocument, now } = resources;
  const metadata = new RemoteMetadata(home, fetchDocument);
  const keySets = new RemoteKeySets({ fetchDocument, warn: home.warn, now }, { cooldown });
  const jwtRules = { home, audience, clockTolerance, metadata, keySets };
  const opaque =
    introspection &&
    new IntrospectedTokens({
      home,
      audience,
      clockTolerance,
      cacheTtl: introspection.cache_ttl,
      introspect: introspectionClient(introspection, { home, metadata, fetchDocument }),
    });
  return {
    home,
    homeOf: () => home,
    async accept(token) {
      if (token.length > longestJwt) throw new OAuthError('token_malformed', { detail: { length: token.length } });
      if (isJwt(token)) return { claims: await verifyJwt(token, jwtRules), home };
      if (opaque) return { claims: await opaque.verify(token), home };
      throw new OAuthError('token_opaque', { detail: { fix: 'Opaque tokens need the option introspection.' } });
    },
  };
}

/** RFC 7515 3.1: three parts. Others may have dots too. */
function isJwt(token: string): boolean {
  return token.split('.', 4).length === 3;
}

function remoteHome(issuer: string, { proxies, store, secretKeys, now, onEvent, explain }: ServerResources): TokenHome {
  return {
    issuer,
    proxies,
    store,
    secretKeys,
    now,
    emit: (event) => onEvent({ ...event(), issuer }),
    explain: explain && ((failure, event) => explain(failure, { ...event, issuer })),
    warn: (name: WarningName, detail) => onEvent({ event: 'warning', name, detail, issuer }),
  };
}
