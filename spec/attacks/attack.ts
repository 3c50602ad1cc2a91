/** Status, OAuth error as the caller sees it, private reason as the operator sees it. */
export type Verdict = readonly [status: number, error: string | undefined, reason: string | undefined];

/** One attack, what it must come to, and a harmless request beside it that must go through. */
export interface Attack<World> {
  /** The endpoint that is attacked. */
  readonly at: Target;
  readonly name: string;
  attempt(world: World): Promise<Verdict>;
  readonly refused: Verdict;
  /** Runs after the attack in the same world, so that an attack that spoils something for others shows. */
  twin(world: World): Promise<Verdict>;
  /** Default: 200 without an error. */
  readonly allowed?: Verdict;
}

export const targets = [
  'token',
  'authorize',
  'consent',
  'login',
  'logout',
  'par',
  'introspect',
  'revoke',
  'userinfo',
  'register',
  'identity API',
  'metadata',
  'jwks',
  '/api/hello',
  '/sign-in',
] as const;

export type Target = (typeof targets)[number];

/** Attacks of one kind. */
export interface AttackTable<World> {
  readonly family: string;
  /** A world for one attack and its twin. */
  open(): Promise<World>;
  close(world: World): Promise<void>;
  /** Whether one world serves the whole table, because it is slow to start. */
  readonly shared?: boolean;
  readonly cases: readonly Attack<World>[];
}

export const passed: Verdict = [200, undefined, undefined];
/** What a failed client authentication comes to. */
export const notAuthenticated = (reason: string): Verdict => [401, 'invalid_client', reason];
export const invalidRequest = (reason: string): Verdict => [400, 'invalid_request', reason];
export const invalidGrant = (reason: string): Verdict => [400, 'invalid_grant', reason];
export const invalidToken = (reason: string): Verdict => [401, 'invalid_token', reason];
