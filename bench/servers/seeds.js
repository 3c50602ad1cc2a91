/** Makes codes or refresh tokens for the harness, which asks by message: `{ seed: 'code', clientIds }`. */
export function answerSeeds(seeds) {
  if (!process.send) return;
  process.on('message', async ({ seed, clientIds }) => {
    try {
      process.send({ seeded: await seeds[seed](clientIds) });
    } catch (error) {
      process.send({ failed: String(error.stack) });
    }
  });
}
