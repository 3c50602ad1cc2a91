/** What `--help` prints. */
export const help = `npm start -- [flags]

Runs an OAuth 2.0 and OpenID Connect server over HTTPS. Without a configuration file it is a demo with one client per
method; keys and certificates are made on the first start, and stdout tells the pages and command lines to try.

flag               environment  default
--config FILE      CONFIG       the demo; one JSON file
--port N           PORT         8443; 0 lets the system choose
--host ADDRESS     HOST         127.0.0.1
--store URL        STORE_URL    lmdb: in the data directory; memory:, lmdb:DIR, redis:// or postgres://
--mail URL         MAIL         outbox: on this machine alone, else none; or smtp://user:pass@host:port
--public-url URL   PUBLIC_URL   https://localhost:{port}; what clients see
--data-dir DIR     DATA_DIR     .data
--workers N                     1; how many processes serve
--help                          prints this

Flags beat the environment, which beats the file. With npm, flags stand behind --.

  npm start -- --config as.json --port 9000

Every member of the file: docs/reference/configuration.md
`;
