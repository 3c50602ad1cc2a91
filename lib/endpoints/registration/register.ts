import type { OAuthError } from '../../errors.js';
import { readJsonObject } from '../../http/json-body.js';
import { sendError, sendJson } from '../../http/reply.js';
import { refuseBearer } from '../../tokens/bearer-challenge.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { countingGuesses } from '../counting-guesses.js';
import type { Endpoint, Exchange } from '../exchange.js';
import { clientInformation } from './client-information.js';
import { initialAccess } from './initial-access.js';
import { withMetadataErrors } from './metadata-error.js';
import { newRegistrationToken } from './registration-token.js';
import { requestedMetadata } from './requested-metadata.js';

/** Clients register themselves (RFC 7591 3). A token is used up by a client that is registered, not by a mistake. */
export const registrationEndpoint: Endpoint = {
  event: 'registration',
  methods: ['POST'],
  crossOrigin: true,
  async handle(exchange) {
    const { request, response, workspace, facts } = exchange;
    const access = await countingGuesses(exchange, { kind: 'registration' }, () => initialAccess(request, workspace));
    const sent = Object.fromEntries(await readJsonObject(request));
    const metadata = await requestedMetadata(sent, workspace);
    await withMetadataErrors(async () => workspace.directory.check(metadata));
    await access.spend();
    const token = newRegistrationToken();
    const management = { current: token.digest };
    const { parsed, created, secret } = await workspace.directory.add(metadata, { origin: 'registered', management });
    facts.client_id = parsed.client_id;
    const told = { clientId: parsed.client_id, metadata: { ...parsed }, created, secret, token: token.value };
    sendJson(response, 201, clientInformation(workspace, told));
    return undefined;
  },
  refuse: refuseRegistration,
};

/** Whether clients may register themselves here. */
export function servesRegistration({ policy }: Workspace): boolean {
  return policy.registration.enabled;
}

/** With a Bearer challenge where the token is at fault; RFC 7591 3.2.2 for the rest. */
export function refuseRegistration({ response, workspace }: Exchange, failure: OAuthError): void {
  if (failure.status !== 401) sendError(response, failure);
  else refuseBearer(response, failure, { realm: workspace.issuer, scope: '', algorithms: [] });
}
