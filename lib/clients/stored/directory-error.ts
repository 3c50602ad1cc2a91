/** Why the directory of clients did not do what it was told. */
export type ClientDirectoryProblem =
  | 'unknown_client'
  | 'client_exists'
  | 'client_configured'
  | 'unknown_secret'
  | 'unknown_key'
  | 'last_secret'
  | 'last_key'
  | 'too_many'
  | 'not_for_method'
  | 'busy';

/** Something the directory of clients cannot do. Nothing was changed. */
export class ClientDirectoryError extends Error {
  override readonly name = 'ClientDirectoryError';
  readonly code: ClientDirectoryProblem;

  constructor(code: ClientDirectoryProblem, message: string) {
    super(message);
    this.code = code;
  }
}
