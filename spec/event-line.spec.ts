import { expect, it } from '@jest/globals';
import { eventLine } from '../index.js';

const event = { event: 'token', outcome: 'failure', issuer: 'https://as.example.com', correlation_id: 'c-1' } as const;

it('makes one line of an event, with the time', () => {
  const line = eventLine({ ...event, detail: { text: 'two\nlines' } });
  expect(line).not.toContain('\n');
  expect(JSON.parse(line)).toMatchObject({ ...event, time: expect.stringMatching(/^\d{4}-.*Z$/) });
});

it('writes out what was thrown, and what that was caused by', () => {
  const cause = new Error('outer', { cause: new RangeError('inner') });
  expect(JSON.parse(eventLine({ ...event, cause })).cause).toMatchObject({
    name: 'Error',
    message: 'outer',
    stack: expect.stringContaining('event-line.spec'),
    cause: { name: 'RangeError', message: 'inner' },
  });
});
