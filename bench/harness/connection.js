// An HTTP/1.1 connection that sends requests made in advance and answers whole replies: little work for the side that
// is not measured.
import net from 'node:net';
import tls from 'node:tls';

export class Connection {
  #socket;
  #received = '';
  #settle;
  #usedAt = performance.now();

  /** `secure`: what tls.connect takes, for HTTPS. */
  static open({ port, secure }) {
    const connection = new Connection();
    return new Promise((resolve, reject) => {
      const opened = () => resolve(connection);
      const socket = secure
        ? tls.connect({ host: '127.0.0.1', port, ...secure }, opened)
        : net.connect({ host: '127.0.0.1', port }, opened);
      connection.#socket = socket.setNoDelay(true);
      socket.on('data', (chunk) => connection.#read(chunk));
      socket.on('error', (error) => {
        reject(error);
        connection.#fail(error);
      });
      socket.on('close', () => connection.#fail(new Error('the server ended the connection')));
    });
  }

  get isOpen() {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  /** Whether it may still be used: Node's servers end connections that nothing comes over for five seconds. */
  get isFresh() {
    return this.isOpen && performance.now() - this.#usedAt < 2500;
  }

  get isBusy() {
    return this.#settle !== undefined;
  }

  /** `{ status, text }` of the reply to one request; nothing else may be under way. */
  send(request) {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) reject(new Error('the connection is closed'));
      this.#settle = { resolve, reject };
      this.#usedAt = performance.now();
      this.#socket.write(request);
    });
  }

  close() {
    this.#settle = undefined;
    this.#socket.destroy();
  }

  #read(chunk) {
    this.#received += chunk.latin1Slice();
    const end = this.#received.indexOf('\r\n\r\n');
    if (end === -1) return;
    const head = this.#received.slice(0, end);
    const body = this.#received.slice(end + 4);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined ? !body.endsWith('0\r\n\r\n') : body.length < Number(length)) return;
    const { resolve } = this.#settle ?? {};
    this.#received = '';
    this.#settle = undefined;
    resolve?.({ status: Number(head.slice(9, 12)), text: length === undefined ? unchunked(body) : body });
  }

  #fail(error) {
    const { reject } = this.#settle ?? {};
    this.#settle = undefined;
    reject?.(error);
  }
}

function unchunked(body) {
  let text = '';
  for (let rest = body; ; ) {
    const end = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (!size) return text;
    text += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 4 + size);
  }
}
