import type { IncomingMessage } from 'node:http';
import { OAuthError } from '../errors.js';
import { type Form, parseForm } from './form.js';

/** The parameters of the URL's query. Throws `parameter_invalid` for a malformed one. */
export function readQuery({ originalUrl, url = '' }: IncomingMessage & { readonly originalUrl?: string }): Form {
  const target = originalUrl ?? url;
  const question = target.indexOf('?');
  try {
    return parseForm(question === -1 ? '' : target.slice(question + 1));
  } catch (cause) {
    throw new OAuthError('parameter_invalid', { description: 'The query is malformed.', cause });
  }
}
