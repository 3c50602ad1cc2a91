import { z } from 'zod';
import { type TrustedProxies, type TrustedProxy, trustedProxies } from './certificates/certificate-source.js';
import { RemoteKeySets } from './clients/remote-key-sets.js';
import type { EventListener } from './events.js';
import { type Explain, explainer } from './explanations/explained-error.js';
import { documentFetcher, type FetchDocument, outboundSchema } from './http/outbound.js';
import { OptionsError } from './options.js';
import { SecretKeys } from './secret-keys.js';
import { ChangeNotices } from './stores/change-notices.js';
import { failingClosed } from './stores/failing-closed.js';
import { memoryStore } from './stores/memory.js';
import type { Store } from './stores/store.js';
import { outcomesAreHeard, publishEvent } from './tracing/channels.js';

/** A proxy that ends TLS, and how it hands the client's certificate on. */
export const trustedProxySchema = z.strictObject({
  cidr: z
    .string()
    .min(1)
    .describe('Address or network of the proxy, such as `10.0.0.0/8`, compared with the peer of the connection.'),
  client_certificate: z
    .enum(['nginx', 'rfc9440', 'envoy-xfcc', 'haproxy', 'apache', 'traefik', 'alb'])
    .describe("How the proxy hands the client's certificate on. See docs/behind-a-proxy.md."),
  header: z.string().min(1).optional().describe("The header with the certificate. Absent: the preset's usual name."),
  verify_header: z
    .string()
    .min(1)
    .optional()
    .describe("The header with the proxy's own verdict. Absent: the preset's usual name."),
});

/** What one process shares between all its issuers. */
export const serverOptionsSchema = z.object({
  store: z
    .custom<Store>(
      (value) => typeof (value as Store | undefined)?.claim === 'function',
      "is not a store; openStore answers one: store: await openStore('lmdb:./data')",
    )
    .optional()
    .describe(
      'What `openStore(url)` answered: where single-use things are remembered. Absent: the memory of this process, refused in production. See docs/stores.md.',
    ),
  secret_keys: z
    .array(z.string())
    .min(1)
    .optional()
    .describe(
      'Base64 of 32 random bytes each, newest first. Absent: new ones per process. A router needs them with every store that outlives the process. See docs/keys.md#replacing-secret_keys.',
    ),
  trusted_proxies: z
    .array(trustedProxySchema)
    .default([])
    .describe('The only peers whose certificate headers count. See docs/behind-a-proxy.md.'),
  outbound: outboundSchema.prefault({}).describe('What requests of ours may reach: for `jwks_uri`, OCSP and CRL.'),
  explain_in_reply: z
    .boolean()
    .default(false)
    .refine(
      (isOn) => !isOn || process.env.NODE_ENV !== 'production',
      'is for development: it tells every caller which check failed, so it is refused with NODE_ENV=production',
    )
    .describe(
      'Whether the JSON reply to a failed request says why, as `explanation`. For development: it helps attackers as it helps you. See docs/observability.md#in-the-reply-itself.',
    ),
  onEvent: z
    .custom<EventListener>((value) => typeof value === 'function', 'is not a function')
    .optional()
    .describe(
      'Hears every outcome and warning. `eventLine(event)` makes one JSON line of it. See docs/observability.md.',
    ),
  now: z
    .custom<() => number>((value) => typeof value === 'function', 'is not a function')
    .optional()
    .describe('Milliseconds since 1970. For tests that move the clock.'),
});

export type ServerOptions = z.input<typeof serverOptionsSchema>;

/** The same, ready for use. */
export interface ServerResources {
  /** Its failures are OAuthError `store_unavailable` already. */
  readonly store: Store;
  /** What other processes that share the store have changed. */
  readonly notices: ChangeNotices;
  readonly secretKeys: SecretKeys;
  readonly proxies: TrustedProxies;
  readonly keySets: RemoteKeySets;
  /** What reaches other hosts goes through its guard. */
  readonly fetchDocument: FetchDocument;
  readonly onEvent: EventListener;
  /** Whether anybody hears of outcomes. */
  hearsOutcomes(): boolean;
  /** Absent: replies do not say why. */
  readonly explain: Explain | undefined;
  now(): number;
}

/**
 * `encryptsInStore`: something written must still open after a restart. `remembers`: something is single-use, so
 * that the memory of one process must not be chosen by accident. Throws OptionsError.
 */
export function serverResources(
  options: z.output<typeof serverOptionsSchema>,
  { encryptsInStore, remembers }: { readonly encryptsInStore: boolean; readonly remembers: boolean },
): ServerResources {
  const store = failingClosed(options.store ?? ownMemory(remembers, encryptsInStore));
  const now = options.now ?? Date.now;
  const onEvent = quiet(options.onEvent);
  const fetchDocument = documentFetcher(options.outbound);
  return {
    store,
    notices: new ChangeNotices(store),
    secretKeys: secretKeysFor(options.secret_keys, encryptsInStore && !store.volatile),
    proxies: compileProxies(options.trusted_proxies),
    keySets: new RemoteKeySets({
      fetchDocument,
      warn: (name, detail) => onEvent({ event: 'warning', name, detail }),
      now,
    }),
    fetchDocument,
    onEvent,
    hearsOutcomes: options.onEvent ? () => true : outcomesAreHeard,
    explain: options.explain_in_reply ? explainer(now) : undefined,
    now,
  };
}

function ownMemory(remembers: boolean, encryptsInStore: boolean): Store {
  if (remembers && process.env.NODE_ENV === 'production') {
    const message =
      "is needed in production: store: await openStore('lmdb:./data'), or, for a single process that may forget, await openStore('memory:?acknowledge=single-process')";
    throw new OptionsError([{ path: 'store', message }]);
  }
  return encryptsInStore ? memoryStore({ acknowledgeSingleProcess: true }) : processMemory();
}

let shared: Store | undefined;

// Routes that are guarded one by one must not each take the same assertion once.
function processMemory(): Store {
  shared ??= memoryStore({ acknowledgeSingleProcess: true });
  return shared;
}

function secretKeysFor(encoded: readonly string[] | undefined, mustLast: boolean): SecretKeys {
  if (encoded) return new SecretKeys(encoded);
  if (!mustLast) return SecretKeys.ephemeral();
  throw new OptionsError([
    {
      path: 'secret_keys',
      message: 'is needed with a store that outlives the process: base64 of 32 random bytes (openssl rand -base64 32)',
    },
  ]);
}

function compileProxies(list: readonly TrustedProxy[]): TrustedProxies {
  try {
    return trustedProxies(list);
  } catch (thrown) {
    throw new OptionsError([{ path: '', message: thrown instanceof Error ? thrown.message : String(thrown) }]);
  }
}

/** A log must not decide a request. */
function quiet(listener: EventListener | undefined): EventListener {
  if (!listener) return publishEvent;
  return (event) => {
    publishEvent(event);
    try {
      const answer: unknown = listener(event);
      // An async listener is a function that answers nothing, to the type; its rejection would end the process.
      if (answer instanceof Promise) answer.catch(() => undefined);
    } catch {
      // The listener's own mistake. It has no caller who could mend it here.
    }
  };
}
