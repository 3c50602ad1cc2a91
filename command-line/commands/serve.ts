import type { Command } from '../command.js';
import { settingArguments } from '../open-server.js';
import { serverOptions } from '../server-options.js';

export const serve: Command = {
  name: 'serve',
  summary: 'Starts the server',
  options: {
    ...serverOptions,
    port: { value: 'N', description: '(or PORT); default 8443, 0 lets the system choose' },
    host: { value: 'ADDRESS', description: '(or HOST); default 127.0.0.1' },
    mail: { value: 'URL', description: '(or MAIL); outbox: or smtp://host:port' },
    'public-url': { value: 'URL', description: '(or PUBLIC_URL); what clients see, default https://localhost:{port}' },
    workers: { value: 'N', description: 'how many processes serve; default 1' },
  },
  details: [
    'Options beat environment variables, which beat the configuration file. Without a file it serves a demo, and makes',
    'keys and certificates in the data directory. When it is ready, stdout gets "Listening on URL" and the pages; the',
    'log is JSON lines on stderr. SIGTERM finishes the requests under way.',
    '',
    'A password in a URL of --store or --mail is for all to see: write such URLs into the file or the environment.',
  ],
  examples: ['serve', 'serve --config as.json --port 9000'],
  run: async (given, environment) => {
    const app = await import('../../example-app/serve.js');
    await app.serve(settingArguments(given, Object.keys(serve.options)), environment);
    return undefined;
  },
};
