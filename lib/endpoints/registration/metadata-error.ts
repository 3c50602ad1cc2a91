import { OAuthError } from '../../errors.js';
import { OptionsError } from '../../options.js';

/** Mistakes that one reply names. */
const mostMistakes = 10;

interface Mistake {
  readonly path: string;
  readonly message: string;
}

/** Metadata that cannot be registered, as RFC 7591 3.2.2 wants it told: the first word of the text is the member. */
export function metadataError(mistakes: readonly Mistake[]): OAuthError {
  const members = mistakes.map(({ path }) => /^[^.[]*/.exec(path)?.[0] ?? '');
  // A wrong redirect URI has a code of its own, which the other mistakes must not hide.
  const reason = members.includes('redirect_uris') ? 'redirect_uri_invalid' : 'client_metadata_invalid';
  const told = mistakes.slice(0, mostMistakes).map(({ path, message }) => `${path}: ${message}`);
  return new OAuthError(reason, { description: told.join('; '), detail: { members: [...new Set(members)] } });
}

/** What the schema says of metadata, as a failure of the request; anything else as it is. */
export async function withMetadataErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw thrown instanceof OptionsError ? metadataError(thrown.mistakes) : thrown;
  }
}
