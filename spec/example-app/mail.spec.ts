import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { codeMail } from '../../example-app/mail/code-mail.js';
import { Delivery } from '../../example-app/mail/delivery.js';
import type { Mail } from '../../example-app/mail/mail.js';
import { openMail } from '../../example-app/mail/open.js';
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
    await delivery.post(mailTo('johndoe@example.com'));
    expect(server.received).toEqual([]);
    expect(partsOf(await server.mail()).get('text/plain')).toContain('46559324');
    await delivery.post(mailTo('refused@example.com'));
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

  it('is nothing for production', async () => {
    const parts = { store, secretKeys, senderHost: 'as.example.com' };
    expect(await openMail('outbox:', parts)).toBeInstanceOf(Outbox);
    const before = process.env.NODE_ENV;
    try {
      process.env.NODE_ENV = 'production';
      expect(await openMail('outbox:', parts)).toBeUndefined();
      expect(await openMail('smtp://mail.example.com', parts)).toBeInstanceOf(SmtpMailer);
    } finally {
      process.env.NODE_ENV = before;
    }
  });
});
