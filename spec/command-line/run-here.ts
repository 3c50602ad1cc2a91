import { run } from '../../command-line/run.js';

/** Runs a command that needs no server, in this process. */
export async function runHere(...args: string[]) {
  const said = { out: '', error: '' };
  const code = await run(
    args,
    {},
    {
      out: (text) => {
        said.out += text;
      },
      error: (text) => {
        said.error += text;
      },
    },
  );
  return { code, ...said };
}
