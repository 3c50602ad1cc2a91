import { type FailureExplanation, FailureExplanations } from '../../index.js';
import type { Command, Report } from '../command.js';
import { withServerStore } from '../open-server.js';
import { serverOptions } from '../server-options.js';
import { columns } from '../table.js';

export const explain: Command = {
  name: 'explain',
  summary: 'Tells why a request failed, and what to do',
  options: serverOptions,
  operand: 'ID',
  details: [
    'Every reply carries an X-Correlation-Id. The caller reads no more of a failure than OAuth allows; this tells which',
    'check failed, what was expected and what was found. A failure is kept for an hour; in a flood not every one is.',
    'It needs the store of the server alone, which may be running. A reason, as events name it, is explained without any.',
  ],
  examples: [
    'explain Vb3xJrOqvZ1w8ZcDkq0T',
    'explain secret_mismatch',
    'explain Vb3xJrOqvZ1w8ZcDkq0T --config as.json --json',
  ],
  run: async (given, environment) => {
    const advice = FailureExplanations.advice(given.operand);
    if (advice) return report({ ...advice, reason: given.operand });
    return withServerStore(given, environment, async (store) => {
      const found = await new FailureExplanations({ store }).find(given.operand);
      if (found) return report(found);
      throw new Error(
        `Nothing is known of ${given.operand}: it succeeded, failed more than an hour ago, or elsewhere.`,
      );
    });
  },
};

type Explained = Pick<FailureExplanation, 'happened' | 'remedy' | 'detail'>;

function report(json: Explained & { readonly reason?: string }): Report {
  return { text: `${lines(json).join('\n')}\n`, json };
}

function lines({ happened, remedy, detail = {}, ...told }: Explained): string[] {
  const facts = Object.entries({ ...told, ...detail });
  return [
    ...(happened === undefined ? [] : [plain(happened)]),
    ...(remedy === undefined ? [] : [`What to do: ${plain(remedy)}`]),
    '',
    ...columns(facts.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])),
  ];
}

function plain(text: string): string {
  return text.replaceAll('`', '');
}
