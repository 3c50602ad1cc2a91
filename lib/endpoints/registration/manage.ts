import type { ClientMetadataInput } from '../../clients/metadata.js';
import { ClientDirectoryError } from '../../clients/stored/directory-error.js';
import type { ClientRecord } from '../../clients/stored/records.js';
import { OAuthError } from '../../errors.js';
import { readJsonObject } from '../../http/json-body.js';
import { sendEmpty, sendJson } from '../../http/reply.js';
import { requestPath } from '../../http/request-path.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { countingGuesses } from '../counting-guesses.js';
import type { Endpoint, Exchange } from '../exchange.js';
import { clientInformation } from './client-information.js';
import { metadataError, withMetadataErrors } from './metadata-error.js';
import { refuseRegistration } from './register.js';
import { givenByServer, operatorsMembers } from './registrable-members.js';
import {
  managedClient,
  newRegistrationToken,
  opens,
  type RegistrationToken,
  replacedToken,
} from './registration-token.js';
import { requestedMetadata } from './requested-metadata.js';

type Operation = (
  exchange: Exchange,
  managed: { readonly record: ClientRecord; readonly token: RegistrationToken },
) => Promise<void>;

/** The client configuration endpoint (RFC 7592 2). It answers to a client's registration access token alone. */
export const managementEndpoint: Endpoint = {
  event: 'registration_management',
  methods: ['GET', 'PUT', 'DELETE'],
  crossOrigin: true,
  async handle(exchange) {
    const { request, workspace, facts } = exchange;
    const clientId = clientIdIn(requestPath(request));
    const guess = { kind: 'client', clientId } as const;
    const managed = await countingGuesses(exchange, guess, () => managedClient(request, clientId, workspace));
    facts.client_id = clientId;
    await operations.get(request.method ?? '')?.(exchange, managed);
    return undefined;
  },
  refuse: refuseRegistration,
};

/** The path of a client's configuration endpoint with the name of the id in place of the id; any other as it is. */
export function managementPath(path: string): string {
  return path.replace(/\/oauth2\/register\/[\w-]{1,255}$/, '/oauth2/register/{client_id}');
}

/** Ids of clients that registered themselves need no decoding. */
function clientIdIn(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

const read: Operation = async ({ response, workspace }, { record, token }) => {
  const described = await workspace.directory.describe(record.client_id);
  const keys = described?.keys ?? [];
  const metadata = { ...record.metadata, ...(keys.length > 0 && { jwks: { keys: keys.map(({ jwk }) => jwk) } }) };
  sendJson(response, 200, information(workspace, record, { metadata, token: token.value }));
};

/** RFC 7592 2.2: what is left out is deleted. A new token comes with the reply; the former one works for some minutes. */
const update: Operation = async ({ request, response, workspace }, { record, token }) => {
  const clientId = record.client_id;
  const sent = Object.fromEntries(await readJsonObject(request));
  await refuseGiven(sent, clientId, workspace);
  const present = record.metadata as Pick<ClientMetadataInput, 'scope' | 'grant_types'>;
  const metadata = await requestedMetadata(sent, workspace, present);
  const fresh = newRegistrationToken();
  const settle = (now: ClientRecord) => {
    // Of two updates at once, the second may come with a token that the first has replaced.
    if (!opens(token, now, workspace.now())) throw new OAuthError('registration_token_unknown');
    return { ...now, management: replacedToken(token, fresh, workspace.now()) };
  };
  const replaced = await withMetadataErrors(() =>
    workspace.directory.replace(clientId, (now) => ({ ...metadata, ...operatorsMembers(now.metadata) }), settle),
  );
  const { parsed, secret } = replaced;
  sendJson(response, 200, information(workspace, record, { metadata: { ...parsed }, secret, token: fresh.value }));
};

/** RFC 7592 2.3. */
const remove: Operation = async ({ response, workspace }, { record }) => {
  try {
    await workspace.directory.remove(record.client_id);
  } catch (thrown) {
    // Somebody else was faster: what the client wants is so.
    if (!(thrown instanceof ClientDirectoryError && thrown.code === 'unknown_client')) throw thrown;
  }
  sendEmpty(response, 204);
};

const operations: ReadonlyMap<string, Operation> = new Map([
  ['GET', read],
  ['PUT', update],
  ['DELETE', remove],
]);

function information(
  workspace: Workspace,
  { client_id: clientId, created }: ClientRecord,
  facts: Pick<Parameters<typeof clientInformation>[1], 'metadata' | 'token'> &
    Partial<Pick<Parameters<typeof clientInformation>[1], 'secret'>>,
): Record<string, unknown> {
  return clientInformation(workspace, { clientId, created, secret: undefined, ...facts });
}

/** RFC 7592 2.2: the client names itself, changes nothing that we gave it, and cannot choose a secret. */
async function refuseGiven(
  sent: Readonly<Record<string, unknown>>,
  clientId: string,
  { clients, now }: Workspace,
): Promise<void> {
  const mistakes: { path: string; message: string }[] = givenByServer
    .filter((member) => Object.hasOwn(sent, member))
    .map((path) => ({ path, message: 'must not be sent (RFC 7592 2.2)' }));
  if (sent.client_id !== clientId) {
    mistakes.push({ path: 'client_id', message: 'must be sent, and be that of this client (RFC 7592 2.2)' });
  }
  const { client_secret: secret } = sent;
  if (secret !== undefined && secret !== null) {
    const client = await clients.find(clientId);
    const same = typeof secret === 'string' && client?.secrets.check(secret, now()) === 'match';
    if (!same)
      mistakes.push({ path: 'client_secret', message: 'must be left out, or be the present one (RFC 7592 2.2)' });
  }
  if (mistakes.length > 0) throw metadataError(mistakes);
}
