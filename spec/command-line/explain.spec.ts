import { describe, expect, it } from '@jest/globals';
import { failureReasons } from '../../lib/errors.js';
import { failureAdvice } from '../../lib/explanations/advice.js';
import { runHere } from './run-here.js';

describe('explain with a reason in place of a correlation id', () => {
  it.each(Object.keys(failureReasons) as (keyof typeof failureReasons)[])(
    'tells of %s without a server',
    async (reason) => {
      const { happened, remedy } = failureAdvice[reason];
      const { code, out, error } = await runHere('explain', reason, '--data-dir', '/nowhere', '--json');
      expect({ code, error }).toEqual({ code: 0, error: '' });
      expect(JSON.parse(out)).toEqual({ reason, happened, remedy });
    },
  );

  it('tells people what it means and what to do', async () => {
    const { code, out } = await runHere('explain', 'secret_mismatch');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'The secret is not a live secret of the client.',
      expect.stringMatching(/^What to do: Compare it with the newest live secret/),
      '',
      'reason  secret_mismatch',
      '',
    ]);
  });

  it.each(['secret_mismatched', 'constructor', '__proto__'])(
    '%s is none, and a server is looked for',
    async (reason) => {
      const { code, out, error } = await runHere('explain', reason, '--data-dir', '/nowhere');
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(error).toContain('With --data-dir name the one it was started with.');
    },
  );
});
