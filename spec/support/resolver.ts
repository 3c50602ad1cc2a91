import dns, { type LookupAddress } from 'node:dns';
import { isIPv6 } from 'node:net';

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/** Takes the place of the system's resolver for some names: each question for one is answered by the next addresses. */
export class Resolver {
  /** The names asked for so far. */
  readonly asked: string[] = [];
  readonly #system = dns.lookup;

  /** By name the addresses of each answer; the last answer stays. */
  constructor(names: Readonly<Record<string, readonly (readonly string[])[]>>) {
    const lookup = (name: string, options: dns.LookupOptions, callback: Callback) => {
      const answers = names[name];
      if (!answers) return this.#system(name, options, callback as never);
      const turn = this.asked.filter((one) => one === name).length;
      this.asked.push(name);
      const found = (answers[Math.min(turn, answers.length - 1)] ?? []).map((address) => ({
        address,
        family: isIPv6(address) ? 6 : 4,
      }));
      const [first] = found;
      setImmediate(() => (options.all ? callback(null, found) : callback(null, first?.address ?? '', first?.family)));
    };
    dns.lookup = lookup as unknown as typeof dns.lookup;
  }

  /** Gives the system its place back. */
  close(): void {
    dns.lookup = this.#system;
  }
}

/** Does work while names mean these addresses. */
export async function resolving<T>(
  names: Readonly<Record<string, readonly string[]>>,
  work: (resolver: Resolver) => Promise<T>,
): Promise<T> {
  const resolver = new Resolver(
    Object.fromEntries(Object.entries(names).map(([name, addresses]) => [name, [addresses]])),
  );
  try {
    return await work(resolver);
  } finally {
    resolver.close();
  }
}
