import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a store and its server, and counts what makes the server answer. */
export interface CountedWire {
  /** Of the address 127.0.0.1. */
  readonly port: number;
  /** How many round trips some work took, without the readings of the notice of changes, which belong to no request. */
  during(work: () => Promise<unknown>): Promise<number>;
  close(): Promise<void>;
}

/** Takes the whole messages off the front of `bytes`: how many ask for an answer, and what is left. */
type Reader = (bytes: Buffer) => { readonly asked: number; readonly rest: Buffer };

/** A relay to a server that speaks the protocol of `reader`, which is called once for each connection. */
export async function countedWire(host: string, port: number, reader: () => Reader): Promise<CountedWire> {
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((near) => {
    const far = connect(port, host);
    const read = reader();
    let held = Buffer.alloc(0);
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay());
      socket.on('error', () => undefined);
    }
    near.on('data', (bytes: Buffer) => {
      const { asked, rest } = read(Buffer.concat([held, bytes]));
      count += asked;
      held = Buffer.from(rest);
      far.write(bytes);
    });
    far.on('data', (bytes) => near.write(bytes));
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    during: async (work) => {
      const before = count;
      await work();
      return count - before;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

const isNotice = (message: Buffer) => message.includes('changes');

/** Commands of RESP: arrays of bulk strings. */
export function redisReader(): Reader {
  return (bytes) => {
    let asked = 0;
    let rest = bytes;
    for (let end = endOfCommand(rest); end !== undefined; end = endOfCommand(rest)) {
      if (!isNotice(rest.subarray(0, end))) asked += 1;
      rest = rest.subarray(end);
    }
    return { asked, rest };
  };
}

function endOfCommand(bytes: Buffer): number | undefined {
  const line = (from: number) => {
    const end = bytes.indexOf('\r\n', from);
    return end === -1 ? undefined : { number: Number(bytes.toString('latin1', from + 1, end)), after: end + 2 };
  };
  const head = line(0);
  if (!head) return undefined;
  let at = head.after;
  for (let word = 0; word < head.number; word += 1) {
    const length = line(at);
    if (!length) return undefined;
    at = length.after + length.number + 2;
  }
  return at <= bytes.length ? at : undefined;
}

/** What the server answers with ReadyForQuery: Sync, and simple queries (PostgreSQL's message flow). */
export function postgresReader(): Reader {
  // The first message has no type.
  let lengthAt = 0;
  let isOfNotice = false;
  return (bytes) => {
    let asked = 0;
    let rest = bytes;
    for (let end = endOfMessage(rest, lengthAt); end !== undefined; end = endOfMessage(rest, lengthAt)) {
      const type = lengthAt === 0 ? 'startup' : rest.toString('latin1', 0, 1);
      isOfNotice ||= type === 'B' && isNotice(rest.subarray(0, end));
      if (type === 'Q' || type === 'S') {
        asked += isOfNotice ? 0 : 1;
        isOfNotice = false;
      }
      lengthAt = 1;
      rest = rest.subarray(end);
    }
    return { asked, rest };
  };
}

function endOfMessage(bytes: Buffer, lengthAt: number): number | undefined {
  if (bytes.length < lengthAt + 4) return undefined;
  const end = lengthAt + bytes.readUInt32BE(lengthAt);
  return end <= bytes.length ? end : undefined;
}
