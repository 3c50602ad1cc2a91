import type { Settings } from '../flags.js';

/** What a worker is told when it begins. */
export interface WorkerOrder {
  readonly settings: Settings;
  /** Whether it tells what an operator should know from the start on: one of all does. */
  readonly tellsDoubts: boolean;
}

/** What a worker says: that it can hear its order, its banner once it listens, or why it cannot start. */
export type WorkerReport = { readonly waits: true } | { readonly ready: string } | { readonly failed: string };
