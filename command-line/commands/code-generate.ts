import { normalizeAddress, otpSetting, type User, type UserDirectory, type UserKey } from '../../index.js';
import { type Command, UsageError } from '../command.js';
import { chosenWorkspaces, withServer } from '../open-server.js';
import { serverOptions, workspaceOption } from '../server-options.js';
import { columns } from '../table.js';

export const codeGenerate: Command = {
  name: 'code generate',
  summary: 'Makes a one-time code for a person',
  options: {
    user: { value: 'NAME', description: 'id, username or e-mail address' },
    workspace: { ...workspaceOption, description: 'where the person signs in, such as acme/demo' },
    client: { value: 'ID', description: 'the code works for this client alone' },
    ...serverOptions,
  },
  details: [
    'For support: tell the person the code by a way you trust. Whoever has it can sign in as the person, once. It obeys',
    'the otp_settings of the pool, and ends the older ones of the person as any new code does. No mail is sent.',
  ],
  examples: ['code generate --user john@example.com --workspace acme/demo --client web'],
  run: (given, environment) => {
    const name = given.text('user');
    if (name === undefined) throw new UsageError('For whom? Give --user NAME.');
    if (given.text('workspace') === undefined) throw new UsageError('Where? Give --workspace TENANT/WORKSPACE.');
    return withServer(given, environment, async (router) => {
      const [workspace] = chosenWorkspaces(router, given);
      const pool = workspace?.pool;
      if (!workspace || !pool) throw new Error(`${given.text('workspace')} has no pool of people.`);
      const user = await findUser(pool.users, name);
      if (!user) throw new Error(`The pool ${pool.name} has no active person ${name}.`);
      const clientId = given.text('client');
      if (clientId !== undefined && !(await workspace.clients.find(clientId))) {
        throw new Error(`${given.text('workspace')} has no client ${clientId}.`);
      }
      const order = { type: 'authentication', user, clientId, workspace: workspace.name } as const;
      const { code, extendedCode } = await pool.codes.generate(order);
      const { ttl } = otpSetting(pool.otpSettings, 'authentication');
      return {
        text: `${columns([
          ['Code', code],
          ['Extended code', extendedCode],
          ['Good for', `${ttl} seconds, once, for ${user.id}`],
        ]).join('\n')}\n`,
        json: { code, extended_code: extendedCode, user: user.id, expires_in: ttl },
      };
    });
  },
};

async function findUser(users: UserDirectory, name: string): Promise<User | undefined> {
  const email = normalizeAddress(name);
  const keys: UserKey[] = [{ id: name }, { username: name }, ...(email === undefined ? [] : [{ email }])];
  for (const key of keys) {
    const user = await users.find(key);
    if (user && user.status !== 'inactive') return user;
  }
  return undefined;
}
