/** The package pg. Rejects with an Error that says how to install it. */
export async function loadPg(): Promise<typeof import('pg')> {
  try {
    return await import('pg');
  } catch (cause) {
    throw new Error('The postgres: store needs the package pg, which cannot be loaded: npm install pg', { cause });
  }
}
