/**
 * The tables of the reference. `schema`: where it is in the compiled package; `at`: the part of it that is meant, with
 * `*` for the members of a record or an array; `elsewhere`: parts with a table of their own;
 * `hasStanding`: members without a description are kept and do nothing; `types`: exported types that have these members.
 */
export const sections = [
  {
    page: 'configuration.md',
    title: 'The file',
    about: 'Paths are relative to the file.',
    schema: ['example-app/configuration/schema.js', 'configurationSchema'],
    at: [],
  },
  {
    page: 'configuration.md',
    title: 'A pool',
    about: 'People, below `tenants.{name}.pools.{name}`.',
    schema: ['example-app/configuration/schema.js', 'configurationSchema'],
    at: ['tenants', '*', 'pools', '*'],
  },
  {
    page: 'configuration.md',
    title: 'A workspace',
    about: 'One issuer, below `tenants.{name}.workspaces.{name}`.',
    schema: ['example-app/configuration/schema.js', 'configurationSchema'],
    at: ['tenants', '*', 'workspaces', '*'],
  },
  {
    page: 'clients.md',
    title: 'A client',
    about:
      'The names and defaults of RFC 7591, RFC 8705, RFC 9126, RFC 9449 and OpenID Connect, and members of ours. The same in the configuration file, in code, and in a registration, which may not have all of them ([Registering clients](../registering-clients.md)).',
    schema: ['example-app/configuration/schema.js', 'configurationSchema'],
    at: ['tenants', '*', 'workspaces', '*', 'clients', '*'],
    types: ['ClientMetadataInput'],
    hasStanding: true,
  },
  {
    page: 'options.md',
    title: 'grantRouter',
    about:
      'For one issuer. For many, `workspaces` in place of the members of [one workspace](#a-workspace-of-grantrouter).',
    schema: ['lib/router-options.js', 'manySchema'],
    at: [],
    elsewhere: { 'workspaces.*': 'A workspace of grantRouter' },
    types: ['GrantRouterOptions'],
  },
  {
    page: 'options.md',
    title: 'A workspace of grantRouter',
    about: 'One issuer: a member of `workspaces`, what `find` answers, or beside the options above.',
    schema: ['lib/workspaces/options.js', 'workspaceOptionsSchema'],
    at: [],
    types: ['WorkspaceOptions', 'WorkspacePolicyInput', 'workspacePolicySchema'],
  },
  {
    page: 'options.md',
    title: 'Strategies and authenticateClient',
    about: '`authenticateClient` also takes `strategies`, the methods of the route.',
    schema: ['lib/client-authentication/service.js', 'authenticationOptionsSchema'],
    at: [],
    types: ['AuthenticationOptions', 'AuthenticateClientOptions'],
  },
  {
    page: 'options.md',
    title: 'protectResource beside its server',
    about: 'In the process of `grantRouter`.',
    schema: ['lib/tokens/resource/options.js', 'inProcessSchema'],
    at: [],
    types: ['ProtectResourceOptions'],
  },
  {
    page: 'options.md',
    title: 'protectResource in another process',
    about: 'For an issuer that publishes metadata. See [Guarding an API](../guarding-an-api.md).',
    schema: ['lib/tokens/resource/options.js', 'remoteSchema'],
    at: [],
  },
  {
    page: 'options.md',
    title: 'protectedResourceMetadata',
    about: 'One of `authorizationServer` and `authorization_servers`.',
    schema: ['lib/tokens/resource/resource-metadata.js', 'optionsSchema'],
    at: [],
    types: ['ProtectedResourceMetadataOptions'],
  },
].map((section) => ({ ...section, anchor: section.title.toLowerCase().replaceAll(' ', '-') }));

/** The section whose members an exported type has, or undefined. */
export function sectionOf(type) {
  return sections.find(({ types }) => types?.includes(type));
}
