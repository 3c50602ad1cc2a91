import type { CommandOption } from './command.js';

/** How every command finds the server it works on: the same options that started it. */
export const serverOptions = {
  config: { value: 'FILE', description: "the server's configuration (or CONFIG); without one, the demo" },
  'data-dir': { value: 'DIR', description: "the server's data directory (or DATA_DIR); default .data" },
  port: { value: 'N', description: "the server's port (or PORT), where no public URL is written; default 8443" },
  'public-url': { value: 'URL', description: "the server's public URL (or PUBLIC_URL)" },
  store: { value: 'URL', description: 'the store (or STORE_URL); beats the configuration' },
} as const satisfies Readonly<Record<string, CommandOption>>;

export const workspaceOption = {
  value: 'TENANT/WORKSPACE',
  description: 'such as acme/demo',
} as const satisfies CommandOption;
