import { z } from 'zod';
import { configurationSchema } from './schema.js';

/** The configuration file as JSON Schema (draft 2020-12), for editors. What members mean to each other only a start tells. */
export function configurationJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(configurationSchema, { io: 'input', unrepresentable: 'any' });
  return { title: 'express-client-auth configuration', ...schema };
}
