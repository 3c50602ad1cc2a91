import { type FailureExplanation, FailureExplanations } from '../../index.js';
import type { Command } from '../command.js';
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
    'It needs the store of the server alone, which may be running.',
  ],
  examples: ['explain Vb3xJrOqvZ1w8ZcDkq0T', 'explain Vb3xJrOqvZ1w8ZcDkq0T --config as.json --json'],
  run: (given, environment) =>
    withServerStore(given, environment, async (store) => {
      const found = await new FailureExplanations({ store }).find(given.operand);
      if (found) return { text: `${lines(found).join('\n')}\n`, json: found };
      throw new Error(
        `Nothing is known of ${given.operand}: it succeeded, failed more than an hour ago, or elsewhere.`,
      );
    }),
};

function lines({ happened, remedy, detail = {}, ...told }: FailureExplanation): string[] {
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
