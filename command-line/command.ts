/** An option of a command. Without `value` it is a switch. */
export interface CommandOption {
  /** What help shows in its place, such as `FILE`. */
  readonly value?: string;
  readonly description: string;
}

/** What a command has to say. */
export interface Report {
  /** For people. */
  readonly text: string;
  /** For `--json`. */
  readonly json: unknown;
  /** Absent: 0. */
  readonly exitCode?: number;
}

/** One command: a file below `commands/` and a line in commands.ts. */
export interface Command {
  /** The words after the program's name, such as `keys rotate`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** What help calls the words that must follow the name, such as `FILE` or `FROM TO`. Absent: there are none. */
  readonly operand?: string;
  /** What somebody must know who has never used it. Lines of at most 100 characters. */
  readonly details: readonly string[];
  /** What comes after the program's name. */
  readonly examples: readonly string[];
  /** Rejects with UsageError for options that make no sense, with any other error when it fails. */
  run(given: GivenOptions, environment: NodeJS.ProcessEnv): Promise<Report | undefined>;
}

/** What somebody typed. Empty values count as mistakes and never come here. */
export interface GivenOptions {
  text(name: string): string | undefined;
  has(name: string): boolean;
  /** The first word after the command's name; empty for a command that takes none. */
  readonly operand: string;
  /** All of them, for a command that takes more than one. */
  readonly operands: readonly string[];
}

/** The command line itself is wrong. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
