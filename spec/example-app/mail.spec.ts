import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { codeMail } from '../../example-app/mail/code-mail.js';
import { Delivery } from '../../example-app/mail/delivery.js';
import { type Mail, MailError, type Mailer } from '../../example-app/mail/mail.js';
import { chooseMail, openMail, type Reach } from '../../example-app/mail/open.js';
import { Outbox } from '../../example-app/mail/outbox.js';
import { SmtpMailer, smtpServer } from '../../example-app/mail/smtp.js';
import { Sealing } from '../../example-app/sealing.js';
import { openStore, type Store } from '../../index.js';
import { MailServer, partsOf } from '../support/mail-server.js';

const secretKeys = [Buffer.alloc(32, 7).toString('base64')];
const link = 'https://as.example.com/sign-in/link?extended_code=abc&more=1';
const mailTo = (to: string): Mail => codeMail({ to, code: '46559324', link, expiresIn: 600 });

async function smtp(url: string): Promise<SmtpMailer> {
  const server = smtpServer(url, 'as.example.com');
  if (!server) throw new Error('That is no URL of a mail server');
  return SmtpMailer.make(server);
}

describe('a mail server', () => {
  let server: MailServer;
  beforeEach(async () => {
    server = await new MailServer().open();
  });
  afterEach(() => server.close());

  it('gets text and HTML, each with the code and the link', async () => {
    await (await smtp(server.url())).send(mailTo('johndoe@example.com'));
    const mail = await server.mail();
    expect({ from: mail.from, to: mail.to }).toEqual({
      from: 'no-reply@as.example.com',
      to: ['johndoe@example.com'],
    });
    expect(mail.source).toMatch(/^To: johndoe@example\.com\r$/m);
    const parts = partsOf(mail);
    expect([...parts.keys()]).toEqual(['text/plain', 'text/html']);
    expect(parts.get('text/plain')).toContain('46559324');
    expect(parts.get('text/plain')).toContain(link);
    expect(parts.get('text/plain')).toContain('for 10 minutes');
    expect(parts.get('text/html')).toContain('46559324');
    expect(parts.get('text/html')).toContain(`href="${link.replace('&', '&amp;')}"`);
  });

  it('has the link alone while typing a code is paused, and says until when', async () => {
    const facts = { to: 'johndoe@example.com', code: undefined, link, expiresIn: 600, application: 'Shop & Co' };
    await (await smtp(server.url())).send(codeMail({ ...facts, typingPausedUntil: 1_800_000_000 }));
    for (const [type, text] of partsOf(await server.mail())) {
      expect(text).toContain('Typing a code is paused until Fri, 15 Jan 2027 08:00:00 GMT');
      expect(text).toContain(type === 'text/html' ? link.replace('&', '&amp;') : link);
      expect(text).toContain(type === 'text/html' ? 'to Shop &amp; Co' : 'to Shop & Co');
      expect(text).not.toMatch(/undefined|46559324|Your code/);
    }
  });

  it.each([
    'a@example.com,b@example.com',
    'a@example.com;b@example.com',
    '"b@example.com" <a@example.com>',
    'a@example.com\r\nBcc: b@example.com',
  ])('never hears of %j', async (to) => {
    const mailer = await smtp(server.url());
    await expect(mailer.send(mailTo(to))).rejects.toMatchObject({ name: 'MailError', permanent: true });
    await mailer.send(mailTo('last@example.com'));
    expect(server.received.map((mail) => mail.to)).toEqual([['last@example.com']]);
    expect(server.received[0]?.source).not.toMatch(/^Bcc:/m);
  });

  it('refuses one address for good, and the error repeats neither address nor code', async () => {
    const mailer = await smtp(server.url());
    await expect(mailer.send(mailTo('refused@example.com'))).rejects.toMatchObject({
      name: 'MailError',
      permanent: true,
      message: expect.not.stringMatching(/refused@|46559324/),
    });
    await expect(mailer.send(mailTo('taken@example.com'))).resolves.toBeUndefined();
  });

  it('is asked again while it is busy, and nothing is lost', async () => {
    server.busy = 1;
    const lost: unknown[] = [];
    const delivery = new Delivery(await smtp(server.url()), (thrown) => lost.push(thrown));
    await delivery.post(mailTo('johndoe@example.com'), 600);
    expect(server.received).toEqual([]);
    expect(partsOf(await server.mail()).get('text/plain')).toContain('46559324');
    await delivery.post(mailTo('refused@example.com'), 600);
    expect(lost).toEqual([expect.objectContaining({ permanent: true })]);
    delivery.close();
  });

  it('is away: the mailer knows, and knows when it is back', async () => {
    const mailer = await smtp(server.url());
    await expect(mailer.ready()).resolves.toBeUndefined();
    await server.close();
    await expect(mailer.ready()).rejects.toMatchObject({ name: 'MailError', permanent: false });
    await expect(mailer.send(mailTo('johndoe@example.com'))).rejects.toMatchObject({ permanent: false });
    await server.open();
    await expect(mailer.ready()).resolves.toBeUndefined();
  });

  it.each([
    ['says nothing', ''],
    ['greets and says nothing more', '220 hello\r\n'],
    ['never comes to an end', '220 hello\r\n', '250-and\r\n'],
  ])('that %s is given up in time', async (_what, greeting, more = '') => {
    const sockets: Socket[] = [];
    const talker = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined).write(greeting);
      const talking = setInterval(() => socket.write(more), 20);
      socket.on('close', () => clearInterval(talking));
    });
    await new Promise<void>((resolve) => talker.listen(0, '127.0.0.1', () => resolve()));
    const { port } = talker.address() as AddressInfo;
    const patience = { connect: 100, silence: 100, whole: 200 };
    const mailer = await SmtpMailer.make(smtpServer(`smtp://127.0.0.1:${port}`, 'as.example.com')!, patience);
    const late = { name: 'MailError', permanent: false, message: expect.stringContaining('ETIMEDOUT') };
    await expect(mailer.ready()).rejects.toMatchObject(late);
    await expect(mailer.send(mailTo('johndoe@example.com'))).rejects.toMatchObject(late);
    mailer.close();
    for (const socket of sockets) socket.destroy();
    talker.close();
  });

  it('is told user and password when the URL has them', async () => {
    const guarded = await new MailServer('p@ss/word').open();
    const mailer = await smtp(guarded.url('mailer:p%40ss%2Fword@'));
    await mailer.send(mailTo('johndoe@example.com'));
    expect((await guarded.mail()).user).toBe('mailer');
    await expect((await smtp(guarded.url('mailer:wrong@'))).ready()).rejects.toMatchObject({
      message: expect.not.stringContaining('wrong'),
    });
    await guarded.close();
  });
});

describe('the URL of a mail server', () => {
  it.each([
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, secure: false, user: undefined }],
    ['smtps://mail.example.com', { port: 465, secure: true }],
    ['smtp://me:a%3Ab@127.0.0.1:2525', { host: '127.0.0.1', port: 2525, user: 'me', password: 'a:b' }],
    ['smtp://[::1]:25?from=hello@example.com', { host: '::1', port: 25, from: 'hello@example.com' }],
  ])('%s is read', (url, expected) => {
    expect(smtpServer(url, 'as.example.com')).toMatchObject(expected);
  });

  it.each(['smtp:', 'smtp:///', 'http://mail.example.com', 'smtp://host/path', 'mail.example.com', ''])(
    '%j is none',
    (url) => {
      expect(smtpServer(url, 'as.example.com')).toBeUndefined();
    },
  );
});

describe('the outbox', () => {
  const directory = mkdtempSync(join(tmpdir(), 'outbox-'));
  const sealing = new Sealing(secretKeys, 'outbox');
  let store: Store;
  beforeEach(async () => {
    store = await openStore('memory:');
  });
  afterEach(() => store.close());
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('shows what was sent, oldest first', async () => {
    const outbox = new Outbox(store, sealing);
    for (const name of ['a', 'b', 'c']) await outbox.send(mailTo(`${name}@example.com`));
    const mails = await outbox.list();
    expect(mails.map(({ to }) => to)).toEqual(['a@example.com', 'b@example.com', 'c@example.com']);
    expect(mails[0]).toEqual({ ...mailTo('a@example.com'), date: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect(mails.map(({ date }) => date)).toEqual(mails.map(({ date }) => date).sort());
  });

  it('keeps the newest 200', async () => {
    const outbox = new Outbox(store, sealing);
    for (let count = 1; count <= 203; count += 1) await outbox.send(mailTo(`u${count}@example.com`));
    const mails = await outbox.list();
    expect(mails).toHaveLength(200);
    expect([mails[0]?.to, mails.at(-1)?.to]).toEqual(['u4@example.com', 'u203@example.com']);
  });

  it('is there after a restart, sealed, and only for who has the key', async () => {
    const place = `lmdb:${join(directory, 'store')}`;
    const before = await openStore(place);
    await new Outbox(before, sealing).send(mailTo('johndoe@example.com'));
    await before.close();
    expect(readFileSync(join(directory, 'store', 'data.mdb')).includes('46559324')).toBe(false);
    const after = await openStore(place);
    expect(await new Outbox(after, sealing).list()).toHaveLength(1);
    expect(await new Outbox(after, new Sealing([Buffer.alloc(32).toString('base64')], 'outbox')).list()).toEqual([]);
    await after.close();
  });

  it('is one of two things a URL can mean', async () => {
    const parts = { store, secretKeys, senderHost: 'as.example.com' };
    expect(await openMail('outbox:', parts)).toBeInstanceOf(Outbox);
    expect(await openMail('smtp://mail.example.com', parts)).toBeInstanceOf(SmtpMailer);
  });

  const here: Reach = { host: '127.0.0.1', publicUrls: [], production: false };
  it.each<[string, Partial<Reach>]>([
    ['on the usual address', {}],
    ['at localhost', { host: 'localhost', publicUrls: ['https://localhost:8443'] }],
    ['below localhost', { host: '127.0.0.3', publicUrls: ['https://as.localhost', 'https://mtls.localhost'] }],
    ['at loopback addresses', { host: '::1', publicUrls: ['https://[::1]:8443'] }],
  ])('is there %s, asked for or not', (_where, reach) => {
    const expected = { mail: 'outbox:', doubt: undefined };
    expect(chooseMail('outbox:', { ...here, ...reach })).toEqual(expected);
    expect(chooseMail(undefined, { ...here, ...reach })).toEqual(expected);
  });

  it.each<[Partial<Reach>, string]>([
    [{ host: '0.0.0.0' }, 'the server listens on 0.0.0.0'],
    [{ host: '::' }, 'the server listens on ::'],
    [{ host: '192.0.2.1' }, 'the server listens on 192.0.2.1'],
    [{ publicUrls: ['https://as.example.com'] }, 'it is known as https://as.example.com'],
    [{ publicUrls: ['https://localhost.example.com'] }, 'it is known as https://localhost.example.com'],
  ])('with %j is there if asked for, with a warning', (reach, why) => {
    const doubt = `Whoever reads the outbox can sign in as anybody, and ${why}.`;
    expect(chooseMail('outbox:', { ...here, ...reach })).toEqual({ mail: 'outbox:', doubt });
    const none = { mail: undefined, doubt: `There is no outbox, for ${why}.` };
    expect(chooseMail(undefined, { ...here, ...reach })).toEqual(none);
    const smtp = 'smtp://mail.example.com';
    expect(chooseMail(smtp, { ...here, ...reach })).toEqual({ mail: smtp, doubt: undefined });
  });

  it('is never there in production', () => {
    for (const written of ['outbox:', undefined]) {
      const choice = chooseMail(written, { ...here, production: true });
      expect(choice).toEqual({ mail: undefined, doubt: 'There is no outbox, for NODE_ENV is production.' });
    }
  });
});

describe('a mail that is tried again', () => {
  /** A mailer that fails until it is told otherwise, and the mails it took. */
  class Moody implements Mailer {
    readonly taken: string[] = [];
    readonly tried: string[] = [];
    away = true;
    async send({ to, text }: Mail): Promise<void> {
      const code = /\d{8}/.exec(text)?.[0] ?? '';
      this.tried.push(code);
      // What fails fails a while after it began.
      const { away } = this;
      await Promise.resolve();
      if (away) throw new MailError('later', false);
      this.taken.push(`${to} ${code}`);
    }
    async ready(): Promise<void> {}
    close(): void {}
  }

  const withCode = (to: string, code: string) => codeMail({ to, code, link, expiresIn: 600 });
  let mailer: Moody;
  let lost: unknown[];
  let delivery: Delivery;
  beforeEach(() => {
    jest.useFakeTimers();
    mailer = new Moody();
    lost = [];
    delivery = new Delivery(mailer, (thrown) => lost.push(thrown));
  });
  afterEach(() => {
    delivery.close();
    jest.useRealTimers();
  });

  it('never arrives after a newer one to the same mailbox', async () => {
    await delivery.post(withCode('JohnDoe@example.com', '11111111'), 600);
    mailer.away = false;
    await delivery.post(withCode('johndoe@example.com', '22222222'), 600);
    await jest.advanceTimersByTimeAsync(600_000);
    expect(mailer.taken).toEqual(['johndoe@example.com 22222222']);
    expect(lost).toEqual([]);
  });

  it('gives way to a newer one that was handed in while it was on its way', async () => {
    const first = delivery.post(withCode('johndoe@example.com', '11111111'), 600);
    mailer.away = false;
    await Promise.all([first, delivery.post(withCode('johndoe@example.com', '22222222'), 600)]);
    await jest.advanceTimersByTimeAsync(600_000);
    expect(mailer.taken).toEqual(['johndoe@example.com 22222222']);
  });

  it('arrives for all that, when the newer one is for somebody else', async () => {
    await delivery.post(withCode('johndoe@example.com', '11111111'), 600);
    mailer.away = false;
    await delivery.post(withCode('jane@example.com', '22222222'), 600);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(mailer.taken).toEqual(['jane@example.com 22222222', 'johndoe@example.com 11111111']);
  });

  it('is given up when its code is too old by the next time', async () => {
    await delivery.post(withCode('johndoe@example.com', '11111111'), 10);
    await jest.advanceTimersByTimeAsync(600_000);
    // At once, after 1 and after 3 more seconds; the next time would be 10 seconds later.
    expect(mailer.tried).toHaveLength(3);
    expect(lost).toEqual([expect.objectContaining({ name: 'MailError', permanent: false })]);
  });

  it('is given up when the machine slept until its code was too old', async () => {
    await delivery.post(withCode('johndoe@example.com', '11111111'), 10);
    jest.setSystemTime(Date.now() + 60_000);
    mailer.away = false;
    await jest.advanceTimersByTimeAsync(1_000);
    expect(mailer.taken).toEqual([]);
    expect(lost).toEqual([expect.objectContaining({ message: 'The code is too old by now' })]);
  });
});
