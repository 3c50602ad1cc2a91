/** Milliseconds in which a server that is there answers. */
export const PATIENCE = 1800;
/** What a verb waits for others at most, even where they are answered all the time. */
const LONGEST_WAIT = 5000;

/**
 * Lets so many verbs at once to the server as there are connections; the others wait. As long as the server answers
 * somebody it is slow and not away, and patience begins anew.
 */
export class Turns {
  readonly #waiting = new Set<() => void>();
  #free: number;
  #answeredAt = 0;

  constructor(size: number) {
    this.#free = size;
  }

  /** Resolves with the time, by `performance.now()`, until which the verb may take. Rejects when nobody made way in time. */
  async take(): Promise<number> {
    const since = performance.now();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(since);
    return Math.max(since, this.#answeredAt) + PATIENCE;
  }

  /** After `take`, when the verb is over. `answered`: the server is there. */
  give(answered: boolean): void {
    if (answered) this.#answeredAt = performance.now();
    const [next] = this.#waiting;
    if (next) next();
    else this.#free += 1;
  }

  #wait(since: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = () => {
        clearTimeout(timer);
        this.#waiting.delete(next);
        resolve();
      };
      const look = () => {
        const end = Math.min(Math.max(since, this.#answeredAt) + PATIENCE, since + LONGEST_WAIT);
        const left = end - performance.now();
        if (left > 0) {
          timer = setTimeout(look, left);
          return;
        }
        this.#waiting.delete(next);
        reject(new Error('every connection of the pool was busy'));
      };
      let timer = setTimeout(look, PATIENCE);
      this.#waiting.add(next);
    });
  }
}
