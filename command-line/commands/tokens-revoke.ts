import { revokeByClient, revokeBySubject } from '../../index.js';
import { type Command, UsageError } from '../command.js';
import { chosenWorkspaces, withServer } from '../open-server.js';
import { serverOptions, workspaceOption } from '../server-options.js';

export const tokensRevoke: Command = {
  name: 'tokens revoke',
  summary: 'Ends all tokens of a person or of a client',
  options: {
    subject: { value: 'ID', description: 'whose tokens: the sub of a person' },
    client: { value: 'ID', description: 'or those that a client was given, also on behalf of people' },
    workspace: { ...workspaceOption, description: 'where, such as acme/demo; must be given' },
    ...serverOptions,
  },
  details: [
    'Every access token, refresh token and code that was issued until now is dead, at once and in all processes that',
    'share the store. What is issued later lives: first make the person or the client inactive.',
    'An API that does not ask us takes JWTs until they expire.',
  ],
  examples: [
    'tokens revoke --subject u-jane --workspace acme/demo',
    'tokens revoke --client web --workspace acme/demo',
  ],
  run: async (given, environment) => {
    const [subject, client] = [given.text('subject'), given.text('client')];
    const holder = subject ?? client;
    if (holder === undefined || (subject !== undefined && client !== undefined)) {
      throw new UsageError('Whose tokens? Give one of --subject ID and --client ID.');
    }
    // People and clients of different workspaces may have equal ids.
    if (given.text('workspace') === undefined) throw new UsageError('Where? Give --workspace TENANT/WORKSPACE.');
    return withServer(given, environment, async (router) => {
      const where = { workspaces: chosenWorkspaces(router, given) };
      await (subject === undefined ? revokeByClient(where, holder) : revokeBySubject(where, holder));
      const kind = subject === undefined ? 'client' : 'subject';
      const workspace = given.text('workspace');
      return {
        text: `Every token of the ${kind} ${holder} in ${workspace} that was issued until now is dead.\n`,
        json: { revoked: { [kind]: holder, workspace } },
      };
    });
  },
};
