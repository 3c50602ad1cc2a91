import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { Outbox } from '../../example-app/mail/outbox.js';
import { showOutbox } from '../../example-app/pages/outbox.js';
import { Sealing } from '../../example-app/sealing.js';
import { openStore } from '../../index.js';

const outbox = new Outbox(await openStore('memory:'), new Sealing([Buffer.alloc(32, 7).toString('base64')], 'outbox'));
await outbox.send({ to: 'johndoe@example.com', subject: 'Your code', text: '46559324', html: '' });
const app = express().get('/outbox', showOutbox(outbox, { base: '', host: 'as.example.com', signIn: true }));

async function statusFor(headers: Readonly<Record<string, string>>): Promise<number> {
  const { status, text } = await request(app)
    .get('/outbox')
    .set({ accept: 'application/json', ...headers });
  expect(text.includes('46559324')).toBe(status === 200);
  return status;
}

describe('the outbox is for the person at this machine', () => {
  it.each<Readonly<Record<string, string>>>([
    {},
    { host: 'localhost:8443' },
    { host: '127.0.0.1' },
    { host: '[::1]:8443' },
    { host: 'as.example.com' },
    { host: 'AS.example.com:443' },
    { 'x-forwarded-for': '127.0.0.1' },
    { 'x-forwarded-for': '::1, 127.0.0.1', 'x-real-ip': '127.0.0.1' },
  ])('it is shown to a request of here with %j', async (headers) => {
    expect(await statusFor(headers)).toBe(200);
  });

  it.each<Readonly<Record<string, string>>>([
    // A proxy or a tunnel on this machine lets others in.
    { 'x-forwarded-for': '203.0.113.7' },
    { 'x-forwarded-for': '203.0.113.7, 127.0.0.1' },
    { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '203.0.113.7' },
    { 'x-forwarded-for': 'unknown' },
    { forwarded: 'for=203.0.113.7' },
    { forwarded: 'for="[2001:db8::1]"' },
    // A name of elsewhere that leads here (DNS rebinding).
    { host: 'evil.example' },
    { host: 'evil.example:8443' },
    { host: 'localhost.evil.example' },
    { host: '127.0.0.1.evil.example' },
  ])('it is not there for a request of elsewhere with %j', async (headers) => {
    expect(await statusFor(headers)).toBe(404);
  });
});

it.each([true, false])('an empty one leads to the sign-in page where there is one: %s', async (signIn) => {
  const empty = new Outbox(await openStore('memory:'), new Sealing([Buffer.alloc(32, 7).toString('base64')], 'outbox'));
  const page = express().get('/outbox', showOutbox(empty, { base: '', host: 'as.example.com', signIn }));
  const { text } = await request(page).get('/outbox').set({ accept: 'text/html' });
  expect(text).toContain('No mail was sent');
  expect(text.includes('href="/sign-in"')).toBe(signIn);
});
