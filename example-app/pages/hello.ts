import type { RequestHandler } from 'express';

/** The protected API: tells the caller what the access token says. It stands behind `protectResource`. */
export const hello: RequestHandler = (request, response) => {
  const { auth } = request;
  if (auth === undefined) throw new TypeError('The API must stand behind protectResource');
  response.json({ sub: auth.sub, client_id: auth.client_id, scope: auth.scope, iss: auth.iss });
};
