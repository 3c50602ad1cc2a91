import type { Command } from './command.js';
import { assertion } from './commands/assertion.js';
import { certCa } from './commands/cert-ca.js';
import { certClient } from './commands/cert-client.js';
import { certDescribe } from './commands/cert-describe.js';
import { clientAdd } from './commands/client-add.js';
import { clientImportCert } from './commands/client-import-cert.js';
import { clientAddKey, clientRemoveKey } from './commands/client-keys.js';
import { clientList } from './commands/client-list.js';
import { clientRemove } from './commands/client-remove.js';
import { clientRevokeSecret } from './commands/client-revoke-secret.js';
import { clientRotateSecret } from './commands/client-rotate-secret.js';
import { clientShow } from './commands/client-show.js';
import { clientDisable, clientEnable } from './commands/client-status.js';
import { codeGenerate } from './commands/code-generate.js';
import { configCheck } from './commands/config-check.js';
import { configSchema } from './commands/config-schema.js';
import { explain } from './commands/explain.js';
import { exportClients } from './commands/export.js';
import { importClients } from './commands/import.js';
import { init } from './commands/init.js';
import { keysList } from './commands/keys-list.js';
import { keysRotate } from './commands/keys-rotate.js';
import { migrate } from './commands/migrate.js';
import { serve } from './commands/serve.js';
import { storeCopy } from './commands/store-copy.js';
import { storePrune } from './commands/store-prune.js';
import { storeStatistics } from './commands/store-stats.js';
import { tokenInspect } from './commands/token-inspect.js';
import { tokensRevoke } from './commands/tokens-revoke.js';
import { workspaceList } from './commands/workspace-list.js';
import { workspacePolicy } from './commands/workspace-policy.js';
import { workspaceShow } from './commands/workspace-show.js';

/** Every command, in the order in which help lists them. */
export const commands: readonly Command[] = [
  init,
  serve,
  configCheck,
  configSchema,
  migrate,
  workspaceList,
  workspaceShow,
  workspacePolicy,
  clientList,
  clientShow,
  clientAdd,
  clientDisable,
  clientEnable,
  clientRotateSecret,
  clientRevokeSecret,
  clientAddKey,
  clientImportCert,
  clientRemoveKey,
  clientRemove,
  exportClients,
  importClients,
  keysList,
  keysRotate,
  tokensRevoke,
  tokenInspect,
  codeGenerate,
  explain,
  storeCopy,
  storePrune,
  storeStatistics,
  assertion,
  certCa,
  certClient,
  certDescribe,
];
