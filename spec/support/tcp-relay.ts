import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a store and its server, and does what networks do. */
export interface TcpRelay {
  /** Of the address 127.0.0.1; the same until `close`. */
  readonly port: number;
  /** Ends every connection at once. New ones are taken. */
  cut(): void;
  /** Ends every connection and takes no more, as a server that is down. */
  stop(): Promise<void>;
  /** Takes connections again, after `stop`. */
  start(): Promise<void>;
  /** Takes connections and bytes, and passes none on, as a network that has lost its way. */
  stall(): void;
  /** Passes on again, what was held back too. */
  resume(): void;
  /** The next answers, so many, are lost together with their connections: the server has done its work. */
  loseAnswers(count: number): void;
  /** New connections go to another port, as where a name has got another address; those that are there stay. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

/** A relay to `host`:`port`. */
export async function tcpRelay(host: string, port: number): Promise<TcpRelay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let stalled = false;
  let toLose = 0;
  let target = port;

  const server = createServer((near) => {
    const far = connect(target, host);
    const pair = [near, far] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay();
      socket.on('error', () => undefined);
      socket.on('close', () => end(pair));
      if (stalled) socket.pause();
    }
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => {
      if (toLose > 0) {
        toLose -= 1;
        end(pair);
      } else near.write(bytes);
    });
  });
  const listen = async (at: number) => {
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
  };
  const end = (pair: readonly [Socket, Socket]) => {
    pairs.delete(pair);
    for (const socket of pair) socket.destroy();
  };
  const cut = () => {
    for (const pair of pairs) end(pair);
  };
  const stop = async () => {
    const closed = server.listening ? once(server, 'close') : undefined;
    server.close();
    cut();
    await closed;
  };

  await listen(0);
  const { port: own } = server.address() as AddressInfo;
  return {
    port: own,
    leadTo: (other) => {
      target = other;
    },
    cut,
    stop,
    start: () => listen(own),
    stall: () => {
      stalled = true;
      for (const socket of [...pairs].flat()) socket.pause();
    },
    resume: () => {
      stalled = false;
      for (const socket of [...pairs].flat()) socket.resume();
    },
    loseAnswers: (count) => {
      toLose = count;
    },
    close: stop,
  };
}
