/** A way to send commands: to one server, or to whichever node of a cluster has the slot of a key. */
export interface RedisWire {
  /**
   * Sends `command`, whose only key is `key`, in one round trip, and answers the reply. A command goes out once: when
   * its answer is lost it rejects, and nobody knows whether it was done.
   *
   * Rejects within two seconds, whatever the server does.
   */
  send(key: string, command: string[]): Promise<unknown>;

  /** For each server that holds keys, a function that sends it a command without a key. */
  primaries(): Promise<((command: string[]) => Promise<unknown>)[]>;

  /** Lets go of every connection. What was not answered rejects. */
  destroy(): void;
}

/** Milliseconds until a server has answered, or is taken for dead. */
const ANSWER_TIME = 1500;

/** Milliseconds to open a connection. */
export const CONNECT_TIME = 1500;

/** What `reply` answers if it comes in time; otherwise `late` is called, and this rejects. */
export async function inTime<T>(reply: Promise<T>, late: () => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`The redis: store did not answer within ${ANSWER_TIME / 1000} seconds`));
      late();
    }, ANSWER_TIME);
  });
  try {
    return await Promise.race([reply, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Milliseconds before the next try to connect: doubling from 25 to a second, with jitter so that nodes do not return at once. */
export function backOff(tries: number): number {
  return Math.min(25 * 2 ** tries, 1000) * (0.8 + Math.random() * 0.4);
}

/** What went wrong, in one line. A refused connection to a name with two addresses has its words in `errors` alone. */
export function reasonOf(error: unknown): string {
  const { message, errors } = Object(error) as Partial<AggregateError>;
  return errors?.length ? reasonOf(errors[0]) : message || String(error);
}
