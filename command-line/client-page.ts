import type { ClientDescription, ClientSummary, SecretStatus } from '../index.js';
import { columns, time } from './table.js';

/** Clients for people. */
export function clientsTable(clients: readonly ClientSummary[]): string[] {
  return columns([
    ['CLIENT', 'NAME', 'METHOD', 'STATUS', 'FROM', 'CREATED'],
    ...clients.map(({ client_id, client_name = '-', token_endpoint_auth_method, status, origin, created }) => [
      client_id,
      client_name,
      token_endpoint_auth_method,
      status,
      origin,
      time(created),
    ]),
  ]);
}

/** One client for people. */
export function clientPage({ origin, created, metadata, secrets, keys }: ClientDescription): string[] {
  const told = Object.entries(metadata).filter(([, value]) => value !== undefined && value !== false);
  return [
    ...columns([
      ['from', origin],
      ...(created === undefined ? [] : [['created', time(created)]]),
      ...told.map(([member, value]) => [member, typeof value === 'string' ? value : JSON.stringify(value)]),
    ]),
    ...(secrets.length > 0 ? ['', ...secretsTable(secrets)] : []),
    ...(keys.length > 0 ? ['', ...keysOfClient(keys)] : []),
  ];
}

function secretsTable(secrets: readonly SecretStatus[]): string[] {
  return columns([
    ['SECRET', 'CREATED', 'EXPIRES', 'LAST USED', 'SECRET KEY'],
    ...secrets.map(({ id, created, expires_at, last_used, secret_key = '-' }) => [
      id,
      time(created),
      time(expires_at),
      time(last_used),
      secret_key,
    ]),
  ]);
}

function keysOfClient(keys: ClientDescription['keys']): string[] {
  return columns([
    ['KEY', 'CREATED', 'KTY', 'KID'],
    ...keys.map(({ id, created, jwk }) => {
      const { kty, kid } = jwk as { readonly kty?: unknown; readonly kid?: unknown };
      return [id, time(created), String(kty), String(kid ?? '-')];
    }),
  ]);
}
