import { createHash } from 'node:crypto';
import { revoke } from '../tokens/revocation.js';
import type { WorkspaceServices } from '../workspaces/services.js';

/** What a person has allowed a client. */
export interface Consent {
  /** Names it in all that came from it: grant ids are `<consent id>.<random>`. */
  readonly id: string;
  readonly clientId: string;
  /** The scopes allowed at each resource. */
  readonly allowed: Readonly<Record<string, readonly string[]>>;
  /** Seconds since 1970 of the first time. */
  readonly since: number;
}

/** A decision of a person: of what was asked, what they allow. */
export interface ConsentDecision {
  readonly clientId: string;
  readonly asked: readonly string[];
  readonly granted: readonly string[];
  /** At least one. */
  readonly resources: readonly string[];
}

/** Seconds, ten years: longer than `token_ttls` lets any token live. */
const memoryOfWithdrawal = 315_569_520;

type ConsentWorkspace = Pick<WorkspaceServices, 'issuer' | 'store' | 'now' | 'warn'>;

/** What stands between this person and this client, or undefined. */
export async function consentTo(
  workspace: ConsentWorkspace,
  userId: string,
  clientId: string,
): Promise<Consent | undefined> {
  const [stored, id] = await Promise.all([
    workspace.store.get(recordKey(userId, clientId)),
    consentId(workspace, userId, clientId),
  ]);
  if (stored === undefined) return undefined;
  const consent = JSON.parse(stored) as Consent;
  // One of before a withdrawal, written again by a decision that was under way.
  return consent.id === id ? consent : undefined;
}

/** Whether these scopes are allowed already, all of them at each resource (RFC 8252 8.6, standards row CON-04). */
export function covers(
  { allowed }: Consent,
  { scopes, resources }: { readonly scopes: readonly string[]; readonly resources: readonly string[] },
): boolean {
  return resources.every((resource) => {
    const there = Object.hasOwn(allowed, resource) ? allowed[resource] : undefined;
    return there !== undefined && scopes.every((scope) => there.includes(scope));
  });
}

/**
 * Remembers a decision, and answers the consent's id. What was not asked this time stays as it was; what was asked and
 * not granted is allowed no longer at these resources.
 */
export async function rememberConsent(
  workspace: ConsentWorkspace,
  userId: string,
  { clientId, asked, granted, resources }: ConsentDecision,
): Promise<string> {
  const former = await consentTo(workspace, userId, clientId);
  const id = former?.id ?? (await consentId(workspace, userId, clientId));
  const allowed = new Map(Object.entries(former?.allowed ?? {}));
  for (const resource of resources) {
    const kept = allowed.get(resource)?.filter((scope) => !asked.includes(scope)) ?? [];
    allowed.set(resource, [...kept, ...granted]);
  }
  const consent: Consent = {
    id,
    clientId,
    allowed: Object.fromEntries(allowed),
    since: former?.since ?? Math.floor(workspace.now() / 1000),
  };
  await enterInIndex(workspace, userId, clientId);
  await workspace.store.set(recordKey(userId, clientId), JSON.stringify(consent), Infinity);
  return id;
}

/** Everything this person has allowed, the oldest first. */
export async function consentsOf(workspace: ConsentWorkspace, userId: string): Promise<Consent[]> {
  const clientIds: string[] = [];
  for (let slot = 1; ; slot += 1) {
    const clientId = await workspace.store.get(indexKey(userId, slot));
    if (clientId === undefined) break;
    clientIds.push(clientId);
  }
  const consents = await Promise.all(clientIds.map((clientId) => consentTo(workspace, userId, clientId)));
  return consents.filter((consent) => consent !== undefined).sort((one, other) => one.since - other.since);
}

/**
 * Takes a consent back: all that came from it is refused from now on (RFC 6749 10.4), and the client has to ask again.
 * False when there was none.
 */
export async function withdrawConsent(workspace: ConsentWorkspace, userId: string, clientId: string): Promise<boolean> {
  const consent = await consentTo(workspace, userId, clientId);
  if (!consent) return false;
  // First: whatever is cut off after this line, the tokens are dead.
  await revoke(workspace, consent.id, memoryOfWithdrawal);
  await workspace.store.increment(generationKey(userId, clientId), Infinity);
  await workspace.store.delete(recordKey(userId, clientId));
  return true;
}

/**
 * The id follows from person, client and the number of withdrawals so far. So two decisions at the same moment have
 * one and the same id, and a withdrawal reaches what came from either.
 */
export async function consentId(
  { issuer, store }: ConsentWorkspace,
  userId: string,
  clientId: string,
): Promise<string> {
  const generation = (await store.get(generationKey(userId, clientId))) ?? '0';
  const named = JSON.stringify([issuer, userId, clientId, generation]);
  return createHash('sha256').update(named).digest('base64url').slice(0, 22);
}

/** The id of the consent that a grant stands on; undefined for one that needed none. */
export function consentIdOf(grantId: string): string | undefined {
  const dot = grantId.indexOf('.');
  return dot === -1 ? undefined : grantId.slice(0, dot);
}

/** The store has no lists: the clients of a person stand in numbered places, each taken once and kept. */
async function enterInIndex({ store }: ConsentWorkspace, userId: string, clientId: string): Promise<void> {
  for (let slot = 1; ; slot += 1) {
    const claim = await store.claim(indexKey(userId, slot), clientId, Infinity);
    if (claim.first || claim.value === clientId) return;
  }
}

function recordKey(userId: string, clientId: string): string {
  return `consent-scopes/${encodeURIComponent(userId)}/${encodeURIComponent(clientId)}`;
}

function generationKey(userId: string, clientId: string): string {
  return `consent-withdrawals/${encodeURIComponent(userId)}/${encodeURIComponent(clientId)}`;
}

function indexKey(userId: string, slot: number): string {
  return `consent-index/${encodeURIComponent(userId)}/${slot}`;
}
